"""One step of ezkl, in a process of its own: `systems.py` starts it, and reads what it says from a file."""

import json
import shutil
import sys
import time
from pathlib import Path

# A file beside this one has the name of the module that is measured: keep it out of the module's way.
HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]

import ezkl  # noqa: E402

# ezkl's decomposition of values into base^legs for range checks; the first is its default, all span 28 to 30
# bits. A smaller base needs a smaller table, which a small model is quicker with.
DECOMPOSITIONS = [(16384, 2), (1024, 3), (128, 4)]


def settings(work, model, tuned):
    def calibrated(path, base, legs):
        run_args = ezkl.PyRunArgs()
        run_args.input_visibility = "public"
        run_args.output_visibility = "public"
        run_args.param_visibility = "fixed"
        run_args.decomp_base, run_args.decomp_legs = base, legs
        ezkl.gen_settings(str(model), str(path), py_run_args=run_args)
        ezkl.calibrate_settings(str(work / "calibration.json"), str(model), str(path), "resources")
        found = json.loads(path.read_text())
        return found["run_args"]["logrows"], found["num_rows"], path

    best = calibrated(work / "settings-0.json", *DECOMPOSITIONS[0])
    logrows, rows, _ = best
    # Where the table and not the model decides the size, a smaller table may halve it.
    if tuned and rows <= 1 << (logrows - 1):
        others = [
            calibrated(work / f"settings-{i}.json", *decomposition)
            for i, decomposition in enumerate(DECOMPOSITIONS[1:], 1)
        ]
        best = min([best, *others], key=lambda found: found[:2])
    shutil.copy(best[2], work / "settings.json")
    found = json.loads(best[2].read_text())
    kept = ("logrows", "input_scale", "param_scale", "num_inner_cols", "decomp_base", "decomp_legs")
    return {"settings": {key: found["run_args"][key] for key in kept} | {"num_rows": found["num_rows"]}}


def srs(path, logrows):
    ezkl.gen_srs(path, logrows)
    return {}


def setup(work, model, path):
    ezkl.compile_circuit(str(model), str(work / "model.compiled"), str(work / "settings.json"))
    ok = ezkl.setup(str(work / "model.compiled"), str(work / "vk"), str(work / "pk"), path)
    return {"ok": ok}


def witness(work):
    found = ezkl.gen_witness(
        str(work / "input.json"), str(work / "model.compiled"), str(work / "witness.json")
    )
    scales = json.loads((work / "settings.json").read_text())["model_output_scales"]
    output = [ezkl.felt_to_float(felt, scale) for felts, scale in zip(found["outputs"], scales) for felt in felts]
    return {"output": output}


def prove(work, path):
    ezkl.prove(
        str(work / "witness.json"),
        str(work / "model.compiled"),
        str(work / "pk"),
        str(work / "proof.json"),
        path,
    )
    return {}


def verify(work, path):
    ok = ezkl.verify(str(work / "proof.json"), str(work / "settings.json"), str(work / "vk"), path)
    return {"ok": ok}


def main():
    request = json.loads(sys.argv[1])
    work = Path(request["work"])
    model = Path(request["model"])
    steps = {
        "settings": lambda: settings(work, model, request["tuned"]),
        "srs": lambda: srs(request["srs"], request["logrows"]),
        "setup": lambda: setup(work, model, request["srs"]),
        "witness": lambda: witness(work),
        "prove": lambda: prove(work, request["srs"]),
        "verify": lambda: verify(work, request["srs"]),
    }
    start = time.perf_counter()
    result = steps[request["step"]]()
    result["seconds_inside"] = time.perf_counter() - start
    Path(request["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()

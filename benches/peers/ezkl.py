#!/usr/bin/env python3
"""Proves the same ONNX models with ezkl and with sumcast, in turn, and prints what each costs.

    python3 benches/peers/ezkl.py MODEL_DIR [MODEL_DIR ...] [--runs N] [--json FILE]

MODEL_DIR holds network.onnx and inputs.json, {"inputs": [[..], ..], "outputs": [[..], ..]}. Every step of
either system is a process of its own, so that its time and peak memory are those of the whole process.
README.md beside this file says what the numbers compare. ezkl comes from requirements.txt.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
REQUIREMENTS = "benches/peers/requirements.txt"

# This file has the name of the module it measures: keep it out of the module's way.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]

# A model file over 2 MB holds more than about 500,000 float parameters: one round is enough there.
LARGE_MODEL_BYTES = 2_000_000
CALIBRATION_INPUTS = 4
# ezkl's decomposition of values into base^legs for range checks; the first is its default, all span 28 to 30
# bits. A smaller base needs a smaller table, which a small model is quicker with.
DECOMPOSITIONS = [(16384, 2), (1024, 3), (128, 4)]


class Failure(Exception):
    """A sentence for the user."""


# --- One step of ezkl, in its own process -------------------------------------------------------------------


def stage_settings(work, model, tuned):
    import ezkl

    def calibrated(path, base, legs):
        run_args = ezkl.PyRunArgs()
        run_args.input_visibility = "public"
        run_args.output_visibility = "public"
        run_args.param_visibility = "fixed"
        run_args.decomp_base, run_args.decomp_legs = base, legs
        ezkl.gen_settings(str(model), str(path), py_run_args=run_args)
        ezkl.calibrate_settings(str(work / "calibration.json"), str(model), str(path), "resources")
        settings = json.loads(path.read_text())
        return settings["run_args"]["logrows"], settings["num_rows"], path

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
    run_args = json.loads(best[2].read_text())["run_args"]
    kept = ("logrows", "input_scale", "param_scale", "num_inner_cols", "decomp_base", "decomp_legs")
    return {"settings": {key: run_args[key] for key in kept}}


def stage_srs(srs, logrows):
    import ezkl

    ezkl.gen_srs(srs, logrows)
    return {}


def stage_setup(work, model, srs):
    import ezkl

    ezkl.compile_circuit(str(model), str(work / "model.compiled"), str(work / "settings.json"))
    ok = ezkl.setup(str(work / "model.compiled"), str(work / "vk"), str(work / "pk"), srs)
    return {"ok": ok}


def stage_witness(work):
    import ezkl

    witness = ezkl.gen_witness(
        str(work / "input.json"), str(work / "model.compiled"), str(work / "witness.json")
    )
    scales = json.loads((work / "settings.json").read_text())["model_output_scales"]
    output = [
        ezkl.felt_to_float(felt, scale)
        for felts, scale in zip(witness["outputs"], scales)
        for felt in felts
    ]
    return {"output": output}


def stage_prove(work, srs):
    import ezkl

    ezkl.prove(
        str(work / "witness.json"),
        str(work / "model.compiled"),
        str(work / "pk"),
        str(work / "proof.json"),
        srs,
    )
    return {}


def stage_verify(work, srs):
    import ezkl

    ok = ezkl.verify(str(work / "proof.json"), str(work / "settings.json"), str(work / "vk"), srs)
    return {"ok": ok}


def run_stage(request):
    """The child's side: runs one step and writes what it says to the file the parent named."""
    work = Path(request["work"])
    model = Path(request["model"])
    steps = {
        "settings": lambda: stage_settings(work, model, request["tuned"]),
        "srs": lambda: stage_srs(request["srs"], request["logrows"]),
        "setup": lambda: stage_setup(work, model, request["srs"]),
        "witness": lambda: stage_witness(work),
        "prove": lambda: stage_prove(work, request["srs"]),
        "verify": lambda: stage_verify(work, request["srs"]),
    }
    import ezkl  # noqa: F401  so that the time inside leaves the import out

    start = time.perf_counter()
    result = steps[request["stage"]]()
    result["seconds_inside"] = time.perf_counter() - start
    Path(request["result"]).write_text(json.dumps(result))


# --- Measuring processes ------------------------------------------------------------------------------------


def measured(argv):
    """Runs a command; returns its standard output, its wall time and its peak resident memory."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        except OSError as error:
            raise Failure(f"{argv[0]} does not start: {error.strerror}") from error
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output = out.read().decode(errors="replace")
        if process.returncode != 0:
            tail = (err.read().decode(errors="replace").strip() or output.strip())[-2000:]
            raise Failure(f"`{' '.join(argv[:4])} ..` ended with status {process.returncode}:\n{tail}")
    unit = 1 if sys.platform == "darwin" else 1024
    return output, seconds, usage.ru_maxrss * unit


def ezkl_step(stage, work, model, **options):
    result = work / f"{stage}.result.json"
    request = {"stage": stage, "work": str(work), "model": str(model), "result": str(result), **options}
    _, seconds, memory = measured([sys.executable, str(Path(__file__).resolve()), "--stage", json.dumps(request)])
    found = json.loads(result.read_text())
    if not found.get("ok", True):
        raise Failure(f"ezkl's {stage} of {model} reports failure")
    return {**found, "seconds": seconds, "memory": memory}


def sumcast_step(argv):
    output, seconds, memory = measured(argv)
    try:
        return {**json.loads(output), "seconds": seconds, "memory": memory}
    except ValueError as error:
        raise Failure(f"`{' '.join(argv[:2])}` does not print one JSON object") from error


# --- One round of each system -------------------------------------------------------------------------------


class Ezkl:
    """ezkl on one model: settings and SRS once, then rounds."""

    def __init__(self, model_dir, work, data, tuned):
        self.model = model_dir / "network.onnx"
        self.work = work / "ezkl"
        self.work.mkdir()
        inputs = data["inputs"]
        flat = [value for values in inputs[:CALIBRATION_INPUTS] for value in values]
        (self.work / "calibration.json").write_text(json.dumps({"input_data": [flat]}))
        (self.work / "input.json").write_text(json.dumps({"input_data": [inputs[0]]}))
        step = ezkl_step("settings", self.work, self.model, tuned=tuned)
        self.settings = step["settings"]
        self.calibration_seconds = step["seconds"]
        # Kept beside the models' folders, for the next model of the same size.
        self.srs = work.parent / f"test-only-{self.settings['logrows']}.srs"
        if not self.srs.exists():
            self.step("srs")

    def step(self, stage):
        logrows = self.settings["logrows"]
        return ezkl_step(stage, self.work, self.model, srs=str(self.srs), logrows=logrows)

    def round(self):
        setup, witness, prove, verify = map(self.step, ("setup", "witness", "prove", "verify"))
        proof = json.loads((self.work / "proof.json").read_text())
        return {
            "setup_seconds": setup["seconds"],
            "prove_seconds": witness["seconds"] + prove["seconds"],
            "prove_seconds_inside": witness["seconds_inside"] + prove["seconds_inside"],
            "verify_seconds": verify["seconds"],
            "verify_seconds_inside": verify["seconds_inside"],
            "setup_memory": setup["memory"],
            "prove_memory": max(witness["memory"], prove["memory"]),
            "verify_memory": verify["memory"],
            "proof_bytes": len(proof["proof"]) if isinstance(proof["proof"], list) else len(proof["proof"]) // 2 - 1,
            "vk_bytes": (self.work / "vk").stat().st_size,
            "pk_bytes": (self.work / "pk").stat().st_size,
            "output": witness["output"],
        }


class Sumcast:
    """sumcast on one model. An untimed compilation first leaves the development SRS in its cache."""

    def __init__(self, model_dir, work, binary):
        self.model_dir = model_dir
        self.compiled = work / "sumcast"
        self.proof = work / "sumcast.proof"
        self.binary = binary
        self.inputs = str(model_dir / "inputs.json")
        self.compile()

    def compile(self):
        model = str(self.model_dir / "network.onnx")
        out = str(self.compiled)
        return sumcast_step([self.binary, "compile", model, "--calibrate", self.inputs, "-o", out, "--json"])

    def round(self):
        setup = self.compile()
        compiled, proof, vk = str(self.compiled), str(self.proof), str(self.compiled / "vk.bin")
        prove = sumcast_step(
            [self.binary, "prove", compiled, "--input", self.inputs, "--index", "0", "-o", proof, "--json"]
        )
        verify = sumcast_step([self.binary, "verify", "--vk", vk, proof, "--json"])
        if verify["valid"] is not True:
            raise Failure(f"sumcast's proof of {self.model_dir} does not verify: {verify.get('error')}")
        return {
            "setup_seconds": setup["seconds"],
            "prove_seconds": prove["seconds"],
            "prove_seconds_inside": prove["prove_seconds"],
            "verify_seconds": verify["seconds"],
            "verify_seconds_inside": verify["verify_seconds"],
            "setup_memory": setup["memory"],
            "prove_memory": prove["memory"],
            "verify_memory": verify["memory"],
            "proof_bytes": prove["proof_bytes"],
            "vk_bytes": Path(vk).stat().st_size,
            "pk_bytes": (self.compiled / "model.bin").stat().st_size,
            "output": [float(value) for value in prove["output"]],
        }


def medians(rounds):
    return {
        key: rounds[0][key] if key == "output" else statistics.median(r[key] for r in rounds)
        for key in rounds[0]
    }


def relative_error(data, output):
    """The largest error on input 0 over the spread of the float outputs; none without float outputs."""
    if not data.get("outputs"):
        return None
    values = [value for values in data["outputs"] for value in values]
    expected = data["outputs"][0]
    if len(expected) != len(output):
        raise Failure(f"{len(output)} outputs were proven where inputs.json gives {len(expected)}")
    spread = max(values) - min(values)
    return max(abs(a - b) for a, b in zip(expected, output)) / spread if spread > 0 else None


# --- The table ----------------------------------------------------------------------------------------------


def as_seconds(value):
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def as_bytes(value):
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"


def as_percent(value):
    return f"{100 * value:.2g} %"


ROWS = [
    ("setup_seconds", "set-up", as_seconds),
    ("prove_seconds", "prove, whole process", as_seconds),
    ("prove_seconds_inside", "prove, as timed inside", as_seconds),
    ("verify_seconds", "verify, whole process", as_seconds),
    ("verify_seconds_inside", "verify, as timed inside", as_seconds),
    ("setup_memory", "peak memory, set-up", as_bytes),
    ("prove_memory", "peak memory, prove", as_bytes),
    ("verify_memory", "peak memory, verify", as_bytes),
    ("proof_bytes", "proof", as_bytes),
    ("vk_bytes", "verifying key", as_bytes),
    ("pk_bytes", "proving key / model.bin", as_bytes),
    ("relative_error", "output error / output spread", as_percent),
]


def table(result):
    systems = result["systems"]
    both = {"ezkl", "sumcast"} <= systems.keys()
    header = ["", *systems, *(["ezkl / sumcast"] if both else [])]
    lines = [header, ["---"] + ["---:"] * (len(header) - 1)]
    for key, label, show in ROWS:
        values = [system.get(key) for system in systems.values()]
        cells = ["" if value is None else show(value) for value in values]
        if both:
            ratio = systems["ezkl"].get(key), systems["sumcast"].get(key)
            cells.append(f"{ratio[0] / ratio[1]:.3g}" if None not in ratio and ratio[1] else "")
        lines.append([label, *cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine():
    """The processor, its cores and the memory, in words."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{name}, {cores} cores, {memory:.0f} GiB"


# --- The command --------------------------------------------------------------------------------------------


def find_sumcast(given):
    if given:
        if not Path(given).is_file():
            raise Failure(f"--sumcast {given}: there is no such file")
        return str(Path(given).resolve())
    built = REPOSITORY / "target" / "release" / "sumcast"
    found = str(built) if built.is_file() else shutil.which("sumcast")
    if not found:
        raise Failure(
            "sumcast is not built: run `cargo build --release`, name it with --sumcast, or pass --skip-sumcast"
        )
    return found


def ezkl_version():
    if importlib.util.find_spec("ezkl") is None:
        raise Failure(
            f"ezkl is not installed for {sys.executable}: run `{sys.executable} -m pip install -r {REQUIREMENTS}` "
            "(in a virtual environment), or pass --skip-ezkl"
        )
    return importlib.metadata.version("ezkl")


def read_inputs(model_dir):
    for name in ("network.onnx", "inputs.json"):
        if not (model_dir / name).is_file():
            raise Failure(f"{model_dir} holds no {name}")
    try:
        data = json.loads((model_dir / "inputs.json").read_text())
        if not data["inputs"][0]:
            raise IndexError
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Failure(f"{model_dir / 'inputs.json'}: the field `inputs` must hold at least one input") from error
    return data


def compare(model_dir, args, binary, work):
    data = read_inputs(model_dir)
    large = (model_dir / "network.onnx").stat().st_size > LARGE_MODEL_BYTES
    rounds = args.runs or (1 if large else 3)
    systems = {}
    if not args.skip_ezkl:
        systems["ezkl"] = Ezkl(model_dir, work, data, args.ezkl_settings == "tuned")
    if binary:
        systems["sumcast"] = Sumcast(model_dir, work, binary)
    found = {name: [] for name in systems}
    for number in range(rounds):
        for name, system in systems.items():
            if sys.stderr.isatty():
                print(f"{model_dir.name}: round {number + 1} of {rounds}, {name}", file=sys.stderr)
            found[name].append(system.round())
    summary = {name: medians(values) for name, values in found.items()}
    for values in summary.values():
        values["relative_error"] = relative_error(data, values["output"])
    result = {"model": model_dir.name, "rounds": rounds, "systems": summary, "every_round": found}
    if "outputs" in data:
        result["float_output"] = data["outputs"][0]
    if "ezkl" in systems:
        result["ezkl_settings"] = systems["ezkl"].settings
        result["ezkl_calibration_seconds"] = systems["ezkl"].calibration_seconds
    return result


def show(result):
    print(f"\n### {result['model']}, medians of {result['rounds']}\n")
    print(table(result))
    if "float_output" in result:
        outputs = {name: system["output"] for name, system in result["systems"].items()}
        first = ", ".join(f"{name} {output[0]:.6g}" for name, output in outputs.items())
        print(f"\nFirst output: float {result['float_output'][0]:.6g}, {first}.")
    if "ezkl_settings" in result:
        settings = ", ".join(f"{key} {value}" for key, value in result["ezkl_settings"].items())
        print(f"ezkl's settings: {settings}; found in {result['ezkl_calibration_seconds']:.3g} s.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL_DIR")
    parser.add_argument("--runs", type=int, help="rounds (default 3; 1 for models over 500,000 parameters)")
    parser.add_argument("--sumcast", metavar="PATH", help="the binary (default target/release/sumcast)")
    parser.add_argument("--skip-ezkl", action="store_true")
    parser.add_argument("--skip-sumcast", action="store_true")
    parser.add_argument(
        "--ezkl-settings",
        choices=("tuned", "default"),
        default="tuned",
        help="tuned: the decomposition with the fewest rows; default: ezkl's own (default: tuned)",
    )
    parser.add_argument("--work-dir", type=Path, help="where keys go; a large model's take gigabytes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there too")
    args = parser.parse_args()
    if args.runs is not None and args.runs < 1:
        parser.error("--runs must be at least 1")
    if args.skip_ezkl and args.skip_sumcast:
        parser.error("--skip-ezkl and --skip-sumcast leave nothing to measure")

    report = {"machine": machine(), "ezkl": None if args.skip_ezkl else ezkl_version(), "models": []}
    binary = None if args.skip_sumcast else find_sumcast(args.sumcast)
    print(f"Machine: {report['machine']}." + ("" if args.skip_ezkl else f" ezkl {report['ezkl']}."))
    with tempfile.TemporaryDirectory(prefix="sumcast-peers-", dir=args.work_dir) as directory:
        for model_dir in args.models:
            work = Path(directory) / "model"
            work.mkdir()
            result = compare(model_dir.resolve(), args, binary, work)
            report["models"].append(result)
            show(result)
            shutil.rmtree(work)
            if args.json:
                args.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--stage":
        run_stage(json.loads(sys.argv[2]))
    else:
        try:
            main()
        except Failure as failure:
            sys.exit(f"ezkl.py: {failure}")

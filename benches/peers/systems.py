"""The two systems that prove the same ONNX file, each step of them as a process of its own."""

import importlib.metadata
import json
import shutil
import statistics
import sys
from pathlib import Path

from process import HERE, Failure, measured

REPOSITORY = HERE.parent.parent
REQUIREMENTS = "benches/peers/requirements.txt"
CALIBRATION_INPUTS = 4


def ezkl_step(step, work, model, **options):
    result = work / f"{step}.result.json"
    request = {"step": step, "work": str(work), "model": str(model), "result": str(result), **options}
    _, seconds, memory = measured([sys.executable, str(HERE / "ezkl_step.py"), json.dumps(request)])
    found = json.loads(result.read_text())
    if not found.get("ok", True):
        raise Failure(f"ezkl's {step} of {model} reports failure")
    return {**found, "seconds": seconds, "memory": memory}


def sumcast_step(argv):
    output, seconds, memory = measured(argv)
    try:
        return {**json.loads(output), "seconds": seconds, "memory": memory}
    except ValueError as error:
        raise Failure(f"`{' '.join(argv[:2])}` does not print one JSON object") from error


def of_setup(step, vk, pk):
    """What a set-up took, and the sizes of the keys that it left."""
    return {
        "setup_seconds": step["seconds"],
        "setup_memory": step["memory"],
        "vk_bytes": vk.stat().st_size,
        "pk_bytes": pk.stat().st_size,
    }


class Ezkl:
    """ezkl on one model of `batch` inputs: settings and SRS once, then rounds."""

    def __init__(self, model, inputs, work, tuned, batch=1):
        self.model = model
        self.work = work / "ezkl"
        self.work.mkdir()
        for name, taken in (("calibration", inputs[: CALIBRATION_INPUTS * batch]), ("input", inputs[:batch])):
            flat = [value for values in taken for value in values]
            (self.work / f"{name}.json").write_text(json.dumps({"input_data": [flat]}))
        step = ezkl_step("settings", self.work, self.model, tuned=tuned)
        self.settings = step["settings"]
        self.calibration_seconds = step["seconds"]
        # Kept beside the models' folders, for the next model of the same size.
        self.srs = work.parent / f"test-only-{self.settings['logrows']}.srs"
        if not self.srs.exists():
            self.step("srs")

    def step(self, step):
        logrows = self.settings["logrows"]
        return ezkl_step(step, self.work, self.model, srs=str(self.srs), logrows=logrows)

    def setup(self):
        return of_setup(self.step("setup"), self.work / "vk", self.work / "pk")

    def prove(self):
        witness, prove, verify = map(self.step, ("witness", "prove", "verify"))
        proof = json.loads((self.work / "proof.json").read_text())
        return {
            "prove_seconds": witness["seconds"] + prove["seconds"],
            "prove_seconds_inside": witness["seconds_inside"] + prove["seconds_inside"],
            "verify_seconds": verify["seconds"],
            "verify_seconds_inside": verify["seconds_inside"],
            "prove_memory": max(witness["memory"], prove["memory"]),
            "verify_memory": verify["memory"],
            "proof_bytes": len(proof["proof"]) if isinstance(proof["proof"], list) else len(proof["proof"]) // 2 - 1,
            "output": witness["output"],
        }


class Sumcast:
    """sumcast on one model of `batch` inputs."""

    def __init__(self, model, inputs_file, work, binary, batch=1):
        self.model = str(model)
        self.inputs = str(inputs_file)
        # A proof of more inputs than the batch has would be several.
        self.proven = work / "sumcast-input.json"
        self.proven.write_text(json.dumps({"inputs": json.loads(inputs_file.read_text())["inputs"][:batch]}))
        self.compiled = work / "sumcast"
        self.proof = str(work / "sumcast.proof")
        self.binary = binary
        self.batch = batch

    def setup(self):
        """The first one of a machine leaves the development SRS in its cache, which takes long."""
        more = ["--batch", str(self.batch)] if self.batch > 1 else []
        out = str(self.compiled)
        argv = [self.binary, "compile", self.model, "--calibrate", self.inputs, "-o", out, "--json", *more]
        setup = sumcast_step(argv)
        if setup["batch"] != self.batch:
            raise Failure(f"sumcast has room for {setup['batch']} inputs a proof, not for {self.batch}")
        return of_setup(setup, self.compiled / "vk.bin", self.compiled / "model.bin")

    def prove(self):
        vk = str(self.compiled / "vk.bin")
        which = ["--batch"] if self.batch > 1 else ["--index", "0"]
        argv = [self.binary, "prove", str(self.compiled), "--input", str(self.proven), *which, "-o", self.proof]
        prove = sumcast_step([*argv, "--json"])
        verify = sumcast_step([self.binary, "verify", "--vk", vk, self.proof, "--json"])
        if verify["valid"] is not True:
            raise Failure(f"sumcast's proof of {self.model} does not verify: {verify.get('error')}")
        return {
            "prove_seconds": prove["seconds"],
            "prove_seconds_inside": prove["prove_seconds"],
            "verify_seconds": verify["seconds"],
            "verify_seconds_inside": verify["verify_seconds"],
            "prove_memory": prove["memory"],
            "verify_memory": verify["memory"],
            "proof_bytes": prove["proof_bytes"],
            "output": [float(value) for value in prove["output"]],
        }


def medians(rounds):
    return {
        key: rounds[0][key] if key == "output" else statistics.median(r[key] for r in rounds)
        for key in rounds[0]
    }


def relative_error(data, output):
    """The largest error on the first inputs over the spread of the float outputs; none without float outputs."""
    if not data.get("outputs"):
        return None
    values = [value for values in data["outputs"] for value in values]
    expected = values[: len(output)]
    if len(output) % len(data["outputs"][0]) or len(expected) != len(output):
        raise Failure(f"{len(output)} outputs were proven where inputs.json gives {len(data['outputs'][0])} an input")
    spread = max(values) - min(values)
    return max(abs(a - b) for a, b in zip(expected, output)) / spread if spread > 0 else None


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
    try:
        return importlib.metadata.version("ezkl")
    except importlib.metadata.PackageNotFoundError as error:
        raise Failure(
            f"ezkl is not installed for {sys.executable}: run `{sys.executable} -m pip install -r {REQUIREMENTS}` "
            "(in a virtual environment), or pass --skip-ezkl"
        ) from error

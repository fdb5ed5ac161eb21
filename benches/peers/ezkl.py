#!/usr/bin/env python3
"""Proves the same ONNX models with ezkl and with sumcast, in turn, and prints what each costs.

    python3 benches/peers/ezkl.py MODEL_DIR [MODEL_DIR ...] [--runs N] [--json FILE]

MODEL_DIR holds network.onnx and inputs.json, {"inputs": [[..], ..], "outputs": [[..], ..]}. Every step of
either system is a process of its own, so that its time and peak memory are those of the whole process.
README.md beside this file says what the numbers compare. ezkl comes from requirements.txt.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from process import Failure, machine
from systems import Ezkl, Sumcast, ezkl_version, find_sumcast, medians, relative_error

# A model file over 2 MB holds more than about 500,000 float parameters: one round is enough there.
LARGE_MODEL_BYTES = 2_000_000

# Seconds of a turn in which proofs are made again: what takes milliseconds is measured many times.
TURN = 2


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


# --- The command --------------------------------------------------------------------------------------------


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


def turn(system):
    """A set-up and a proof, or as many as there is time for; first the disk gets what the other system has written."""
    os.sync()
    setup = system.setup()
    begun = time.monotonic()
    proofs = [system.prove()]
    while time.monotonic() - begun < TURN:
        proofs.append(system.prove())
    return setup | medians(proofs)


def compare(model_dir, args, binary, work):
    data = read_inputs(model_dir)
    large = (model_dir / "network.onnx").stat().st_size > LARGE_MODEL_BYTES
    rounds = args.runs or (1 if large else 3)
    systems = {}
    if not args.skip_ezkl:
        systems["ezkl"] = Ezkl(model_dir / "network.onnx", data["inputs"], work, args.ezkl_settings == "tuned")
    if binary:
        systems["sumcast"] = Sumcast(model_dir / "network.onnx", model_dir / "inputs.json", work, binary)
        # Leaves the development SRS in its cache, untimed.
        systems["sumcast"].setup()
    found = {name: [] for name in systems}
    for number in range(rounds):
        for name, system in systems.items():
            if sys.stderr.isatty():
                print(f"{model_dir.name}: round {number + 1} of {rounds}, {name}", file=sys.stderr)
            found[name].append(turn(system))
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
    try:
        main()
    except Failure as failure:
        sys.exit(f"ezkl.py: {failure}")

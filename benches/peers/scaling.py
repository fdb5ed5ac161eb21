#!/usr/bin/env python3
"""Measures how proving time and peak memory grow with a model, and draws the curves into docs/figures.

    python3 benches/peers/scaling.py [--only weights|batch|trees] [--sizes N ...] [--skip-ezkl] [--draw]

Against the weights of a perceptron and the inputs of one proof beside ezkl, against the trees of an ensemble alone,
since ezkl does not read ensembles. Models and inputs are random from a fixed seed. What is measured replaces the
same points in docs/figures/scaling.json and leaves the others; README.md beside this file says what the
numbers are.
"""

import argparse
import contextlib
import datetime
import fcntl
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import networks
import plot
from process import Failure, machine, memory_bytes
from systems import REPOSITORY, Ezkl, Sumcast, ezkl_version, find_sumcast, medians, relative_error

FIGURES = REPOSITORY / "docs" / "figures" / "scaling.json"
HEIGHT = 6
BATCH_MODEL = "mlp_8k"
SIZES = {
    "weights": [1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000, 3_162_278, 10_000_000],
    "batch": [1, 4, 16, 64, 256],
    "trees": [10, 30, 100, 300, 1_000, 3_000],
}
# Weights times inputs: ezkl takes ten gigabytes and minutes at the second, so one run is enough from the first on.
EZKL_ONE_RUN, EZKL_MOST = 500_000, 1_100_000
SUMCAST_RUNS, EZKL_RUNS = 5, 3
KEPT = ("prove_seconds_inside", "prove_seconds", "prove_memory", "verify_seconds_inside", "proof_bytes")


@contextlib.contextmanager
def holding(lock, kind):
    """The lock of a machine that others use, if there is one."""
    if lock is None:
        yield
        return
    with open(lock, "a") as file:
        fcntl.flock(file, kind)
        yield


# --- Models -------------------------------------------------------------------------------------------------


def make(curve, size, folder):
    """Writes network.onnx and inputs.json; returns what a point says of its model."""
    if curve == "weights":
        width = networks.width_for(size)
        networks.perceptron(folder, width)
        return {"size": networks.parameters(width), "width": width}
    if curve == "trees":
        networks.ensemble(folder, size, HEIGHT)
        return {"size": size, "nodes": size * (2 ** (HEIGHT + 1) - 1)}
    networks.batched(folder, REPOSITORY / "models" / BATCH_MODEL, size)
    return {"size": size}


def products(curve, size):
    """Weights times inputs, which decide what ezkl needs; none where it does not read the model."""
    if curve != "batch":
        return size if curve == "weights" else None
    return size * json.loads((REPOSITORY / "models" / BATCH_MODEL / "meta.json").read_text())["parameters"]


# --- Measuring ----------------------------------------------------------------------------------------------


def measure(system, runs, lock, data, about):
    """A point's figures of one system, medians of some proofs."""
    with holding(lock, fcntl.LOCK_SH):
        setup = system.setup()
    with holding(lock, fcntl.LOCK_EX):
        found = [system.prove() for _ in range(runs)]
    median = medians(found)
    figures = {key: float(f"{median[key]:.4g}") for key in KEPT} | {"vk_bytes": setup["vk_bytes"]}
    error = relative_error(data, median["output"])
    if error is not None:
        figures["relative_error"] = float(f"{error:.2g}")
    every = [float(f"{one['prove_seconds_inside']:.4g}") for one in found]
    return about | {"date": str(datetime.date.today()), "runs": runs} | figures | {"every_run": every}


def measure_point(point, curve, size, args, binary, versions, work):
    """Measures one model with each system, and puts into the point what is found."""
    batch = size if curve == "batch" else 1
    model = work / "network.onnx"
    point |= make(curve, size, work)
    data = json.loads((work / "inputs.json").read_text())
    if binary:
        system = Sumcast(model, work / "inputs.json", work, binary, batch)
        runs = args.runs or SUMCAST_RUNS
        point["sumcast"] = measure(system, runs, args.lock, data, {"version": versions["sumcast"]})
        show(curve, point, "sumcast")
    cells = products(curve, point["size"])
    if not args.skip_ezkl and cells and cells <= EZKL_MOST:
        with holding(args.lock, fcntl.LOCK_SH):
            model = work / "batch.onnx" if curve == "batch" else model
            system = Ezkl(model, data["inputs"], work, True, batch)
        runs = 1 if cells > EZKL_ONE_RUN else args.runs or EZKL_RUNS
        about = {"version": versions["ezkl"], "settings": system.settings}
        point["ezkl"] = measure(system, runs, args.lock, data, about)
        show(curve, point, "ezkl")


def show(curve, point, name):
    found = point[name]
    print(
        f"{curve} {point['size']:,}: {name} {found['prove_seconds_inside']:.3g} s, "
        f"{found['prove_memory'] / 1e6:,.0f} MB, proof {found['proof_bytes']:,.0f} B, "
        f"error {found.get('relative_error', 0):.1e}, {found['runs']} runs",
        flush=True,
    )


# --- The figures --------------------------------------------------------------------------------------------


def read(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}") from error


def begin(path):
    """The figures that there are, to which points of this machine may be added."""
    here = {"machine": machine(), "memory_bytes": memory_bytes()}
    figures = read(path)
    if figures and figures["machine"] != here["machine"]:
        raise Failure(
            f"{path} has figures of another machine ({figures['machine']}); this is {here['machine']}: remove the "
            "file to measure everything anew, or name another one with --json"
        )
    models = {
        "weights": f"perceptrons of {networks.FEATURES} inputs and three dense layers with ReLU, both hidden ones of "
        "one width",
        "batch": f"models/{BATCH_MODEL}",
        "trees": f"ensembles of complete trees of height {HEIGHT} over {networks.FEATURES} features",
    }
    former = figures.get("curves", {})
    curves = {name: {"models": what, "points": []} | former.get(name, {}) for name, what in models.items()}
    return here | {"curves": curves}


def merge(points, point):
    """Puts a point in its place; of a system that was not measured, the former figures stay."""
    former = next((p for p in points if p["size"] == point["size"]), {})
    return sorted([p for p in points if p is not former] + [former | point], key=lambda p: p["size"])


# --- The pictures -------------------------------------------------------------------------------------------


def series(points, key, per_input=False):
    """A curve for each system."""
    curves = []
    for name in ("sumcast", "ezkl"):
        known = [p for p in points if name in p]
        if known:
            y = [p[name][key] / (p["size"] if per_input else 1) for p in known]
            curves.append({"name": name, "x": [p["size"] for p in known], "y": y})
    return curves


def end_of_ezkl(points, memory, unit):
    """Words at the end of ezkl's memory: what the first size would need that does not fit. Rows grow by the weights or
    inputs, a circuit has a power of two of them, and memory grows by the circuit."""
    known = [p for p in points if "ezkl" in p]
    if not known:
        return []
    last = known[-1]
    settings, used = last["ezkl"]["settings"], last["ezkl"]["prove_memory"]
    for size in (p["size"] for p in points if p["size"] > last["size"]):
        logrows = math.ceil(math.log2(settings["num_rows"] / last["size"] * size))
        needed = used * 2.0 ** (logrows - settings["logrows"])
        if needed > memory:
            many = plot.number(float(f"{size:.2g}" if size > 1000 else size), True)
            text = f"ezkl: {many} {unit}\nneed about {needed / 1e9:.0f} GB"
            # A little above the curve's end, which comes from the left, too.
            return [{"x": last["size"], "y": 1.6 * used, "text": text, "align": "right"}]
    return []


def panel(title, x, unit, curves, marks=(), ticks=None):
    about = {"title": title, "x": x, "y": "", "log": [True, True], "units": [None, unit], "ticks": [ticks, None]}
    return about | {"series": curves, "marks": marks}


def draw(figures, folder):
    for curve, about in figures["curves"].items():
        points = about["points"]
        if not points:
            continue
        time = series(points, "prove_seconds_inside")
        space = series(points, "prove_memory")
        if curve == "weights":
            marks = end_of_ezkl(points, figures["memory_bytes"], "weights")
            panels = [
                panel("Time of a proof", "weights", "s", time),
                panel("Peak memory of proving", "weights", "B", space, marks),
            ]
        elif curve == "trees":
            panels = [
                panel("Time of a proof", f"trees of height {HEIGHT}", "s", time),
                panel("Peak memory of proving", f"trees of height {HEIGHT}", "B", space),
            ]
        else:
            x, ticks = "inputs in one proof", [p["size"] for p in points]
            marks = end_of_ezkl(points, figures["memory_bytes"], "inputs")
            each = series(points, "prove_seconds_inside", per_input=True)
            panels = [
                panel("Time of a proof", x, "s", time, ticks=ticks),
                panel("Time an input", x, "s", each, ticks=ticks),
                panel("Peak memory of proving", x, "B", space, marks, ticks),
            ]
        path = folder / f"scaling-{curve}.svg"
        plot.draw(path, panels, f"Proving time and peak memory against {about['models']}")
        print(path)


# --- The command --------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=SIZES, help="one curve of the three")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N", help="other sizes, of the curve that --only names")
    parser.add_argument("--runs", type=int, help=f"proofs a point (default {SUMCAST_RUNS}; {EZKL_RUNS} of ezkl)")
    parser.add_argument("--sumcast", metavar="PATH", help="the binary (default target/release/sumcast)")
    parser.add_argument("--skip-ezkl", action="store_true", help="leave ezkl's points as they are")
    parser.add_argument("--skip-sumcast", action="store_true", help="leave sumcast's points as they are")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="hold this lock (flock): alone to prove, else shared")
    parser.add_argument("--work-dir", type=Path, help="where keys go; ezkl's take gigabytes")
    parser.add_argument("--json", type=Path, metavar="FILE", default=FIGURES, help="the figures (default docs/figures)")
    parser.add_argument("--draw", action="store_true", help="draw the pictures from the figures, without measuring")
    args = parser.parse_args()
    if args.sizes and not args.only:
        parser.error("--sizes needs --only")
    if args.runs is not None and args.runs < 1 or min(args.sizes or [1]) < 1:
        parser.error("--runs and --sizes must be at least 1")
    if args.draw:
        figures = read(args.json)
        if not figures:
            raise Failure(f"{args.json} is not there: measure first")
        return draw(figures, args.json.parent)

    versions, binary = {}, None
    if not args.skip_sumcast:
        binary = find_sumcast(args.sumcast)
        versions["sumcast"] = subprocess.check_output([binary, "--version"], text=True).split()[-1]
    if not args.skip_ezkl:
        versions["ezkl"] = ezkl_version()
    figures = begin(args.json)
    print(f"Machine: {figures['machine']}.", *(f"{name} {version}." for name, version in versions.items()), flush=True)
    failed = False
    with tempfile.TemporaryDirectory(prefix="sumcast-scaling-", dir=args.work_dir) as directory:
        for curve in [args.only] if args.only else SIZES:
            about = figures["curves"][curve]
            for size in args.sizes or SIZES[curve]:
                point = {}
                with tempfile.TemporaryDirectory(dir=directory) as work:
                    try:
                        measure_point(point, curve, size, args, binary, versions, Path(work))
                    except Failure as failure:
                        failed = True
                        print(f"{curve} {size:,}: {failure}", file=sys.stderr, flush=True)
                if not {"sumcast", "ezkl"} & point.keys():
                    continue
                about["points"] = merge(about["points"], point)
                args.json.parent.mkdir(parents=True, exist_ok=True)
                args.json.write_text(json.dumps(figures, indent=1) + "\n")
    draw(figures, args.json.parent)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"scaling.py: {failure}")

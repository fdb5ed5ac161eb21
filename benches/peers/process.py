"""Processes that are measured, and the machine that they run on."""

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Failure(Exception):
    """A sentence for the user."""


def measured(argv):
    """Runs a command; returns its standard output, its wall time and its peak resident memory."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.NamedTemporaryFile("r") as report:
        launch = [sys.executable, "-I", "-S", str(HERE / "launch.py"), report.name, *argv]
        launched = subprocess.run(launch, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        out.seek(0)
        err.seek(0)
        output = out.read().decode(errors="replace")
        said = err.read().decode(errors="replace").strip() or output.strip()
        if launched.returncode != 0:
            raise Failure(said[-2000:] or f"`{argv[0]}` could not be launched")
        status, seconds, memory = report.read().split()
        if status != "0":
            raise Failure(f"`{' '.join(argv[:4])} ..` ended with status {status}:\n{said[-2000:]}")
    return output, float(seconds), int(memory)


def machine():
    """The processor, its cores and the memory, in words."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {memory_bytes() / 2**30:.0f} GiB"


def memory_bytes():
    """All memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

"""Runs a command and writes its exit status, its wall time in seconds and its peak resident memory to a file.

    python3 -I -S launch.py FILE COMMAND [ARGUMENT ...]

A process starts with the peak memory of the one that started it, so this one imports next to nothing: what it
reports cannot be told apart only below its own ten megabytes or so.
"""

import os
import sys
import time

report, *argv = sys.argv[1:]
start = time.perf_counter()
try:
    process = os.posix_spawnp(argv[0], argv, os.environ)
except OSError as error:
    sys.exit(f"{argv[0]} does not start: {error.strerror}")
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - start
memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
with open(report, "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {seconds} {memory}")

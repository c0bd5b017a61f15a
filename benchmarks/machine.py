"""The machine: which processor does what, and how much of it a server took."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROCESSORS = sorted(os.sched_getaffinity(0))
# A server that takes less than this share of a processor for so many seconds has come to rest.
IDLE, REST, LONGEST_RESTS = 0.05, 0.5, 40
# Whoever is measured has the first processor, whoever asks the last.
SERVING, ASKING = {PROCESSORS[0]}, {PROCESSORS[-1]}


@contextmanager
def on(processors: set[int]) -> Iterator[None]:
    """What this thread does, and every process that it starts, runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """What this process took of the processor, with all that it started."""
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # From the state on, utime is the twelfth; after it stime, and both of those that have ended.
    return sum(map(int, own[11:15])) / TICKS + sum(map(cpu_seconds, _children(pid)))


def spent(pid: int) -> float:
    """What it took of the processor once it has done what its answers left to be done."""
    before = cpu_seconds(pid)
    for _ in range(LONGEST_RESTS):
        time.sleep(REST)
        now = cpu_seconds(pid)
        if now - before < IDLE * REST:
            return now
        before = now
    return before


def description() -> str:
    """One line for the head of a report."""
    python = f"Python {platform.python_version()}, granian {version('granian')}"
    return f"{len(PROCESSORS)} × {_processor()}, {platform.system()}, {python}"


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if sys.platform != "linux":
    raise SystemExit("The benchmarks read /proc, and so need Linux.")

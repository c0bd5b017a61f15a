"""python -m benchmarks [PART ...]: measure, and print what came out as Markdown."""

from __future__ import annotations

import argparse
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks import machine
from benchmarks.contests import Course

# Each is a module with a `report(folder, course)`, which yields tables.
PARTS = ("reads", "posts", "mix", "growth")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each server in a round")
    given = parser.parse_args()
    course = Course(given.rounds, given.seconds)
    print(f"{machine.description()}; {course.rounds} rounds of {course.seconds:g} s.\n")
    for part in given.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            for table in import_module(f"benchmarks.{part}").report(Path(folder), course):
                print(f"{table}\n", flush=True)


main()

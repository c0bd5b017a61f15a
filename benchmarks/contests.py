"""Several servers asked for the same thing in turns, and what each took for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks import load, machine

HEAD = (
    "| | CPU ms a request | requests a second | p99 ms | bytes |",
    "| --- | --- | --- | --- | --- |",
)


@dataclass(frozen=True, slots=True)
class Course:
    """How many rounds, and how long each server is asked in each."""

    rounds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A server of which the same is asked again and again, and the statuses that are right."""

    pid: int
    port: int
    requests: Iterator[bytes]
    right: frozenset[int] = frozenset({200})


@dataclass(frozen=True, slots=True)
class Figures:
    """What one server took in one round."""

    cpu_ms: float
    rate: float
    p99_ms: float
    bytes: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much CPU `of` takes as `to`."""

    of: str
    to: str


def contest(
    title: str, contenders: Mapping[str, Contender], ratios: Sequence[Ratio], course: Course
) -> str:
    """Let them run, in turns, and tell in Markdown how it went."""
    found: dict[str, list[Figures]] = {name: [] for name in contenders}
    for contender in contenders.values():
        _run(contender, min(0.5, course.seconds))
    for number in range(course.rounds):
        _say(f"{title}: round {number + 1} of {course.rounds}")
        for name, contender in contenders.items():
            found[name].append(_run(contender, course.seconds))
    lines = [f"### {title}", "", *HEAD]
    lines += [f"| {name} | {_cells(figures)} |" for name, figures in found.items()]
    lines += ["", *(_told(ratio, found) for ratio in ratios)]
    return "\n".join(lines)


def _run(contender: Contender, seconds: float) -> Figures:
    before = machine.cpu_seconds(contender.pid)
    with machine.on(machine.ASKING):
        outcome = load.load(contender.port, contender.requests, seconds)
    cpu = machine.spent(contender.pid) - before
    if wrong := {s: n for s, n in outcome.statuses.items() if s not in contender.right}:
        raise SystemExit(f"wrong answers, by status: {wrong}")
    return Figures(
        cpu / outcome.count * 1000,
        outcome.count / outcome.seconds,
        outcome.quantile(0.99) * 1000,
        outcome.bytes / outcome.count,
    )


def _cells(figures: list[Figures]) -> str:
    columns: list[Callable[[Figures], float]] = [
        lambda each: each.cpu_ms,
        lambda each: each.rate,
        lambda each: each.p99_ms,
    ]
    spreads = [spread([column(each) for each in figures]) for column in columns]
    return " | ".join([*spreads, number(figures[-1].bytes)])


def _told(ratio: Ratio, found: Mapping[str, list[Figures]]) -> str:
    pairs = zip(found[ratio.of], found[ratio.to], strict=True)
    return f"- {ratio.of} : {ratio.to} = {spread([a.cpu_ms / b.cpu_ms for a, b in pairs])}"


def spread(values: Sequence[float]) -> str:
    """The median, and from where to where they go."""
    return f"{number(median(values))} ({number(min(values))} – {number(max(values))})"


def number(value: float) -> str:
    """Three figures that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)

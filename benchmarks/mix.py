"""Nineteen reads and one post in turn, on a site with much talk of which some is read by most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path
from random import Random

from benchmarks import contests, posts, reads, worlds
from benchmarks.contests import Contender, Course, Ratio
from benchmarks.worlds import ARTICLES

OURS, ISSO = "fragment and post", "Isso"
POST_EVERY = 20
RIGHT = frozenset({200, 201})


def report(folder: Path, course: Course) -> Iterator[str]:
    world = folder / "world"
    worlds.opened(world, full=ARTICLES)
    tokens = cycle(worlds.tokens(world))
    with ExitStack() as running:
        ours = running.enter_context(worlds.ours(world))
        isso = running.enter_context(worlds.isso(folder / "isso", full=ARTICLES))
        contenders = {
            OURS: Contender(ours.pid, ours.port, _mixed(_ours(), posts.posts(_any, tokens)), RIGHT),
            ISSO: Contender(isso.pid, isso.port, _mixed(_theirs(), posts.to_isso(_any)), RIGHT),
        }
        title = f"95 reads to 5 posts, in {ARTICLES:,} articles of 50 comments"
        yield contests.contest(title, contenders, [Ratio(ISSO, OURS)], course)


def _mixed(reading: Iterator[bytes], posting: Iterator[bytes]) -> Iterator[bytes]:
    for number in count(1):
        yield next(reading if number % POST_EVERY else posting)


def _ours() -> Iterator[bytes]:
    for number in count():
        yield reads.get(reads.fragment(_any(number)))


def _theirs() -> Iterator[bytes]:
    for number in count():
        yield reads.get(reads.isso(_any(number)))


_DICE = Random(1)
_PLACES = range(ARTICLES)
_WEIGHTS = [1 / (place + 1) for place in _PLACES]


def _any(_number: int) -> str:
    """An article; the tenth is read a tenth as often as the first."""
    return worlds.article(_DICE.choices(_PLACES, _WEIGHTS)[0])

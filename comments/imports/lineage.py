"""Pure: which comment stands how deep, and which has others below. 0 is nobody's number."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_UNKNOWN, _ON_THE_WAY = -1, -2


def levels(parents: array[int]) -> tuple[array[int], list[int]]:
    """The level of each comment, 1 at the top, and those whose parents ran in a ring.

    Of each ring the first comment is cut off from its parent, in `parents` too.
    """
    depths = array("l", [_UNKNOWN]) * len(parents)
    depths[0] = 0
    cut = []
    for start in range(1, len(parents)):
        way = _way_up(start, parents, depths)
        if way and depths[parents[way[-1]]] == _ON_THE_WAY:
            first = min(way[way.index(parents[way[-1]]) :])
            parents[first] = 0
            cut.append(first)
            for comment in way:
                depths[comment] = _UNKNOWN
            way = _way_up(start, parents, depths)
        for comment in reversed(way):
            depths[comment] = depths[parents[comment]] + 1
    return depths, cut


def _way_up(start: int, parents: array[int], depths: array[int]) -> list[int]:
    way = []
    here = start
    while depths[here] == _UNKNOWN:
        depths[here] = _ON_THE_WAY
        way.append(here)
        here = parents[here]
    return way


def above(alive: Iterable[int], parents: array[int]) -> set[int]:
    """Everybody who stands somewhere above one of those that are alive."""
    found: set[int] = set()
    for comment in alive:
        here = parents[comment]
        while here and here not in found:
            found.add(here)
            here = parents[here]
    return found

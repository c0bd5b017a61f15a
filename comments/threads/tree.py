"""Flat rows into nested replies. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from comments.threads.drawing import Drawn, Row, drawn
from comments.threads.models import STEP


def nest(rows: Iterable[Row]) -> tuple[Drawn, ...]:
    """The rows as trees, in the order given, each below the nearest comment it is drawn under.

    Rows of one root must come in the order of their paths. What hangs below a comment that is
    not among the rows becomes the top of a tree of its own.
    """
    tops: list[_Node] = []
    line: list[_Node] = []
    for row in rows:
        node = _Node(row)
        while line and not row.path.startswith(line[-1].row.path):
            line.pop()
        (line[-1].children if line else tops).append(node)
        line.append(node)
    return tuple(node.drawn() for node in tops)


def with_more(root: Drawn, cursor: str, count: int) -> Drawn:
    """The root, saying that further replies hang below it."""
    return replace(root, more=cursor, more_count=count)


def published_below(root: Drawn) -> int:
    return sum((child.gone is None) + published_below(child) for child in root.children)


def ids_of(path: str) -> list[int]:
    """The ids along a path, the root's first."""
    return [int(path[at : at + STEP], 36) for at in range(0, len(path), STEP)]


class _Node:
    __slots__ = ("children", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.children: list[_Node] = []

    def drawn(self) -> Drawn:
        return drawn(self.row, tuple(child.drawn() for child in self.children))

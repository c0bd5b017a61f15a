"""Flat rows into nested replies. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from comments import paging
from comments.threads.drawing import Drawn, Row, drawn
from comments.threads.models import LEVELS, STEP


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which path the replies below a comment go on, and how long that comment's own is."""

    path: str
    top: int

    @property
    def top_id(self) -> int:
        return ids_of(self.path[: self.top])[-1]

    @property
    def cursor(self) -> str:
        return paging.encode("branch", str(self.top // STEP), self.path)


def nest(rows: Iterable[Row], top: int = STEP) -> tuple[Drawn, ...]:
    """The rows as trees, in the order given, each below the nearest comment it is drawn under.

    Rows of one root must come in the order of their paths. What hangs below a comment that is
    not among the rows becomes the top of a tree of its own. Levels count from paths as long as
    `top`; at the deepest of them a comment says where its replies are.
    """
    tops: list[_Node] = []
    line: list[_Node] = []
    for row in rows:
        node = _Node(row)
        while line and not row.path.startswith(line[-1].row.path):
            line.pop()
        (line[-1].children if line else tops).append(node)
        line.append(node)
    return tuple(node.drawn(top) for node in tops)


def with_more(root: Drawn, last: Row) -> Drawn:
    """The root, saying that further replies hang below it, behind this one."""
    return replace(root, more=Place(last.path, STEP).cursor, more_count=_lacking(root))


def _lacking(root: Drawn) -> int:
    """How many replies are neither on the page nor behind a link further down."""
    return root.replies - sum(map(_found, root.children))


def _found(comment: Drawn) -> int:
    return (comment.gone is None) + comment.more_count + sum(map(_found, comment.children))


def ids_of(path: str) -> list[int]:
    """The ids along a path, the root's first."""
    return [int(path[at : at + STEP], 36) for at in range(0, len(path), STEP)]


class _Node:
    __slots__ = ("children", "row")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.children: list[_Node] = []

    def drawn(self, top: int) -> Drawn:
        row = self.row
        level = (len(row.path) - top) // STEP + 1
        children = tuple(child.drawn(top) for child in self.children)
        made = replace(drawn(row), level=level, children=children)
        if level < LEVELS or children or not row.replies:
            return made
        return replace(made, more=Place(row.path, len(row.path)).cursor, more_count=row.replies)

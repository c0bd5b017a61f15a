"""What reading costs the database: the steps of SQLite, the rows that PostgreSQL looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from comments.db import db
from tests import sent

# Steps of SQLite that the cheapest row of a page takes.
ROW = 20

Sent = list[tuple[str, Any]]


@dataclass(frozen=True)
class Cost:
    """How many statements it took, and what they had to do.

    `work` counts on PostgreSQL the comments that were looked at, by the index they were found in;
    `wasted` are those of them that were not asked for. On SQLite it counts steps.
    """

    statements: int
    work: dict[str, int]
    wasted: int = 0

    def is_like(self, other: Cost) -> bool:
        """The same; on SQLite but for some steps, less than those that a row takes."""
        if {**self.work, "steps": 0} != {**other.work, "steps": 0}:
            return False
        return abs(self.work.get("steps", 0) - other.work.get("steps", 0)) < ROW


def cost_of(act: Callable[[], object]) -> Cost:
    """What the reading in `act` costs when nothing is loaded yet."""
    db.session.rollback()
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return _stepped(act, connection.connection.driver_connection)
    selects = sent_by(act)
    nodes = [node for plan in _plans(selects) for node in _looks(plan["Plan"])]
    work: Counter[str] = Counter()
    for node in nodes:
        work[_found_by(node)] += _rows(node) + _wasted(node)
    return Cost(len(selects), dict(work), sum(map(_wasted, nodes)))


def sent_by(act: Callable[[], object]) -> Sent:
    """The SELECTs that `act` sends, with their parameters."""
    selects: Sent = []

    def note(statement: str, parameters: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            selects.append((statement, parameters))

    db.session.expire_all()
    with sent.noted(note):
        act()
    return selects


def rows_of(selects: Sent) -> Iterator[tuple[str, int]]:
    """How many rows each of these brings, sent once more."""
    for statement, parameters in selects:
        rows = db.session.connection().exec_driver_sql(statement, parameters).all()
        yield statement, len(rows)


def _stepped(act: Callable[[], object], driver: Any) -> Cost:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    # A connection that reads the schema anew takes steps for it: let it do so before.
    driver.execute("SELECT 1 FROM comments LIMIT 1").fetchall()
    driver.set_progress_handler(step, 1)
    try:
        selects = sent_by(act)
    finally:
        driver.set_progress_handler(None, 1)
    return Cost(len(selects), {"steps": steps})


def _plans(selects: Sent) -> Iterator[dict[str, Any]]:
    for statement, parameters in selects:
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        yield db.session.connection().exec_driver_sql(explain, parameters).scalar_one()[0]


def _looks(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Where in a plan comments are looked at.

    The scan of an index below a bitmap is left out: it counts row versions that nobody sees any
    more, however many are there at the moment.
    """
    if node.get("Relation Name") == "comments":
        yield node
    for below in node.get("Plans", ()):
        yield from _looks(below)


def _found_by(node: dict[str, Any]) -> str:
    """The index that named the rows to look at, or else the manner of looking."""
    nodes = [node]
    for within in nodes:
        nodes += within.get("Plans", ())
    names = [within["Index Name"] for within in nodes if "Index Name" in within]
    return " ".join(names) or node["Node Type"]


def _rows(node: dict[str, Any]) -> int:
    return round(node["Actual Rows"] * node["Actual Loops"])


def _wasted(node: dict[str, Any]) -> int:
    removed = (node.get(f"Rows Removed by {by}", 0) for by in ("Filter", "Index Recheck"))
    return round(sum(removed) * node["Actual Loops"])

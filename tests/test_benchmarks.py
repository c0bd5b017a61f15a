"""The benchmarks measure what they say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks import contests, posts, worlds
from benchmarks.contests import Contender, Course, Ratio


def test_a_contest_tells_what_each_took(tmp_path: Path) -> None:
    with worlds.one_row(tmp_path) as server:
        rows = posts.rows(lambda number: f"article-{number}")
        contender = Contender(server.pid, server.port, rows, frozenset({201}))
        told = contests.contest(
            "Rows", {"one": contender, "other": contender}, [Ratio("one", "other")], Course(2, 0.1)
        )

    title, _, head, _, one, other, _, ratio = told.split("\n")
    assert title == "### Rows"
    assert one.count("|") == other.count("|") == head.count("|")
    assert ratio.startswith("- one : other = ")
    with closing(sqlite3.connect(tmp_path / "rows.db")) as database:
        stored = database.execute("SELECT article FROM posts").fetchall()
    assert len(set(stored)) == len(stored) > 3

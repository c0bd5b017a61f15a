"""What is told of a commit, and that nothing is told without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from comments import changes
from comments.changes import Changes
from comments.db import transaction
from tests import factories, servers
from tests.conftest import Cast


@pytest.fixture
def told(app: Flask) -> Iterator[list[Changes]]:
    heard: list[Changes] = []
    with changes.committed.connected_to(heard.append):
        yield heard


def test_a_post_tells_of_its_article_alone(cast: Cast, told: list[Changes]) -> None:
    article = factories.article(cast.gazette, "a1")
    told.clear()
    factories.comment(article, cast.rae)
    assert told == [Changes({article.id})]


def test_nothing_is_told_of_what_was_taken_back(cast: Cast, told: list[Changes]) -> None:
    def fails() -> None:
        changes.site(cast.gazette.id)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - any failure does
        transaction(fails)
    transaction(lambda: None)
    assert told == []


def elsewhere(payload: str) -> Changes | None:
    """What this process tells, as another reads it."""
    return changes.read(json.dumps({**json.loads(payload), "by": "another"}))


def test_a_change_of_very_much_is_a_change_of_everything() -> None:
    assert elsewhere(Changes(set(range(301))).payload()) == Changes(everything=True)
    assert elsewhere(Changes({1, 2}, {3}).payload()) == Changes({1, 2}, {3})


def test_other_processes_hear_it_from_postgresql(
    tmp_path: Path, new_postgresql: Callable[[], str]
) -> None:
    url = new_postgresql()
    with (
        servers.inside(str(tmp_path), url),
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other,
    ):
        other.execute(f"LISTEN {changes.CHANNEL}")
        transaction(lambda: changes.article(7))
        (heard,) = other.notifies(timeout=10, stop_after=1)
    assert elsewhere(heard.payload) == Changes({7})
    assert changes.read(heard.payload) is None

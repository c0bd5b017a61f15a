"""What happened is told to every hearer once, in order, whoever dies and whoever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock, events, outbox
from comments.db import db, transaction
from comments.events import Event
from comments.outbox import Outgoing
from tests import crowd

Heard = list[tuple[str, int]]


@pytest.fixture
def heard(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """What two hearers heard; each keeps it in the database too, as a hearer does."""
    told: Heard = []
    monkeypatch.setattr(events, "hearers", {})

    def hearer(name: str) -> events.Hearer:
        return lambda happened: told.extend((name, event.facts["number"]) for event in happened)

    for name in ("first", "second"):
        events.hear("tried", name, hearer(name))
    return told


def happen(*numbers: int) -> None:
    def act() -> None:
        for number in numbers:
            events.add("tried", {"number": number}, clock.now())

    transaction(act)


def tell() -> None:
    events.tell(lambda: False)


def waiting() -> list[Outgoing]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Outgoing).order_by(Outgoing.id)))


def test_everyone_hears_everything_in_order(heard: Heard) -> None:
    numbers = range(2 * events.BATCH + 5)
    happen(*numbers)
    tell()
    tell()
    for name in ("first", "second"):
        assert [number for who, number in heard if who == name] == list(numbers)
    assert waiting() == []


def test_events_of_every_kind_are_heard_in_one_order(heard: Heard) -> None:
    events.hear("reported", "first", lambda told: heard.extend(("first", -1) for _event in told))
    happen(1, 2)
    transaction(lambda: events.add("reported", {}, clock.now()))
    happen(3)
    tell()
    assert [number for who, number in heard if who == "first"] == [1, 2, -1, 3]


def test_nothing_is_told_of_what_was_not_done(heard: Heard) -> None:
    def act() -> None:
        events.add("tried", {"number": 1}, clock.now())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        transaction(act)
    tell()
    assert heard == []


def test_an_event_that_nobody_hears_goes_away(heard: Heard) -> None:
    transaction(lambda: events.add("unheard", {}, clock.now()))
    tell()
    assert waiting() == []


def failing_at(numbers: set[int]) -> events.Hearer:
    def hearer(happened: Sequence[Event]) -> None:
        for event in happened:
            if event.facts["number"] in numbers:
                raise ZeroDivisionError
            outbox.add("kept", "kept", event.facts, event.at)

    return hearer


def test_one_that_fails_holds_up_no_other(heard: Heard, frozen: datetime) -> None:
    broken = {2}
    events.hear("tried", "third", failing_at(broken))
    happen(1, 2, 3)
    tell()
    kept = [row.facts["number"] for row in waiting() if row.queue == "kept"]
    (left,) = [row for row in waiting() if row.queue == events.QUEUE]
    assert (kept, left.facts, left.words) == ([1, 3], {"number": 2}, "ZeroDivisionError")
    broken.clear()
    tell()
    assert events.QUEUE in [row.queue for row in waiting()]
    clock.freeze(frozen + timedelta(seconds=31))
    tell()
    assert [row.facts["number"] for row in waiting()] == [1, 3, 2]


def test_two_at_once_tell_each_event_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "hearers", {})
    events.hear("tried", "keeper", failing_at(set()))
    happen(*range(60))
    acts: list[Callable[[], None]] = [tell] * 3
    assert crowd.at_once(app, acts) == []
    assert [row.facts["number"] for row in waiting()] == list(range(60))

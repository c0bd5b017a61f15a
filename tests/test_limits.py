from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import limits
from comments.db import connection, db, table, transaction
from comments.errors import TooMany
from comments.limits import Limit, Tally
from tests import crowd

DOOR = Limit("door", times=3, seconds=60)


def hit(now: datetime, subject: str = "rae", limit: Limit = DOOR) -> None:
    transaction(lambda: limits.hit(limit, subject, now))


def test_a_limit_says_when_to_come_back(frozen: datetime) -> None:
    for _ in range(3):
        hit(frozen)
    with pytest.raises(TooMany) as refused:
        hit(frozen)
    assert refused.value.code == "door"
    hit(frozen + timedelta(seconds=refused.value.retry_after))


def test_subjects_and_limits_are_counted_apart(frozen: datetime) -> None:
    for _ in range(3):
        hit(frozen)
    hit(frozen, subject="mo")
    hit(frozen, limit=Limit("gate", times=3, seconds=60))
    assert limits.is_reached(DOOR, "rae", frozen)
    assert not limits.is_reached(DOOR, "mo", frozen)


def test_what_is_taken_back_is_free_again(frozen: datetime) -> None:
    for _ in range(3):
        hit(frozen)
    for _ in range(5):
        transaction(lambda: limits.take_back(DOOR, "rae", frozen))
    for _ in range(3):
        hit(frozen)
    with pytest.raises(TooMany):
        hit(frozen)


def test_windows_that_are_over_leave_nothing_behind(frozen: datetime) -> None:
    for n in range(5):
        hit(frozen + timedelta(seconds=61 * n), subject=f"person {n}")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Tally)) <= 2


def test_nobody_slips_through_in_a_crowd(app: Flask, frozen: datetime) -> None:
    results = crowd.at_once(app, [lambda: hit(frozen) or "in" for _ in range(8)])
    assert sorted(map(str, map(type, results))) == sorted([str(str)] * 3 + [str(TooMany)] * 5)


def test_what_others_counted_since_somebody_looked_is_counted(frozen: datetime) -> None:
    hit(frozen)

    def act() -> None:
        seen = db.session.scalars(sa.select(Tally)).one()
        assert seen.count == 1
        connection().execute(sa.update(table(Tally)).values(count=3))
        limits.hit(DOOR, "rae", frozen)

    with pytest.raises(TooMany):
        transaction(act)

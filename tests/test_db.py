"""The one commit: what it tries again, what it gives up, and in which order it serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from comments import clock
from comments.accounts.models import User
from comments.db import (
    DEADLOCK,
    DOUBLE,
    HELD_UP,
    LOCK_SECONDS,
    SERIALISATION,
    TRIES,
    db,
    transaction,
)
from comments.errors import Busy
from tests import factories


class Refused(Exception):
    """What a driver raises, with PostgreSQL's state."""

    def __init__(self, words: str, sqlstate: str | None = None) -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


def failing(error: DBAPIError, times: int) -> tuple[Callable[[], str], list[int]]:
    """An act that fails so many times before it succeeds, and how often it was tried."""
    tries: list[int] = []

    def act() -> str:
        tries.append(1)
        if len(tries) <= times:
            raise error
        return "done"

    return act, tries


def crossed(state: str) -> DBAPIError:
    return OperationalError("UPDATE", {}, Refused("crossed", state))


@pytest.mark.parametrize("state", [SERIALISATION, DEADLOCK])
def test_what_crossed_is_tried_again(app: Flask, state: str) -> None:
    act, tries = failing(crossed(state), 2)
    assert transaction(act) == "done"
    assert len(tries) == 3


def test_what_crosses_for_ever_is_given_up(app: Flask) -> None:
    act, tries = failing(crossed(DEADLOCK), 9)
    with pytest.raises(Busy):
        transaction(act)
    assert len(tries) == TRIES


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("BEGIN IMMEDIATE", {}, Refused("database is locked")),
        OperationalError("UPDATE", {}, Refused("lock timeout", HELD_UP)),
    ],
)
def test_a_wait_that_is_over_is_not_begun_anew(app: Flask, error: DBAPIError) -> None:
    act, tries = failing(error, 1)
    with pytest.raises(Busy):
        transaction(act)
    assert len(tries) == 1


def test_a_row_of_the_same_moment_is_looked_for_again(app: Flask) -> None:
    double = IntegrityError("INSERT", {}, Refused("unique", DOUBLE))
    act, _ = failing(double, 1)
    assert transaction(act) == "done"
    act, tries = failing(double, 9)
    with pytest.raises(IntegrityError):
        transaction(act)
    assert len(tries) == TRIES


def test_a_failure_leaves_nothing_behind(app: Flask) -> None:
    def act() -> None:
        db.session.add(User(name="half", created_at=clock.now()))
        db.session.flush()
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - our own, a line above
        transaction(act)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_what_was_read_before_is_read_again_inside(app: Flask) -> None:
    user = factories.user("rae")
    with db.engine.connect() as other:
        other.execute(sa.update(User).values(name="Rae"))
        other.commit()
    assert transaction(lambda: user.name) == "Rae"


def test_what_was_read_holds_up_nobody_who_writes_after_it(app: Flask) -> None:
    user = factories.user("rae")
    assert db.session.scalar(sa.select(User.name)) == "rae"
    with db.engine.connect() as other:
        other.execute(sa.update(User).values(name="Rae"))
        other.commit()
    assert db.session.scalar(sa.select(User.name)) in ("rae", "Rae")  # as the engine has it

    def act() -> str:
        found = str(db.session.scalar(sa.select(User.name)))
        user.name = "Rae Miller"
        return found

    assert transaction(act) == "Rae"
    assert transaction(lambda: db.session.scalar(sa.select(User.name))) == "Rae Miller"


def test_what_was_begun_outside_is_not_stored(app: Flask) -> None:
    rae = factories.user("rae")
    assert db.session.scalar(sa.select(User.id)) == rae.id
    db.session.add(User(name="half", created_at=clock.now()))
    transaction(lambda: factories.person("mo"))
    rae.name = "Nobody"
    transaction(lambda: factories.person("sam"))
    names = db.session.scalars(sa.select(User.name).order_by(User.id)).all()
    assert names == ["rae", "mo", "sam"]


def test_nobody_waits_for_ever_for_another_process(app: Flask) -> None:
    rae = factories.user("rae")
    assert db.session.scalar(sa.select(User.id)) == rae.id
    with db.engine.connect() as other:
        other.exec_driver_sql("UPDATE users SET name = 'held'")
        _wait_no_longer_than(0.01)
        with pytest.raises(Busy):
            transaction(lambda: _hurriedly(rae))
        assert db.session.scalar(sa.select(User.name)) == "rae"
        other.rollback()
    _wait_no_longer_than(LOCK_SECONDS)
    transaction(lambda: _hurriedly(rae))
    assert db.session.scalar(sa.select(User.name)) == "Rae"


def _wait_no_longer_than(seconds: float) -> None:
    """SQLite's connection is told before it writes."""
    if _is_sqlite():
        milliseconds = int(seconds * 1000)
        db.session.connection().exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")


def _hurriedly(rae: User) -> None:
    if not _is_sqlite():
        db.session.execute(sa.text("SET LOCAL lock_timeout = 10"))
    rae.name = "Rae"


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def test_times_come_back_aware_and_in_utc(app: Flask) -> None:
    moment = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
    user = factories.user("rae")
    transaction(lambda: setattr(user, "closed_at", moment))
    db.session.expire_all()
    assert user.closed_at == moment
    assert user.closed_at is not None
    assert user.closed_at.tzinfo is not None

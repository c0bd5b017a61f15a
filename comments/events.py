"""What happened, for whoever acts upon it once it is committed: mail, webhooks, notices.

A rule adds one row to the outbox in its own transaction, however many will hear of it. A chore
hands many at a time to every hearer and takes them away in one more transaction: each hears each
event once, and all in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from comments import clock, outbox
from comments.db import AnyRow, db, transaction
from comments.logs import log
from comments.outbox import Outgoing
from comments.working import Chore, IsOver, chores

QUEUE = "events"
PAUSE = 5.0
# What comes within so many seconds of the last is told together, at the price of one transaction.
REST = 1.0
BATCH = 250


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, in facts, and when."""

    facts: dict[str, Any]
    at: datetime


# Of one kind, in their order. A hearer only changes rows.
Hearer = Callable[[Sequence[Event]], None]
# By the kind of event and the name of the hearer; added in `comments/__init__.py`.
hearers: dict[str, dict[str, Hearer]] = {}


def connect() -> None:
    chores["events"] = Chore(tell, PAUSE, outbox.woken[QUEUE], rest=REST)


def hear(kind: str, name: str, hearer: Hearer) -> None:
    hearers.setdefault(kind, {})[name] = hearer


def add(kind: str, facts: dict[str, Any], now: datetime) -> None:
    """Let this be told once the transaction is committed."""
    outbox.add(QUEUE, kind, facts, now)


def tell(is_over: IsOver) -> None:
    """Tell whatever happened and was not told yet."""
    due: Sequence[int] = range(BATCH)
    while len(due) == BATCH and not is_over():
        due = _due(clock.now())
        if due:
            _tell(due)
        db.session.remove()


def _tell(ids: Sequence[int]) -> None:
    try:
        transaction(lambda: _told(ids))
    except Exception:
        log.exception("events are told one by one")
        for id in ids:
            _tell_alone(id)


def _due(now: datetime) -> Sequence[int]:
    return db.session.scalars(
        sa.select(Outgoing.id)
        .where(Outgoing.queue == QUEUE, Outgoing.died_at.is_(None), Outgoing.due_at <= now)
        .order_by(Outgoing.due_at, Outgoing.id)
        .limit(BATCH)
    ).all()


def _told(ids: Sequence[int]) -> None:
    # No row is skipped that another process holds: what follows it waits for its turn.
    rows = db.session.execute(
        sa.select(Outgoing.kind, Outgoing.facts, Outgoing.created_at)
        .where(Outgoing.id.in_(ids))
        .order_by(Outgoing.id)
        .with_for_update()
    ).all()
    for kind, alike in groupby(rows, key=_kind):
        events = [Event(row.facts, row.created_at) for row in alike]
        for hearer in hearers.get(kind, {}).values():
            hearer(events)
    db.session.execute(sa.delete(Outgoing).where(Outgoing.id.in_(ids)))


def _kind(row: AnyRow) -> str:
    return str(row.kind)


def _tell_alone(id: int) -> None:
    try:
        transaction(lambda: _told([id]))
    except Exception as error:
        log.exception("an event could not be told", outgoing=id)
        words = type(error).__name__
        transaction(lambda: outbox.untold(id, words, clock.now()))

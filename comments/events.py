"""What happened, for whoever acts upon it once it is committed: mail, webhooks, notices.

A rule adds one row to the outbox in its own transaction, however many will hear of it. A chore
hands it to every hearer and takes it away in one more transaction: each hears each event once, and
events of one comment in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import clock, outbox
from comments.db import db, transaction
from comments.logs import log
from comments.outbox import Outgoing
from comments.working import Chore, IsOver, chores

QUEUE = "events"
PAUSE = 5.0
BATCH = 20

# Facts, and when it happened. A hearer only changes rows.
Hearer = Callable[[dict[str, Any], datetime], None]
# By the kind of event and the name of the hearer; added in `comments/__init__.py`.
hearers: dict[str, dict[str, Hearer]] = {}


def connect() -> None:
    chores["events"] = Chore(tell, PAUSE, outbox.woken[QUEUE])


def hear(kind: str, name: str, hearer: Hearer) -> None:
    hearers.setdefault(kind, {})[name] = hearer


def add(kind: str, facts: dict[str, Any], now: datetime) -> None:
    """Let this be told once the transaction is committed."""
    outbox.add(QUEUE, kind, facts, now)


def tell(is_over: IsOver) -> None:
    """Tell whatever happened and was not told yet."""
    while not is_over():
        due = _due(clock.now())
        if not due:
            return
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
    rows = db.session.scalars(
        sa.select(Outgoing).where(Outgoing.id.in_(ids)).order_by(Outgoing.id).with_for_update()
    )
    for row in rows.all():
        for hearer in hearers.get(row.kind, {}).values():
            hearer(dict(row.facts), row.created_at)
        db.session.delete(row)
    db.session.flush()


def _tell_alone(id: int) -> None:
    try:
        transaction(lambda: _told([id]))
    except Exception as error:
        log.exception("an event could not be told", outgoing=id)
        words = type(error).__name__
        transaction(lambda: outbox.untold(id, words, clock.now()))

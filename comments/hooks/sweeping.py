"""Sweeping: what was told is kept for two weeks, and what nobody can be told is given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import outbox
from comments.db import db
from comments.hooks import queueing
from comments.hooks.models import Delivery, Hook, State
from comments.outbox import PATIENCE, Outgoing
from comments.retention import sweeps

KEPT = timedelta(days=14)
# Of each receiver, whatever their age.
MOST = 1000
BATCH = 500
DONE = (State.DELIVERED, State.DEAD)


def connect() -> None:
    sweeps["hooks that can't be reached"] = give_up
    sweeps["deliveries"] = forget


def give_up(now: datetime) -> bool:
    """What waited for two days behind a receiver that can't be reached, and was not tried again."""
    waited = (
        sa.select(Outgoing)
        .where(
            Outgoing.queue == queueing.QUEUE,
            Outgoing.died_at.is_(None),
            Outgoing.due_at <= now - PATIENCE,
            outbox.rests(now),
        )
        .order_by(Outgoing.due_at, Outgoing.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=Outgoing)
    )
    rows = db.session.scalars(waited).all()
    ids = [row.facts["delivery"] for row in rows]
    db.session.execute(
        sa.update(Delivery).where(Delivery.id.in_(ids)).values(state=State.DEAD, failure="rested")
    )
    for row in rows:
        db.session.delete(row)
    db.session.flush()
    return len(rows) == BATCH


def forget(now: datetime) -> bool:
    """What is done with, and old or behind many others of its receiver."""
    return any(_forget(id, now) for id in db.session.scalars(sa.select(Hook.id)).all())


def _forget(hook_id: int, now: datetime) -> bool:
    here, done = Delivery.hook_id == hook_id, Delivery.state.in_(DONE)
    newest = sa.select(Delivery.created_at).where(here).order_by(Delivery.created_at.desc())
    last = db.session.scalar(newest.offset(MOST).limit(1))
    oldest = max(now - KEPT, last) if last else now - KEPT
    old = sa.select(Delivery.id).where(here, done, Delivery.created_at <= oldest)
    ids: Sequence[int] = db.session.scalars(old.limit(BATCH)).all()
    db.session.execute(sa.delete(Delivery).where(Delivery.id.in_(ids)))
    return len(ids) == BATCH

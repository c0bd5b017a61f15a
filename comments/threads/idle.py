"""Guests who left before they had said anything: nobody needs to know that they were here."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import retention
from comments.accounts import closing
from comments.accounts.models import Identity, Session, User
from comments.db import db, table
from comments.threads.models import Comment

IDLE = timedelta(days=7)
# Whoever is not idle by then has said something, or never will.
LOOKED_AT = timedelta(days=60)
BATCH = 50


def connect() -> None:
    retention.sweeps["idle guests"] = sweep


def sweep(now: datetime) -> bool:
    """Take away some of the guests who wrote nothing; whether there may be more."""
    ids = db.session.scalars(_idle(now).with_only_columns(User.id)).all()
    for id in ids:
        # Once they are held nobody comes back meanwhile, but may have.
        db.session.get(User, id, with_for_update=True)
        guest = db.session.scalar(_idle(now).where(User.id == id))
        if guest is not None:
            _take_away(guest, now)
    return len(ids) == BATCH


def _take_away(guest: User, now: datetime) -> None:
    id = guest.id
    closing.close(guest, erase=True, now=now)
    guest.name_key = None
    db.session.flush()
    db.session.execute(sa.delete(User).where(User.id == id, *_nothing_refers_to(id)))


def _idle(now: datetime) -> sa.Select[User]:
    said = sa.exists().where(Comment.author_id == User.id)
    seen = sa.exists().where(Session.user_id == User.id, Session.seen_at > now - IDLE)
    return (
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(
            Identity.way == sa.literal_column("'guest'"),
            Identity.created_at.between(now - LOOKED_AT, now - IDLE),
            ~said,
            ~seen,
        )
        .order_by(Identity.created_at)
        .limit(BATCH)
    )


def _nothing_refers_to(person_id: int) -> list[sa.ColumnElement[bool]]:
    """What they did besides, such as a report, keeps their row, which is empty."""
    people = table(User)
    return [
        ~sa.exists().where(column == person_id)
        for other in db.metadata.sorted_tables
        for column in other.c
        if any(key.column is people.c.id for key in column.foreign_keys)
    ]

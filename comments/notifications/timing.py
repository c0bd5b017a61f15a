"""When a letter about what happens now is due, and making those that are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy import orm

from comments import clock, settings
from comments.accounts.models import User
from comments.db import UtcDateTime, db, transaction
from comments.notifications.models import PushSubscription, When
from comments.working import IsOver

# When daily letters are due, in UTC.
HOUR = 6


def due_at(when: When, now: datetime) -> datetime | None:
    """The moment, or None for never."""
    if when is When.NEVER:
        return None
    if when is When.AT_ONCE:
        return now
    hour = now.replace(minute=0, second=0, microsecond=0)
    if when is When.HOURLY:
        return hour + timedelta(hours=1)
    today = hour.replace(hour=HOUR)
    return today if now < today else today + timedelta(days=1)


def due_by_choice(
    chosen: sa.ColumnElement[When], now: datetime
) -> sa.ColumnElement[datetime | None]:
    """When it is due for whom, by what they chose; never for those without a confirmed address."""
    is_reached = User.email_confirmed_at.is_not(None)
    return sa.case(
        *(
            (sa.and_(is_reached, chosen == when), sa.literal(due_at(when, now), UtcDateTime()))
            for when in When
            if when is not When.NEVER
        )
    )


def push_by_choice(
    chosen: sa.ColumnElement[When], now: datetime
) -> sa.ColumnElement[datetime | None]:
    """When browsers are told of it: now, for who hears at once and has any; else never."""
    if settings.current().push_key is None:
        return sa.literal(None, UtcDateTime())
    has_browser = sa.exists().where(PushSubscription.user_id == User.id)
    is_wanted = sa.and_(chosen == When.AT_ONCE, has_browser)
    return sa.case((is_wanted, sa.literal(now, UtcDateTime())))


def make_due(
    due: orm.InstrumentedAttribute[datetime | None],
    make: Callable[[int, int, datetime], None],
    is_over: IsOver,
) -> None:
    """Make what each person hears of each site of which a row is due, in its own transaction."""
    rows = due.class_
    first = sa.select(rows.user_id, rows.site_id).order_by(due).limit(1)
    while not is_over():
        now = clock.now()
        who = db.session.execute(first.where(due <= now)).one_or_none()
        if who is None:
            return
        transaction(partial(make, who.user_id, who.site_id, now))
        db.session.remove()

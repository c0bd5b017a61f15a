"""When a letter about what happens now is due."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from comments.accounts.models import User
from comments.db import UtcDateTime
from comments.notifications.models import When

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

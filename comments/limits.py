"""How often something may happen, counted in a table that outlives processes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Mapped, mapped_column

from comments.db import Model, bytewise, db
from comments.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` within `seconds`, for each subject."""

    name: str
    times: int
    seconds: int


class Tally(Model):
    """How often one subject did one thing in one window of time. The subject is kept as a hash."""

    __tablename__ = "tallies"

    subject: Mapped[str] = mapped_column(bytewise(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int] = mapped_column(default=0)


def hit(limit: Limit, subject: str, now: datetime) -> None:
    """Count one more. Raises TooMany, and counts nothing, once the limit is reached."""
    row = _tally(limit, subject, now)
    if row.count >= limit.times:
        wait = max(1, int((row.ends_at - now).total_seconds()) + 1)
        raise TooMany(_("Too many tries. Please wait a little."), wait, code=limit.name)
    row.count += 1
    db.session.flush()


def counted(limit: Limit, subject: str, now: datetime) -> bool:
    """Count one more, unless the limit is reached; whether it was counted."""
    try:
        hit(limit, subject, now)
    except TooMany:
        return False
    return True


def is_reached(limit: Limit, subject: str, now: datetime) -> bool:
    row = db.session.get(Tally, _place(limit, subject, now))
    return row is not None and row.count >= limit.times


def take_back(limit: Limit, subject: str, now: datetime) -> None:
    """Count one less: what was counted turned out to be harmless."""
    row = _tally(limit, subject, now)
    row.count = max(0, row.count - 1)
    db.session.flush()


def clear(limit: Limit, subject: str, now: datetime) -> None:
    """Forget what was counted in this window."""
    key, ends_at = _place(limit, subject, now)
    db.session.execute(sa.delete(Tally).where(Tally.subject == key, Tally.ends_at == ends_at))


def sweep(now: datetime) -> bool:
    """Forget what was counted in windows that are over; nothing is left then."""
    db.session.execute(sa.delete(Tally).where(Tally.ends_at < now))
    return False


def _tally(limit: Limit, subject: str, now: datetime) -> Tally:
    """The locked row of this window, made if need be; rows of windows that are over go."""
    place = _place(limit, subject, now)
    row = db.session.get(Tally, place, with_for_update=True, populate_existing=True)
    if row is None:
        sweep(now)
        row = Tally(subject=place[0], ends_at=place[1], count=0)
        db.session.add(row)
    return row


def _place(limit: Limit, subject: str, now: datetime) -> tuple[str, datetime]:
    return _hashed(limit, subject), _window_end(limit, now)


def _window_end(limit: Limit, now: datetime) -> datetime:
    seconds = int(now.timestamp())
    return now.replace(microsecond=0) + timedelta(seconds=limit.seconds - seconds % limit.seconds)


def _hashed(limit: Limit, subject: str) -> str:
    return hashlib.sha256(f"{limit.name}\n{subject}".encode()).hexdigest()

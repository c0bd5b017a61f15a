"""Making letters of what is due: one for all that one person hears from one site by then.

Any number of workers may do it: who has locked what a person chose makes the letter, and its rows
are marked in the same transaction that puts it into the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import mail
from comments.db import db
from comments.notifications import choosing, timing
from comments.notifications.models import Notification, Preference
from comments.sites.models import Site
from comments.working import Chore, IsOver, chores

PAUSE = 5.0
# However much happens, the same person hears from the same site so much later again.
BETWEEN = timedelta(minutes=10)
KIND = "notifications"


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody is told: in which columns it stands when it is due, and when it was done."""

    due: str
    told: str


LETTERS = Way("due_at", "mailed_at")


def connect() -> None:
    chores["notifications"] = Chore(bundle, PAUSE)


def bundle(is_over: IsOver) -> None:
    """Make every letter that is due."""
    timing.make_due(Notification.due_at, make, is_over)


def make(user_id: int, site_id: int, now: datetime) -> None:
    """Put a letter of what is due to somebody from a site into the outbox, unless it is too soon
    after the last."""
    chosen = take(user_id, site_id, LETTERS, now)
    if chosen is not None:
        facts = {
            "person": user_id,
            "site": site_id,
            "at": now.isoformat(),
            "language": language(chosen),
        }
        mail.add(KIND, facts, user_id, now, site_id=site_id)


def take(user_id: int, site_id: int, way: Way, now: datetime) -> Preference | None:
    """Mark what is due to somebody from a site as told; the answer is what they chose, or None
    where nothing is due or it is too soon after the last time, and put off."""
    chosen = choosing.preference(user_id, site_id)
    due = sa.update(Notification).where(
        Notification.user_id == user_id,
        Notification.site_id == site_id,
        getattr(Notification, way.due) <= now,
    )
    last: datetime | None = getattr(chosen, way.told)
    if last is not None and last + BETWEEN > now:
        db.session.execute(due.values({way.due: last + BETWEEN}))
        return None
    db.session.execute(due.where(Notification.seen_at.is_not(None)).values({way.due: None}))
    taken = db.session.execute(due.values({way.due: None, way.told: now}))
    if not taken.rowcount:  # type: ignore[attr-defined]
        return None
    setattr(chosen, way.told, now)
    return chosen


def language(chosen: Preference) -> str:
    """What somebody reads of a site in: as they chose, or the site's own."""
    return chosen.language or db.session.get_one(Site, chosen.site_id).settings.language

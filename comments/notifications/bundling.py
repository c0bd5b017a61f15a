"""Making letters of what is due: one for all that one person hears from one site by then.

Any number of workers may do it: who has locked what a person chose makes the letter, and its rows
are marked in the same transaction that puts it into the outbox.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import mail
from comments.db import db
from comments.notifications import choosing, timing
from comments.notifications.models import Notification
from comments.sites.models import Site
from comments.working import Chore, IsOver, chores

PAUSE = 5.0
# However much happens, the next letter to the same person from the same site is so much later.
BETWEEN = timedelta(minutes=10)
KIND = "notifications"


def connect() -> None:
    chores["notifications"] = Chore(bundle, PAUSE)


def bundle(is_over: IsOver) -> None:
    """Make every letter that is due."""
    timing.make_due(Notification, make, is_over)


def make(user_id: int, site_id: int, now: datetime) -> None:
    """Put a letter of what is due to somebody from a site into the outbox, unless it is too soon
    after the last."""
    chosen = choosing.preference(user_id, site_id)
    due = sa.update(Notification).where(
        Notification.user_id == user_id,
        Notification.site_id == site_id,
        Notification.due_at <= now,
    )
    if chosen.mailed_at is not None and chosen.mailed_at + BETWEEN > now:
        db.session.execute(due.values(due_at=chosen.mailed_at + BETWEEN))
        return
    db.session.execute(due.where(Notification.seen_at.is_not(None)).values(due_at=None))
    taken = db.session.execute(due.values(due_at=None, mailed_at=now))
    if not taken.rowcount:  # type: ignore[attr-defined]
        return
    chosen.mailed_at = now
    facts = {
        "person": user_id,
        "site": site_id,
        "at": now.isoformat(),
        "language": chosen.language or db.session.get_one(Site, site_id).settings.language,
    }
    mail.add(KIND, facts, user_id, now)

"""Making messages of what is due: one to each browser of a person, of all from one site by then."""

from __future__ import annotations

from datetime import datetime

from comments import outbox, settings
from comments.accounts.models import User
from comments.db import db
from comments.notifications import bundling, timing
from comments.notifications.bundling import Way
from comments.notifications.models import Notification
from comments.notifications.push import browsers
from comments.working import Chore, IsOver, chores

PAUSE = 5.0
QUEUE = "push"
KIND = "push"
PREFIX = f"{QUEUE}:"
PUSHES = Way("push_at", "pushed_at")


def connect() -> None:
    chores["browsers"] = Chore(announce, PAUSE)


def announce(is_over: IsOver) -> None:
    """Make every message that is due; several workers make each once."""
    if settings.current().push_key is not None:
        timing.make_due(Notification.push_at, make, is_over)


def make(user_id: int, site_id: int, now: datetime) -> None:
    """Put a message to each browser into the outbox, unless it is too soon after the last."""
    chosen = bundling.take(user_id, site_id, PUSHES, now)
    if chosen is None:
        return
    person = db.session.get_one(User, user_id)
    facts = {"site": site_id, "at": now.isoformat(), "language": bundling.language(chosen)}
    for browser in db.session.scalars(browsers.of(person)):
        outbox.add(
            QUEUE,
            KIND,
            {**facts, "browser": browser.id, "person": user_id},
            now,
            receiver=f"{PREFIX}{browser.service}"[:300],
            person_id=user_id,
        )

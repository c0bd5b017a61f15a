"""Reading what one was told: it counts as new until then, and nothing says it any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.notifications.models import Notification
from comments.notifications.queries import Told


def the_notification(id: int, person: User) -> Notification:
    """One of one's own. Raises NotFound, for everybody else's too."""
    found = db.session.scalar(
        sa.select(Notification).where(Notification.id == id, Notification.user_id == person.id)
    )
    if found is None:
        raise NotFound(_("This notification is not here any more."))
    return found


def see(notification: Notification, now: datetime) -> None:
    _seen(Notification.id == notification.id, now)


def see_all(person: User, upto: datetime, now: datetime) -> None:
    """Everything that this person was told up to a moment, which the page had shown."""
    is_theirs = Notification.user_id == person.id
    _seen(sa.and_(is_theirs, Notification.created_at <= upto), now)


def see_those(told: Sequence[Told], person: User, now: datetime) -> None:
    """What was listed for this person, and nothing else."""
    listed = Notification.id.in_([each.id for each in told])
    _seen(sa.and_(Notification.user_id == person.id, listed), now)


def _seen(which: sa.ColumnElement[bool], now: datetime) -> None:
    db.session.execute(
        sa.update(Notification)
        .where(which, Notification.seen_at.is_(None))
        .values(seen_at=now, due_at=None, push_at=None)
    )

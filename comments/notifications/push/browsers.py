"""The browsers in which somebody hears: each is one session's, and ends with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import closing
from comments.accounts.models import Session, User
from comments.db import db
from comments.errors import Conflict, NotFound, NotSignedIn
from comments.notifications.models import PushSubscription
from comments.notifications.push.forms import Given

MOST = 10
# A browser where nothing has arrived for so long is told nothing more.
PATIENCE = timedelta(days=7)


def of(user: User) -> sa.Select[PushSubscription]:
    mine = PushSubscription.user_id == user.id
    return sa.select(PushSubscription).where(mine).order_by(PushSubscription.id)


def the_browser(id: int, user: User) -> PushSubscription:
    """One of one's own. Raises NotFound, for everybody else's too."""
    found = db.session.scalar(of(user).where(PushSubscription.id == id))
    if found is None:
        raise NotFound(_("This browser is not here any more."))
    return found


def keep(form: Given, user: User, session_id: int, now: datetime) -> None:
    """Let somebody hear in the browser of this session; twice changes nothing. Whoever heard there
    before hears there no more.

    Raises Conflict where they hear in as many as one may, NotSignedIn for who has left meanwhile.
    """
    closing.held(user)
    _hold(session_id, user)
    row = db.session.scalar(_at(PushSubscription.endpoint == form.endpoint))
    other = db.session.scalar(_at(PushSubscription.session_id == session_id))
    if other is not None and other is not row:
        remove(other.id)
    if row is None:
        row = PushSubscription(endpoint=form.endpoint, created_at=now)
        db.session.add(row)
    row.user_id, row.session_id = user.id, session_id
    row.p256dh, row.auth = form.keys.p256dh, form.keys.auth
    row.failure = row.failing_since = None
    db.session.flush()
    if len(db.session.scalars(of(user)).all()) > MOST:
        raise Conflict(_("Ten browsers are the most. Remove one first."), code="ten-browsers")


def remove(id: int) -> None:
    """Nobody hears there any more. Somebody may have done so already."""
    db.session.execute(sa.delete(PushSubscription).where(PushSubscription.id == id))


def failed(id: int, words: str, now: datetime) -> None:
    """Nothing arrived there; where nothing has for long, nobody hears there any more."""
    row = db.session.scalar(_at(PushSubscription.id == id))
    if row is None:
        return
    row.failure, row.failing_since = words, row.failing_since or now
    db.session.flush()
    if row.failing_since + PATIENCE < now:
        remove(id)


def reached(id: int) -> None:
    """Something arrived there again."""
    here = sa.and_(PushSubscription.id == id, PushSubscription.failing_since.is_not(None))
    well = sa.update(PushSubscription).where(here).values(failure=None, failing_since=None)
    db.session.execute(well)


def _hold(session_id: int, user: User) -> None:
    lasts = sa.select(Session.id).where(Session.id == session_id, Session.user_id == user.id)
    if db.session.scalar(lasts.with_for_update(key_share=True)) is None:
        raise NotSignedIn(_("Please sign in first."))


def _at(which: sa.ColumnElement[bool]) -> sa.Select[PushSubscription]:
    return sa.select(PushSubscription).where(which).with_for_update()

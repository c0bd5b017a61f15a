"""The address of a publisher's reader's own pages, who can't sign in on ours.

The widget hands it out to whoever is signed in there. It is good for a short while, and no longer
than that session; whatever it is not good for looks the same.
"""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer

from comments import settings
from comments.accounts import guests, sessions
from comments.accounts.models import Session, User
from comments.accounts.sessions import PROVED_FOR, SignedIn
from comments.db import db
from comments.errors import NotFound


def address(session: SignedIn, now: datetime) -> str | None:
    """Where who is signed in by this finds what is kept of them; none for whoever has a way in."""
    if session.user.site_id is None or guests.is_guest(session.user):
        return None
    token = _signer().dumps([session.id, int((now + PROVED_FOR).timestamp())])
    return f"{settings.current().url}/yours/{token}"


def owner(token: str, now: datetime) -> User:
    """Whose pages these are. Raises NotFound."""
    try:
        session_id, until = _signer().loads(token)
    except (BadData, ValueError, TypeError):
        raise _over() from None
    session = db.session.get(Session, session_id)
    if session is None or now.timestamp() > until or not sessions.is_alive(session, now):
        raise _over()
    return session.user


def _over() -> NotFound:
    words = _("This address is good for ten minutes only. Open “For you” on the page once more.")
    return NotFound(words, code="link-over")


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="yours")

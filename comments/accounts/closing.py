"""Leaving: the account is emptied, and what was said stays without a name or goes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from comments import signals
from comments.accounts import links, sessions
from comments.accounts.models import Identity, User
from comments.db import db


def close(user: User, *, erase: bool, now: datetime) -> None:
    """Empty the account; its name stays reserved. With `erase` the texts of its comments go too.

    Raises Conflict where somebody still has to take over from this person.
    """
    signals.account_closed.send(user, erase=erase, now=now)
    sessions.end_all(user)
    links.end_all(user)
    db.session.execute(sa.delete(Identity).where(Identity.user_id == user.id))
    user.name = ""
    user.email = user.email_key = user.email_confirmed_at = None
    user.closed_at = now
    db.session.flush()

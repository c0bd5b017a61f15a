"""Leaving: the account is emptied, and what was said stays without a name or goes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import outbox, signals
from comments.accounts import guests, letters, links, sessions, steps
from comments.accounts.models import Identity, User
from comments.db import db, fetch, identity, table, taken
from comments.errors import NotSignedIn

# Everything that people do begins with this, so that it is built once. Others may refer to them
# meanwhile: it becomes FOR NO KEY UPDATE.
HELD = (
    sa.select(*table(User).c)
    .where(User.id == sa.bindparam("person"))
    .with_for_update(key_share=True, of=User)
)


def held(user: User) -> None:
    """Let what this person does come one after the other. Raises NotSignedIn once they left."""
    taken(User, fetch(HELD, {"person": identity(user)}).one())
    check_open(user)


def check_open(user: User) -> None:
    """Raises NotSignedIn once this person left."""
    if user.is_closed:
        raise NotSignedIn(_("Please sign in first."))


def close(user: User, *, erase: bool, now: datetime) -> None:
    """Empty the account; its name stays reserved. With `erase` the texts of its comments go too.

    Raises Conflict where somebody still has to take over from this person.
    """
    held(user)
    signals.account_closed.send(user, erase=erase, now=now)
    sessions.end_all(user)
    links.end_all(user)
    steps.end_all(user)
    guests.end_all(user)
    outbox.forget(user.id)
    letters.forget(user)
    db.session.execute(sa.delete(Identity).where(Identity.user_id == user.id))
    user.name = ""
    user.email = user.email_key = user.email_confirmed_at = None
    user.is_subscriber, user.badges = False, None
    user.closed_at = now
    db.session.flush()

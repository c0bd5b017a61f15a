"""What follows whenever a second factor comes or goes: what is asked, what is told, what is kept.

Whoever calls this holds the person's row.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import i18n, mail, signals
from comments.accounts import closing, links, sessions, steps
from comments.accounts.factors import recovery
from comments.accounts.factors.models import App, Passkey
from comments.accounts.models import Kind, User
from comments.accounts.sessions import SignedIn
from comments.db import db
from comments.errors import Conflict

LETTER = "factor"
# Each is a way to go on without the others.
FACTORS = (App, Passkey)
# The operator makes the tokens of programs.
BY_ONE_PROOF = frozenset({Kind.COOKIE, Kind.BEARER})


def added(user: User, act: str, now: datetime, here: SignedIn | None, name: str = "") -> list[str]:
    """The answer is the person's recovery codes where this is their first factor.

    What was begun by a password alone, or a mailbox, ends with that, but for the session `here`.
    """
    is_first = not user.has_factor
    _count(user)
    if is_first:
        sessions.end_all(user, but=here, kinds=BY_ONE_PROOF)
        links.end_all(user)
    tell(user, act, now, name=name)
    return recovery.renew(user) if is_first else []


def removed(user: User, act: str, now: datetime, name: str = "") -> None:
    """With the last factor its recovery codes go."""
    _count(user)
    if not user.has_factor:
        recovery.end_all(user)
    tell(user, act, now, name=name)


def renew_codes(user: User, now: datetime) -> list[str]:
    """New recovery codes. Raises Conflict for somebody who has nothing to recover."""
    closing.held(user)
    if not user.has_factor:
        raise Conflict(_("Set up a second factor first."), code="no-factor")
    tell(user, "recovery-codes-renewed", now)
    return recovery.renew(user)


def reset(user: User, now: datetime) -> None:
    """Take all factors away, of somebody who lost them."""
    for factor in FACTORS:
        db.session.execute(sa.delete(factor).where(factor.user_id == user.id))
    steps.end_all(user)
    removed(user, "factors-reset", now)


def tell(user: User, act: str, now: datetime, name: str = "") -> None:
    """Let the person read it in a letter, and the log of every site that they work for."""
    by_id = None if act == "factors-reset" else user.id
    signals.factor_changed.send(user, act=act, by_id=by_id, now=now)
    if user.email and user.email_confirmed_at:
        # To the address of this moment: whoever did this may be about to change it.
        facts = {"act": act, "name": name, "email": user.email, "person": user.id}
        mail.add(LETTER, {**facts, "language": i18n.language()}, user.id, now)


def _count(user: User) -> None:
    db.session.flush()
    user.has_factor = any(
        db.session.scalar(sa.select(sa.exists().where(factor.user_id == user.id)))
        for factor in FACTORS
    )
    db.session.flush()

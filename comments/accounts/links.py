"""Links that sign somebody in once, handed out by the operator."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import tokens
from comments.accounts.models import Ticket, User
from comments.db import db
from comments.errors import NotFound

LIFE = timedelta(minutes=30)


def make(user: User, now: datetime) -> str:
    """A token for `/link/TOKEN`, which is kept nowhere."""
    token = tokens.new()
    db.session.add(
        Ticket(
            user_id=user.id,
            token_hash=tokens.hashed(token),
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    db.session.flush()
    return token


def find(token: str, now: datetime) -> User:
    """Whom the link would sign in. Raises NotFound when it is used, too old, or no link of ours."""
    return _living(token, now).user


def use(token: str, now: datetime) -> User:
    """Spend the link. Raises NotFound as `find` does."""
    ticket = _living(token, now, lock=True)
    ticket.used_at = now
    db.session.flush()
    return ticket.user


def end_all(user: User) -> None:
    db.session.execute(sa.delete(Ticket).where(Ticket.user_id == user.id))


def _living(token: str, now: datetime, *, lock: bool = False) -> Ticket:
    select = sa.select(Ticket).where(
        Ticket.token_hash == tokens.hashed(token),
        Ticket.challenge.is_(None),  # or it is the code of a page, which is no link
        Ticket.used_at.is_(None),
        Ticket.expires_at > now,
    )
    ticket = db.session.scalar(select.with_for_update(of=Ticket) if lock else select)
    if ticket is None or ticket.user.is_closed:
        raise NotFound(_("This link was used already, or is too old. Ask for a new one."))
    return ticket

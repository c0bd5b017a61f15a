"""Sign-ins that are half done: after a password or a link, a second factor is due."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import tokens
from comments.accounts.models import Step, User
from comments.db import db
from comments.errors import NotSignedIn

LIFE = timedelta(minutes=10)


def begin(user: User, now: datetime) -> str:
    """The token by which the browser goes on; it is kept nowhere, and good for nothing else."""
    token = tokens.new()
    row = Step(user_id=user.id, token_hash=tokens.hashed(token), expires_at=now + LIFE)
    db.session.add(row)
    db.session.flush()
    return token


def find(token: str, now: datetime) -> User | None:
    """Who is half signed in by this token."""
    step = db.session.scalar(_living(token, now))
    return step.user if step and not step.user.is_closed else None


def finish(token: str, now: datetime) -> User:
    """Spend it. Raises NotSignedIn for one that is used, too old, or ended by a new password."""
    step = db.session.scalar(_living(token, now).with_for_update(of=Step))
    if step is None or step.user.is_closed:
        raise NotSignedIn(_("This sign-in took too long. Please begin again."), code="step-over")
    db.session.delete(step)
    db.session.flush()
    return step.user


def end_all(user: User) -> None:
    db.session.execute(sa.delete(Step).where(Step.user_id == user.id))


def _living(token: str, now: datetime) -> sa.Select[Step]:
    return sa.select(Step).where(Step.token_hash == tokens.hashed(token), Step.expires_at > now)

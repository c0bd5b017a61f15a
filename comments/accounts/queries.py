"""Reading people."""

from __future__ import annotations

import sqlalchemy as sa

from comments import names
from comments.accounts.forms import email_key
from comments.accounts.models import User


def key_of(login: str) -> str:
    """What all spellings of one name, or of one e-mail address, have in common."""
    return email_key(login) if "@" in login else names.key(login)


def called(login: str) -> sa.Select[User]:
    """The local person of this name, or of this e-mail once it is confirmed."""
    if "@" in login:
        is_it = sa.and_(User.email_key == key_of(login), User.email_confirmed_at.is_not(None))
    else:
        is_it = User.name_key == key_of(login)
    return sa.select(User).where(is_it, User.site_id.is_(None), User.closed_at.is_(None))

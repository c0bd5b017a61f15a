"""The key of a person's own feed: shown once, kept as a hash, ended whenever they like."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import closing, tokens
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.notifications.models import FeedKey


def make(user: User, now: datetime) -> str:
    """A new key, which ends the one before. Raises NotSignedIn once they left."""
    closing.held(user)
    end(user)
    key = tokens.new()
    db.session.add(FeedKey(user_id=user.id, token_hash=tokens.hashed(key), created_at=now))
    db.session.flush()
    return key


def end(user: User) -> None:
    db.session.execute(sa.delete(FeedKey).where(FeedKey.user_id == user.id))


def of(user: User) -> FeedKey | None:
    return db.session.get(FeedKey, user.id)


def reader(key: str) -> User:
    """Whose feed this is. Raises NotFound."""
    found = db.session.scalar(
        sa.select(User)
        .join(FeedKey, FeedKey.user_id == User.id)
        .where(FeedKey.token_hash == tokens.hashed(key))
    )
    if found is None:
        raise NotFound(_("There is no such feed, or not any more."))
    return found

"""What people are called who belong to a site: as they like, with a number behind it where they
would pass for somebody else."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from functools import cache

import sqlalchemy as sa

from comments import names
from comments.accounts.models import User
from comments.db import db


def free(user: User, wish: str, seed: str) -> str:
    """The name, or what it is with a number: for this seed the same, while that is free."""
    return next(name for name in _names(wish, seed) if not _is_taken(user, name))


def _names(wish: str, seed: str) -> Iterator[str]:
    yield wish
    number = str(int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big"))
    for length in (3, 6, 12, 24):
        yield f"{wish} ({number[-length:]})"
    while True:  # somebody took all of these
        yield f"{wish} ({secrets.randbelow(10**24)})"


def _is_taken(user: User, name: str) -> bool:
    """Whether it would pass for an account of the service, for staff, or for another reader."""
    key = names.key(name)
    others = sa.exists().where(
        User.name_key == key,
        sa.or_(User.site_id.is_(None), User.site_id == user.site_id),
        User.id != user.id,
    )
    return is_official(key) or bool(key and db.session.scalar(sa.select(others)))


def is_official(key: str) -> bool:
    """Whether a name with this key would pass for somebody in charge."""
    return key in _official()


@cache
def _official() -> frozenset[str]:
    """Names that would pass for somebody in charge."""
    words = ("admin", "administrator", "moderator", "moderation", "staff", "support", "system")
    return frozenset(map(names.key, words))

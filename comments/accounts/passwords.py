"""Passwords: hashed with argon2id, outside of any transaction, since that is slow on purpose."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask_babel import gettext as _

from comments.accounts import closing, links, sessions, steps
from comments.accounts.models import Identity, User, Way
from comments.db import db
from comments.errors import Busy

# Each hash takes 64 MiB, so many at once would take the machine.
AT_ONCE = 4
PATIENCE = 10.0

# No person's hash, and made like theirs, so that to look for nobody takes as long.
NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5J3Mgc2FsdC4uLg"
    "$oQMrDCZo7CdK1ZKNPcI0Ya4K7SCN1QjHirdJwJ/gFWc"
)

hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(AT_ONCE)


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _turn():
        return hasher.hash(password)


def fits(password: str, secret: str | None) -> bool:
    """Whether this is the password of this hash. Without a hash it takes as long to say no."""
    with _turn():
        try:
            return hasher.verify(secret or NOBODYS, password) and secret is not None
        except (Argon2Error, InvalidHashError):
            return False


def secret_of(user: User, *, hold: bool = False) -> str | None:
    """The hash of this person's password, if they have one; with `hold` nobody changes it now."""
    select = sa.select(Identity.secret).where(
        Identity.user_id == user.id, Identity.way == Way.PASSWORD
    )
    return db.session.scalar(select.with_for_update() if hold else select)


def keep(user: User, secret: str, now: datetime) -> None:
    """Let this hash be the one of the person's password from now on."""
    known = db.session.scalar(
        sa.select(Identity).where(Identity.user_id == user.id, Identity.way == Way.PASSWORD)
    )
    if known is None:
        known = Identity(user_id=user.id, way=Way.PASSWORD, created_at=now)
        db.session.add(known)
    known.secret = secret
    db.session.flush()


def change(user: User, secret: str, now: datetime) -> None:
    """Another password from now on; whoever was signed in by the old one, or a link, is out.

    Raises NotSignedIn for who left meanwhile.
    """
    closing.held(user)
    keep(user, secret, now)
    sessions.end_all(user)
    links.end_all(user)
    steps.end_all(user)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy(_("Too many people are signing in at once. Please try again."))
    try:
        yield
    finally:
        _turns.release()

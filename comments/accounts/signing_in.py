"""Proving by a password who one is, and how often one may guess.

Wrong passwords are counted for what somebody signs in by, from one network and from everywhere, and
for a network. Once it was guessed at too often, each network has only a few tries left: whoever
guesses is stopped, and the person, who comes from elsewhere, is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from comments import limits
from comments.accounts import passwords, queries
from comments.accounts.models import Identity, User, Way
from comments.db import db

WINDOW = 600
PERSON = limits.Limit("sign-in-person", times=10, seconds=WINDOW)
PERSON_HERE = limits.Limit("sign-in-here", times=10, seconds=WINDOW)
GUESSED_AT_HERE = limits.Limit("sign-in-here", times=3, seconds=WINDOW)
NETWORK = limits.Limit("sign-in-network", times=50, seconds=WINDOW)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to be somebody: who that would be, and the hash of their password."""

    user: User | None
    secret: str | None
    subject: str
    network: str


def attempt(login: str, network: str, now: datetime) -> Attempt:
    """Count a try to sign in as `login`, a name or a confirmed e-mail. Raises TooMany.

    Nothing differs for people who are not known.
    """
    row = db.session.execute(
        queries.called(login)
        .join(Identity, sa.and_(Identity.user_id == User.id, Identity.way == Way.PASSWORD))
        .add_columns(Identity.secret)
    ).one_or_none()
    user, secret = row or (None, None)
    return _counted(Attempt(user, secret, f"?{queries.key_of(login)}", network), now)


def attempt_again(user: User, secret: str | None, network: str, now: datetime) -> Attempt:
    """Count a try of somebody who is signed in to prove it once more. Raises TooMany."""
    return _counted(Attempt(user, secret, str(user.id), network), now)


def succeeded(attempt: Attempt, user: User, now: datetime) -> bool:
    """The password was right, and if it still is, this try was none to be counted."""
    if passwords.secret_of(user, hold=True) != attempt.secret:
        return False
    limits.take_back(PERSON, attempt.subject, now)
    limits.clear(PERSON_HERE, _here(attempt), now)
    limits.take_back(NETWORK, attempt.network, now)
    return True


def _counted(attempt: Attempt, now: datetime) -> Attempt:
    is_guessed_at = limits.is_reached(PERSON, attempt.subject, now)
    if not is_guessed_at:
        limits.hit(PERSON, attempt.subject, now)
    limits.hit(GUESSED_AT_HERE if is_guessed_at else PERSON_HERE, _here(attempt), now)
    limits.hit(NETWORK, attempt.network, now)
    return attempt


def _here(attempt: Attempt) -> str:
    return f"{attempt.subject} {attempt.network}"

"""What a passkey signs: random, for one browser and one purpose, answered once and soon."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments.accounts.factors.models import SpentChallenge
from comments.db import db

LIFE = timedelta(minutes=10)
# A page that is drawn later than this gets another, so that there is time to answer.
FRESH_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Challenge:
    """`bound` says for whose session, or half a sign-in, it was made."""

    text: str
    made_at: float
    bound: str = ""

    @property
    def value(self) -> bytes:
        return self.text.encode()

    def is_younger_than(self, age: timedelta, now: datetime) -> bool:
        return 0 <= now.timestamp() - self.made_at < age.total_seconds()


def new(bound: str, now: datetime) -> Challenge:
    return Challenge(secrets.token_urlsafe(32), now.timestamp(), bound)


def spend(challenge: Challenge, now: datetime) -> bool:
    """Whether nobody answered it before; from now on somebody did."""
    digest = hashlib.sha256(challenge.value).hexdigest()
    if db.session.get(SpentChallenge, digest) is not None:
        return False
    db.session.add(SpentChallenge(digest=digest, ends_at=now + LIFE))
    db.session.flush()
    return True


def sweep(now: datetime) -> bool:
    """Forget those that are too old to be answered; nothing is left then."""
    db.session.execute(sa.delete(SpentChallenge).where(SpentChallenge.ends_at <= now))
    return False

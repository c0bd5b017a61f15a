"""Recovery codes: ten, shown once, each good once, for whoever lost the app and the passkeys."""

from __future__ import annotations

import secrets
from typing import cast

import sqlalchemy as sa

from comments.accounts import tokens
from comments.accounts.factors.models import RecoveryCode
from comments.accounts.models import User
from comments.db import db

MANY = 10
# Without those that are taken for one another; sixteen are 79 random bits.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH, GROUP = 16, 4


def renew(user: User) -> list[str]:
    """New codes, and those that were given out before are none any more."""
    end_all(user)
    codes = ["".join(secrets.choice(LETTERS) for _letter in range(LENGTH)) for _code in range(MANY)]
    db.session.add_all(
        RecoveryCode(user_id=user.id, code_hash=tokens.hashed(code)) for code in codes
    )
    db.session.flush()
    return ["-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP)) for code in codes]


def spend(user: User, code: str) -> bool:
    """Whether this is one of the person's codes, without its hyphens; from now on it is none."""
    mine = sa.delete(RecoveryCode).where(
        RecoveryCode.user_id == user.id, RecoveryCode.code_hash == tokens.hashed(code.lower())
    )
    return cast("sa.CursorResult[tuple[()]]", db.session.execute(mine)).rowcount == 1


def left(user: User) -> int:
    mine = sa.select(sa.func.count()).where(RecoveryCode.user_id == user.id)
    return db.session.scalar(mine) or 0


def end_all(user: User) -> None:
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))

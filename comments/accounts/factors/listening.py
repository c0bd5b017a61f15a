"""What becomes of second factors when an account is closed or copied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import retention, signals
from comments.accounts.factors import apps, challenges, keeping, letters, passkeys, recovery
from comments.accounts.factors.models import Passkey
from comments.accounts.models import User
from comments.db import db


def connect() -> None:
    letters.connect()
    retention.sweeps["challenges"] = challenges.sweep
    signals.account_closed.connect(_forget)
    signals.data_wanted.connect(_what_is_kept)


def _forget(user: User, *, erase: bool, now: datetime) -> None:
    for factor in keeping.FACTORS:
        db.session.execute(sa.delete(factor).where(factor.user_id == user.id))
    recovery.end_all(user)
    user.has_factor = False


def _what_is_kept(user: User) -> dict[str, Any]:
    app = apps.of(user)
    return {
        "second_factors": {
            "app": {"created_at": app.created_at.isoformat()} if app else None,
            "passkeys": [_passkey(row) for row in passkeys.of(user)],
            "recovery_codes_left": recovery.left(user),
        }
    }


def _passkey(row: Passkey) -> dict[str, Any]:
    return {
        "name": row.name,
        "created_at": row.created_at.isoformat(),
        "used_at": row.used_at.isoformat() if row.used_at else None,
    }

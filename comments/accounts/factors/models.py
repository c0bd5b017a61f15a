"""The records of second factors."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from comments.db import Model, bytewise


class App(Model):
    """An authenticator app that shows a new code every half minute (RFC 6238)."""

    __tablename__ = "authenticator_apps"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[str] = mapped_column(sa.String(400))
    # The half minute of the last code that counted: it counts once, and so does any before it.
    last_step: Mapped[int]
    created_at: Mapped[datetime]


class RecoveryCode(Model):
    """One of the codes for whoever lost the rest. To use it deletes the row."""

    __tablename__ = "recovery_codes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)

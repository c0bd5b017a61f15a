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


class Passkey(Model):
    """The public half of a key that never leaves somebody's device or vault (WebAuthn)."""

    __tablename__ = "passkeys"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    credential_id: Mapped[str] = mapped_column(bytewise(1400), unique=True)
    public_key: Mapped[bytes]
    # By what authenticators know the person: random, and the same for all passkeys of one.
    handle: Mapped[bytes] = mapped_column(sa.LargeBinary(64))
    # How often it was used, where its authenticator counts; less than we know of is a copy's.
    sign_count: Mapped[int]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SpentChallenge(Model):
    """A challenge that a passkey has answered, kept for as long as it could be answered again."""

    __tablename__ = "spent_challenges"

    digest: Mapped[str] = mapped_column(bytewise(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)

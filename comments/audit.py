"""What staff did, kept: append-only rows in the transaction of the act itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from comments.db import Model, db


class Entry(Model):
    """One act: on which site, by whom (nobody for the command line), what, with which details."""

    __tablename__ = "audit"
    __table_args__ = (
        sa.Index("ix_audit_site", "site_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    act: Mapped[str] = mapped_column(sa.String(60))
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


def record(
    act: str, *, now: datetime, by_id: int | None, site_id: int | None = None, **details: Any
) -> None:
    db.session.add(Entry(act=act, by_id=by_id, site_id=site_id, details=details, created_at=now))

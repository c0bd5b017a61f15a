"""The records of judgement."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from comments.db import Model
from comments.words import word


class Complaint(StrEnum):
    """Why a reader reports a comment."""

    SPAM = "spam"
    ABUSE = "abuse"
    HATE = "hate"
    PRIVATE = "private"
    OFFTOPIC = "offtopic"
    OTHER = "other"


class Outcome(StrEnum):
    """What a moderator made of a report."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Report(Model):
    """One reader's report of one comment. There is one of each, whatever became of it."""

    __tablename__ = "reports"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "comment_id"], ["comments.site_id", "comments.id"]),
        sa.UniqueConstraint("comment_id", "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    comment_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    revision: Mapped[int]
    reason: Mapped[Complaint] = mapped_column(word(Complaint))
    text: Mapped[str] = mapped_column(sa.String(1000), default="")
    created_at: Mapped[datetime]
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome))
    decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("decisions.id"))

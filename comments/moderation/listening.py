"""What follows for reports from what people do with their accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import signals
from comments.accounts.models import User
from comments.db import db
from comments.moderation.models import Report
from comments.sites.models import Site
from comments.threads.models import Comment


def connect() -> None:
    signals.account_closed.connect(_forget_words)
    signals.data_wanted.connect(_made)


def _forget_words(user: User, *, erase: bool, now: datetime) -> None:
    """What they wrote to moderators goes, and what others wrote to those about them; that somebody
    reported stays, or records would change."""
    if erase:
        theirs = sa.select(Comment.id).where(Comment.author_id == user.id)
        about = sa.or_(Report.user_id == user.id, Report.comment_id.in_(theirs))
        db.session.execute(sa.update(Report).where(about).values(text=""))


def _made(user: User) -> dict[str, Any]:
    rows = db.session.execute(
        sa.select(Report, Site.key)
        .join(Site, Site.id == Report.site_id)
        .where(Report.user_id == user.id)
        .order_by(Report.id)
    )
    return {"reports": [_report(row, key) for row, key in rows]}


def _report(report: Report, key: str) -> dict[str, Any]:
    return {
        "site": key,
        "comment": str(report.comment_id),
        "reason": report.reason.value,
        "text": report.text,
        "created_at": report.created_at.isoformat(),
        "outcome": report.outcome.value if report.outcome else None,
    }

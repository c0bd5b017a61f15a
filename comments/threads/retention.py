"""Texts that nobody reads any more are erased after a while; places and decisions stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import retention
from comments.db import AnyRow, db
from comments.threads import posting, repeats, status
from comments.threads.models import Comment, Status

# For so long an author, or a moderator, may still want to see what was taken away.
KEPT = {Status.WITHDRAWN: timedelta(days=30), Status.REJECTED: timedelta(days=183)}
BATCH = 50


def connect() -> None:
    retention.sweeps["texts"] = erase_due
    retention.sweeps["answers"] = repeats.sweep


def erase_due(now: datetime) -> bool:
    """Erase some of the texts that were out for long enough; whether there may be more."""
    found = [(article, id) for kept in KEPT for article, id in _due(kept, now)]
    for article in sorted({article for article, _id in found}):
        status.locked(article)  # in one order, and nobody restores what is erased
    rows = db.session.scalars(
        sa.select(Comment)
        .where(Comment.id.in_([id for _article, id in found]))
        .order_by(Comment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for comment in rows.all():
        if comment.out_since is not None and comment.out_since < now - KEPT[comment.status]:
            posting.erase(comment)
    db.session.flush()
    return bool(found)


def _due(kept: Status, now: datetime) -> Sequence[AnyRow]:
    return db.session.execute(
        sa.select(Comment.article_id, Comment.id)
        .where(Comment.status == kept, Comment.out_since < now - KEPT[kept])
        .order_by(Comment.out_since, Comment.id)
        .limit(BATCH)
    ).all()

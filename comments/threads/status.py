"""The one place where a status changes; it always leaves a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import changes
from comments.accounts.models import User
from comments.db import db, upsert
from comments.errors import Conflict
from comments.sites.models import Participant
from comments.threads.models import Act, Article, Comment, Decision, Status

PENDING, PUBLISHED, REJECTED, WITHDRAWN = (
    Status.PENDING,
    Status.PUBLISHED,
    Status.REJECTED,
    Status.WITHDRAWN,
)

# Staying where one is (kept, edited) is a decision too; nothing leaves withdrawn.
LEGAL: dict[Status | None, frozenset[Status]] = {
    None: frozenset(Status),
    PENDING: frozenset({PENDING, PUBLISHED, REJECTED, WITHDRAWN}),
    PUBLISHED: frozenset({PENDING, PUBLISHED, REJECTED, WITHDRAWN}),
    REJECTED: frozenset({REJECTED, PUBLISHED, PENDING}),
    WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Why:
    """Who did what, and for which reason; nobody means the service itself."""

    act: Act
    by: User | None = None
    reason: str | None = None
    rule: str | None = None
    note: str | None = None


def move(comment: Comment, to: Status, why: Why, now: datetime) -> Decision:
    """Give `comment` the status `to`, with every counter, version and the record of it.

    The article's row must be locked by the caller (`locked`), so that two moves in one thread
    come one after the other. A comment that has no decision yet is new. Raises Conflict for a
    move that is not legal.
    """
    before = None if comment.decided_id is None else comment.status
    if to not in LEGAL[before] or (
        before is None and to is WITHDRAWN and why.act is not Act.IMPORT
    ):
        message = _("This is not possible with this comment any more.")
        raise Conflict(message, code="illegal-move", status=before)
    comment.status = to
    comment.shown = to is PUBLISHED or comment.replies > 0
    if to is WITHDRAWN:
        comment.open_reports = 0
    with db.session.no_autoflush:  # the comment's own row is written once, at the end
        decision = _recorded(comment, before, to, why, now)
        _count_article(comment, before, to)
        _count_author(comment, before, to, now)
        _count_ancestors(comment, (to is PUBLISHED) - (before is PUBLISHED))
    db.session.flush()
    return decision


def locked(article_id: int) -> Article:
    """The article, read afresh and held until the transaction ends."""
    return db.session.execute(
        sa.select(Article)
        .where(Article.id == article_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _count_article(comment: Comment, before: Status | None, to: Status) -> None:
    visible = PUBLISHED in (before, to) or comment.shown
    columns: dict[str, object] = {}
    for status in (PENDING, PUBLISHED, REJECTED):
        if step := (to is status) - (before is status):
            columns[status.value] = getattr(Article, status.value) + step
    if visible:
        columns["version"] = Article.version + 1
        changes.article(comment.article_id)
    if columns:
        db.session.execute(
            sa.update(Article).where(Article.id == comment.article_id).values(columns)
        )


def _count_author(comment: Comment, before: Status | None, to: Status, now: datetime) -> None:
    published = (to is PUBLISHED) - (before is PUBLISHED)
    rejected = (to is REJECTED) - (before is REJECTED)
    if before is not None and not published and not rejected:
        return
    db.session.execute(
        upsert(Participant)
        .values(
            site_id=comment.site_id,
            user_id=comment.author_id,
            first_seen_at=now,
            published=published,
            rejected=rejected,
            upheld_reports=0,
        )
        .on_conflict_do_update(
            index_elements=[Participant.site_id, Participant.user_id],
            set_={
                "published": Participant.published + published,
                "rejected": Participant.rejected + rejected,
            },
        )
    )


def _count_ancestors(comment: Comment, step: int) -> None:
    if not step or not comment.ancestor_ids:
        return
    replies = Comment.replies + step
    db.session.execute(
        sa.update(Comment)
        .where(Comment.id.in_(comment.ancestor_ids))
        .values(replies=replies, shown=sa.or_(Comment.status == PUBLISHED, replies > 0))
        .execution_options(synchronize_session="fetch")
    )


def _recorded(
    comment: Comment, before: Status | None, to: Status, why: Why, now: datetime
) -> Decision:
    decision = db.session.scalars(
        sa.insert(Decision).returning(Decision),
        {
            "site_id": comment.site_id,
            "comment_id": comment.id,
            "revision": comment.revision,
            "act": why.act,
            "from_status": before,
            "to_status": to,
            "by_id": why.by.id if why.by else None,
            "reason": why.reason,
            "rule": why.rule,
            "note": why.note,
            "created_at": now,
        },
    ).one()
    comment.decided_id = decision.id
    return decision

"""Every counter of the product against a count of the rows it stands for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from comments.db import db
from comments.moderation.models import Report
from comments.sites.models import Participant
from comments.threads import voting
from comments.threads.models import STEP, Article, Comment, Decision, Status, Vote


def differences() -> list[str]:
    """Where a counter is not what a recount says; empty is right."""
    db.session.rollback()
    db.session.expire_all()
    comments = list(db.session.scalars(sa.select(Comment)))
    counts = (_articles, _people, _trees, _records, _votes)
    return [found for count in counts for found in count(comments)]


def _articles(comments: list[Comment]) -> list[str]:
    return [
        f"article {row.id} {status.value}: {getattr(row, status.value)}, counted {counted}"
        for row in db.session.scalars(sa.select(Article))
        for status in (Status.PUBLISHED, Status.PENDING, Status.REJECTED)
        if getattr(row, status.value)
        != (counted := sum(c.article_id == row.id and c.status is status for c in comments))
    ]


def _people(comments: list[Comment]) -> list[str]:
    return [
        f"person {row.user_id} on {row.site_id} {status.value}"
        for row in db.session.scalars(sa.select(Participant))
        for status in (Status.PUBLISHED, Status.REJECTED)
        if getattr(row, status.value)
        != sum(
            (c.site_id, c.author_id, c.status) == (row.site_id, row.user_id, status)
            for c in comments
        )
    ]


def _trees(comments: list[Comment]) -> list[str]:
    wrong = []
    for row in comments:
        below = sum(
            c.status is Status.PUBLISHED
            and c.article_id == row.article_id
            and len(c.path) > len(row.path)
            and c.path.startswith(row.path)
            for c in comments
        )
        shown = row.status is Status.PUBLISHED or below > 0
        if (row.replies, row.shown) != (below, shown) or len(row.path) % STEP:
            wrong.append(f"comment {row.id}: {row.replies} replies, counted {below}")
    return wrong


def _records(comments: list[Comment]) -> list[str]:
    latest: dict[int, Any] = {}
    for decision in db.session.scalars(sa.select(Decision).order_by(Decision.id)):
        latest[decision.comment_id] = decision
    gone = {row.id for row in comments if row.status is Status.WITHDRAWN}  # nobody judges it
    open_reports: dict[int, int] = {}
    for report in db.session.scalars(sa.select(Report).where(Report.outcome.is_(None))):
        if report.comment_id not in gone:
            open_reports[report.comment_id] = open_reports.get(report.comment_id, 0) + 1
    return [
        f"comment {row.id}: status, last decision or reports differ"
        for row in comments
        if latest[row.id].to_status is not row.status
        or latest[row.id].id != row.decided_id
        or row.open_reports != open_reports.get(row.id, 0)
    ]


def _votes(comments: list[Comment]) -> list[str]:
    votes = list(db.session.scalars(sa.select(Vote)))
    wrong = []
    for row in comments:
        ups, downs = (
            sum((vote.comment_id, vote.value) == (row.id, value) for vote in votes)
            for value in (1, -1)
        )
        if (row.ups, row.downs, row.rank) != (ups, downs, voting.rank(ups, downs)):
            wrong.append(f"votes of comment {row.id}: {row.ups} up, {row.downs} down")
    return wrong

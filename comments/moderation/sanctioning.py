"""Sanctioning from the desk: keep an author from writing, and clear away what waits of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import audit
from comments.accounts.models import User
from comments.db import db
from comments.moderation import reporting
from comments.moderation.forms import Penalty, Term
from comments.sites import sanctions
from comments.sites.models import Measure, Sanction, Site
from comments.threads import status
from comments.threads.models import Act, Comment, Status

# Rejected in one transaction; it holds the write lock, and each takes half a dozen statements.
BATCH = 100
REASON = "sanction"
# The same click again.
SAME_ACT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sanctioned:
    """The sanction, how many waiting comments were rejected, and whether some may be left."""

    sanction: Sanction
    rejected: int
    has_more: bool


def sanction(comment: Comment, penalty: Penalty, by: User, now: datetime) -> Sanctioned:
    """Suspend or ban a comment's author and, if asked, reject the first of theirs that wait.

    The same again changes nothing but goes on rejecting, so that it may be called until nothing
    is left. Raises Forbidden for oneself and for members of the site.
    """
    site = db.session.get_one(Site, comment.site_id)
    author = _held(comment.author_id)
    imposed = _known(site, author, penalty, by, now) or sanctions.impose(
        site, author, _terms(penalty, now), by, now
    )
    if not penalty.reject_waiting:
        return Sanctioned(imposed, 0, has_more=False)
    rejected = _reject_waiting(site, author, status.Why(Act.REJECT, by, REASON), now)
    return Sanctioned(imposed, rejected, has_more=rejected == BATCH)


def _held(id: int) -> User:
    """The person's row, held, so that a post of theirs comes before all this or after it."""
    return db.session.execute(
        sa.select(User).where(User.id == id).with_for_update(key_share=True)
    ).scalar_one()


def _known(site: Site, author: User, penalty: Penalty, by: User, now: datetime) -> Sanction | None:
    """What the same person imposed a moment ago, on the same terms."""
    for held in sanctions.all_in_force(site, author, now):
        terms = (held.measure, held.until, held.reason)
        is_new = held.by_id == by.id and held.created_at >= now - SAME_ACT
        if is_new and terms == _terms(penalty, held.created_at):
            return held
    return None


def _terms(penalty: Penalty, begin: datetime) -> tuple[Measure, datetime | None, str]:
    if penalty.term is Term.FOR_GOOD:
        return Measure.BAN, None, penalty.reason
    return Measure.SUSPEND, begin + timedelta(days=int(penalty.term)), penalty.reason


def _reject_waiting(site: Site, author: User, why: status.Why, now: datetime) -> int:
    """Reject the oldest that wait. Their articles are locked in one order, the order of ids."""
    waiting = db.session.execute(
        sa.select(Comment.id, Comment.article_id)
        .where(
            Comment.author_id == author.id,
            Comment.site_id == site.id,
            Comment.status == Status.PENDING,
        )
        .order_by(Comment.created_at, Comment.id)
        .limit(BATCH)
    ).all()
    for article_id in sorted({row.article_id for row in waiting}):
        status.locked(article_id)
    decisions = [id for row in waiting if (id := _rejected(row.id, why, now))]
    if decisions:
        audit.record(
            "waiting-rejected",
            now=now,
            by_id=why.by.id if why.by else None,
            site_id=site.id,
            person=author.id,
            decisions=decisions,
        )
    return len(waiting)


def _rejected(id: int, why: status.Why, now: datetime) -> int | None:
    """The Decision, unless somebody decided while we waited for the article."""
    comment = db.session.get_one(Comment, id, populate_existing=True, with_for_update=True)
    if comment.status is not Status.PENDING:
        return None
    decision = status.move(comment, Status.REJECTED, why, now)
    reporting.settle(comment, decision)
    return decision.id

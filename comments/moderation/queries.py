"""Reading for the desk. A page of it costs the page, however much waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import contains_eager

from comments import paging
from comments.accounts.models import User
from comments.db import AnySelect, db
from comments.errors import Forbidden, NotFound
from comments.moderation import facts
from comments.moderation.facts import Facts
from comments.moderation.forms import Queue, View
from comments.moderation.models import Report
from comments.sites import access
from comments.sites.models import Membership, Participant, Sanction, Site
from comments.threads.models import Article, Comment, Decision, Revision, State, Status

SIZE = 25
# Counting stops here, and says "1,000+".
MOST_COUNTED = 1000
# How many reports of one comment a card shows, and how much of a history its own page.
REPORTS = 5
HISTORY = 50
REPLIES = 10


class Told(NamedTuple):
    """A report and the name of who made it."""

    report: Report
    name: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list is narrowed to, by name."""

    author: User | None
    article: Article | None


@dataclass(frozen=True, slots=True)
class Counts:
    waiting: int
    reported: int


def for_review(user: User, id: int) -> tuple[Comment, Membership]:
    """A comment, and what this person is on its site.

    Raises NotFound for strangers, Forbidden for members who don't moderate, and FactorNeeded.
    """
    found = db.session.execute(
        sa.select(Comment, Membership)
        .join(Membership, Membership.site_id == Comment.site_id)
        .join(Membership.site)
        .options(contains_eager(Membership.site))
        .where(Comment.id == id, Membership.user_id == user.id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("There is no such comment."))
    comment, membership = found
    if not membership.role.moderates:
        raise Forbidden(_("Your role on this site does not allow this."))
    access.check_factor(membership.site, user)
    return comment, membership


def reportable(id: int) -> Comment:
    """A comment that everybody may read. Raises NotFound."""
    found = db.session.scalar(
        sa.select(Comment)
        .join(Comment.article)
        .options(contains_eager(Comment.article))
        .where(Comment.id == id, Comment.status == Status.PUBLISHED, Article.state != State.HIDDEN)
    )
    if found is None:
        raise NotFound(_("This comment is not here, or not any more."))
    return found


def waiting(site: Site) -> AnySelect:
    return sa.select(Comment.id).where(Comment.site_id == site.id, Comment.status == Status.PENDING)


def reported(site: Site) -> AnySelect:
    # The nought stands in the statement: beside a parameter the partial index would not be used.
    return sa.select(Comment.id).where(
        Comment.site_id == site.id, Comment.open_reports > sa.literal_column("0")
    )


def everything(site: Site, queue: Queue) -> AnySelect:
    """All comments, by status, author and article. The article is known to be of the site."""
    select: AnySelect = sa.select(Comment.id)
    if queue.article is None:
        select = select.where(Comment.site_id == site.id)
    else:
        select = select.where(Comment.article_id == queue.article)
    if queue.author is not None:
        select = select.where(Comment.author_id == queue.author, Comment.site_id == site.id)
    if queue.status is not None:
        select = select.where(Comment.status == queue.status)
    return select


def narrowed(site: Site, queue: Queue) -> Narrowed | None:
    """The author and the article that a list is narrowed to, or None if one of them is not here."""
    if queue.author is None and queue.article is None:
        return Narrowed(None, None)
    once = sa.select(sa.literal(1)).subquery()
    here = sa.and_(Participant.site_id == site.id, Participant.user_id == queue.author)
    this = sa.and_(Article.site_id == site.id, Article.id == queue.article)
    author, article = db.session.execute(
        sa.select(User, Article)
        .select_from(once)
        .outerjoin(Participant, here)
        .outerjoin(User, User.id == Participant.user_id)
        .outerjoin(Article, this)
    ).one()
    missing = (queue.author and author is None) or (queue.article and article is None)
    return None if missing else Narrowed(author, article)


def page(site: Site, queue: Queue) -> paging.Page[Facts]:
    """One page of a list: its ids from an index, and what belongs to them."""
    ids = {
        View.WAITING: lambda: waiting(site),
        View.REPORTED: lambda: reported(site),
        View.ALL: lambda: everything(site, queue),
    }[queue.view]()
    place = (Comment.created_at, Comment.id)
    found = paging.by_moment(ids, place, newest=queue.newest, after=queue.after, size=SIZE)
    order = [column.desc() if queue.newest else column for column in place]
    return paging.cut(
        facts.read(facts.of(found).order_by(*order)),
        SIZE,
        lambda row: paging.moment_cursor(row.comment.created_at, row.comment.id),
    )


def one(comment: Comment) -> Facts:
    return facts.read(facts.of(sa.select(Comment.id).where(Comment.id == comment.id)))[0]


def open_reports(comments: Sequence[Comment], most: int = REPORTS) -> list[Told]:
    """The latest open reports of each comment: a limited look into the index for each."""
    ids = [
        sa.select(
            sa.select(Report.id)
            .where(Report.comment_id == comment.id, Report.outcome.is_(None))
            .order_by(Report.id.desc())
            .limit(most)
            .subquery()
            .c.id
        )
        for comment in comments
        if comment.open_reports
    ]
    return _told(Report.id.in_(sa.union_all(*ids))) if ids else []


def reports(comment: Comment) -> list[Told]:
    """The reports of a comment, settled or not, the latest first."""
    latest = sa.select(Report.id).where(Report.comment_id == comment.id)
    return _told(Report.id.in_(latest.order_by(Report.id.desc()).limit(HISTORY)))


def in_force(site: Site, people: set[int], now: datetime) -> list[Sanction]:
    """The sanctions that keep these people from writing now."""
    return list(
        db.session.scalars(
            sa.select(Sanction).where(
                Sanction.site_id == site.id,
                Sanction.user_id.in_(people),
                Sanction.lifted_at.is_(None),
                sa.or_(Sanction.until.is_(None), Sanction.until > now),
            )
        )
    )


def counts(site: Site) -> Counts:
    """How much waits and how much is reported, counted to just beyond what is shown."""
    return Counts(
        *db.session.execute(sa.select(_limited(waiting(site)), _limited(reported(site)))).one()
    )


def decisions(comment: Comment) -> list[tuple[Decision, str | None]]:
    """What became of a comment, by whom, the latest first."""
    rows = db.session.execute(
        sa.select(Decision, User.name)
        .outerjoin(User, User.id == Decision.by_id)
        .where(Decision.comment_id == comment.id)
        .order_by(Decision.id.desc())
        .limit(HISTORY)
    )
    return [(row[0], row[1]) for row in rows]


def earlier_texts(comment: Comment) -> list[Revision]:
    return list(
        db.session.scalars(
            sa.select(Revision)
            .where(Revision.comment_id == comment.id, Revision.number < comment.revision)
            .order_by(Revision.number.desc())
            .limit(HISTORY)
        )
    )


def above(comment: Comment) -> list[Facts]:
    """What a comment answers, and what that answers, the root first."""
    ids = sa.select(Comment.id).where(Comment.id.in_(comment.ancestor_ids))
    return facts.read(facts.of(ids).order_by(Comment.path)) if comment.parent_id else []


def below(comment: Comment) -> list[Facts]:
    """The first answers to a comment."""
    ids = (
        sa.select(Comment.id)
        .where(Comment.article_id == comment.article_id, Comment.parent_id == comment.id)
        .order_by(Comment.id)
        .limit(REPLIES)
    )
    return facts.read(facts.of(ids).order_by(Comment.id))


def _told(which: sa.ColumnElement[bool]) -> list[Told]:
    rows = db.session.execute(
        sa.select(Report, User.name)
        .join(User, User.id == Report.user_id)
        .where(which)
        .order_by(Report.id.desc())
    )
    return [Told(*row) for row in rows]


def _limited(ids: AnySelect) -> sa.ScalarSelect[int]:
    some = ids.limit(MOST_COUNTED + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()

"""Reading what people were told. Nothing here writes.

What is gone from the page since is passed over, and so is a decision that holds no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from comments import markup, paging
from comments.accounts.models import User
from comments.db import AnyRow, AnySelect, db
from comments.notifications.models import (
    CHOICE_OF,
    USUAL,
    Kind,
    Notification,
    Preference,
    Subscription,
)
from comments.sites.models import Membership, Participant, Site
from comments.threads.models import Article, Comment, Decision, Revision, State, Status

SIZE = 25
# Counting stops here, and says "99+"; and here for what is told together.
MOST_COUNTED, MOST_TOLD = 99, 999
LONGEST = 240


@dataclass(frozen=True, slots=True)
class Told:
    """A comment that somebody hears of, and why. `name` is its author's, `url` the publisher's
    page; `before` and `after` say what a decision made of it, `reason` and `note` why."""

    id: int
    kind: Kind
    at: datetime
    is_new: bool
    comment_id: int
    article_id: int
    name: str
    title: str
    url: str | None
    site: str
    excerpt: str
    before: Status | None
    after: Status
    reason: str | None
    note: str | None

    @property
    def is_public(self) -> bool:
        """Whether it has a place on a page: one's own may have been rejected."""
        return self.kind is not Kind.DECISION or self.after is Status.PUBLISHED

    @property
    def path(self) -> str:
        """Where on our pages it is read."""
        return f"/comments/{self.comment_id}" if self.is_public else "/mine"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What somebody is told of together: the last of it, and how many there are, counted to just
    beyond MOST_TOLD."""

    told: list[Told]
    number: int


@dataclass(frozen=True, slots=True)
class Followed:
    """An article whose thread somebody follows, by the publisher's id of it, and its site."""

    since: datetime
    article_id: int
    article: str
    title: str
    site: str
    site_name: str


def page(person: User, after: str | None) -> paging.Page[Told]:
    """A page of what this person hears of, the newest first."""
    select = paging.by_moment(
        _told(Notification.user_id == person.id),
        (Notification.created_at, Notification.id),
        newest=True,
        after=after,
        size=SIZE,
    )
    rows = [_made(row) for row in db.session.execute(select)]
    return paging.cut(rows, SIZE, lambda told: paging.moment_cursor(told.at, told.id))


def latest(person: User, site: Site, size: int) -> list[Told]:
    """What is new to this person on one site, and then what they heard of last."""
    here = sa.and_(Notification.user_id == person.id, Notification.site_id == site.id)
    fresh = _newest(sa.and_(here, Notification.seen_at.is_(None)), size)
    known = _newest(sa.and_(here, Notification.seen_at.is_not(None)), size - len(fresh))
    return fresh + known


def of_bundle(
    person: User, site_id: int, bundle: sa.ColumnElement[bool], kinds: Sequence[Kind], size: int
) -> Bundle:
    """So many of what somebody is told of together, however many there are."""
    here = sa.and_(
        Notification.user_id == person.id,
        Notification.site_id == site_id,
        bundle,
        Notification.kind.in_(kinds),
        Notification.seen_at.is_(None),
    )
    return Bundle(_newest(here, size), _number(here, MOST_TOLD))


def unseen(person: User, site: Site | None = None) -> int:
    """How much of it is new, on one site or everywhere, counted to just beyond what is said."""
    fresh = sa.and_(Notification.user_id == person.id, Notification.seen_at.is_(None))
    here = fresh if site is None else sa.and_(fresh, Notification.site_id == site.id)
    return _number(here, MOST_COUNTED)


def has_place(notification: Notification) -> bool:
    """Whether the comment can be seen where it belongs; else only its author sees what it was."""
    comment = db.session.get_one(Comment, notification.comment_id)
    return comment.shown


def chosen(person: User, site: Site) -> dict[str, str]:
    """How soon letters of a site come, as a form shows it; the language if one was chosen."""
    row = db.session.get(Preference, (person.id, site.id))
    values = {
        choice.key: (row.of(kind) if row else USUAL[kind]).value
        for kind, choice in CHOICE_OF.items()
    }
    return {**values, "language": row.language} if row and row.language else values


def places(person: User) -> Sequence[Site]:
    """The sites where this person has written, works, follows a thread, or chose letters."""
    ids = [
        sa.select(model.site_id).where(model.user_id == person.id)
        for model in (Participant, Membership, Subscription, Preference)
    ]
    return db.session.scalars(
        sa.select(Site).where(Site.id.in_(sa.union(*ids))).order_by(Site.name, Site.id)
    ).all()


def follows(person: User, article_id: int) -> bool:
    return db.session.get(Subscription, (article_id, person.id)) is not None


def followed(person: User, after: str | None) -> paging.Page[Followed]:
    """A page of the articles that this person follows, the latest first."""
    select = (
        sa.select(Subscription, Article.key, Article.title, Site.key, Site.name)
        .join(Article, Article.id == Subscription.article_id)
        .join(Site, Site.id == Subscription.site_id)
        .where(Subscription.user_id == person.id)
    )
    place = (Subscription.created_at, Subscription.article_id)
    select = paging.by_moment(select, place, newest=True, after=after, size=SIZE)
    rows = [
        Followed(row.created_at, row.article_id, article, title or article, site, name)
        for row, article, title, site, name in db.session.execute(select)
    ]
    return paging.cut(rows, SIZE, lambda row: paging.moment_cursor(row.since, row.article_id))


def _newest(which: sa.ColumnElement[bool], size: int) -> list[Told]:
    order = (Notification.created_at.desc(), Notification.id.desc())
    rows = db.session.execute(_told(which).order_by(*order).limit(size))
    return [_made(row) for row in rows]


def _number(which: sa.ColumnElement[bool], most: int) -> int:
    counted = _standing(sa.select(Notification.id)).where(which).limit(most + 1).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def _told(which: sa.ColumnElement[bool]) -> AnySelect:
    current = sa.and_(Revision.comment_id == Comment.id, Revision.number == Comment.revision)
    return (
        _standing(
            sa.select(
                Notification.id,
                Notification.kind,
                Notification.created_at,
                Notification.seen_at,
                Notification.comment_id,
                Notification.article_id,
                User.name,
                Article.title,
                Article.key,
                Article.url,
                Site.name.label("site"),
                Revision.html,
                Decision.from_status,
                Decision.to_status,
                Decision.reason,
                Decision.note,
            )
        )
        .join(User, User.id == Comment.author_id)
        .join(Revision, current)
        .join(Site, Site.id == Notification.site_id)
        .where(which)
    )


def _standing(select: AnySelect) -> AnySelect:
    is_here = sa.case(
        (Notification.kind == Kind.DECISION, Comment.status == Decision.to_status),
        else_=Comment.status == Status.PUBLISHED,
    )
    return (
        select.select_from(Notification)
        .join(Comment, Comment.id == Notification.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .join(Decision, Decision.id == Notification.decision_id)
        .where(is_here, Article.state != State.HIDDEN)
    )


def _made(row: AnyRow) -> Told:
    return Told(
        id=row.id,
        kind=row.kind,
        at=row.created_at,
        is_new=row.seen_at is None,
        comment_id=row.comment_id,
        article_id=row.article_id,
        name=row.name,
        title=row.title or row.key,
        url=row.url,
        site=row.site,
        excerpt=excerpt(row.html),
        before=row.from_status,
        after=row.to_status,
        reason=row.reason,
        note=row.note,
    )


def excerpt(html: str) -> str:
    """The beginning of a text, on one line."""
    text = " ".join(markup.text(html).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"

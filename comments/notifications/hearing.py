"""What follows for whom when a comment is published, taken off the page, or decided about.

Everything here runs beside the requests, told by `events`: a post costs nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import events
from comments.accounts.models import User
from comments.db import AnySelect, db, fetch, upsert
from comments.events import Event
from comments.notifications import mentions, timing
from comments.notifications.models import (
    CHOICE_OF,
    USUAL,
    Kind,
    Notification,
    Preference,
    Subscription,
    When,
)
from comments.sites.models import Measure, Sanction
from comments.threads import status
from comments.threads.models import Act, Article, Comment, Decision, Revision, State, Status

PUBLISHED = Status.PUBLISHED


def connect() -> None:
    events.hear(status.DECIDED, "notifications", heard)


@dataclass(frozen=True, slots=True)
class Happened:
    """A Decision, its comment and article as they stand now, and the moment."""

    now: datetime
    decision_id: int
    act: Act
    from_status: Status | None
    to_status: Status
    by_id: int | None
    comment_id: int
    site_id: int
    article_id: int
    parent_id: int | None
    author_id: int
    status: Status
    state: State
    source: str

    @property
    def is_published(self) -> bool:
        """Whether it is by this that the comment is on the page."""
        return self.to_status is PUBLISHED and self.from_status is not PUBLISHED


def heard(told: Sequence[Event]) -> None:
    """Tell of Decisions, or take back what was told of their comments before."""
    happened = _read(told)
    followed = _followed({each.article_id for each in happened})
    for each in happened:
        _hear(each, each.article_id in followed)


def _read(told: Sequence[Event]) -> list[Happened]:
    rows = fetch(
        sa.select(
            Decision.created_at,
            Decision.id,
            Decision.act,
            Decision.from_status,
            Decision.to_status,
            Decision.by_id,
            Comment.id,
            Comment.site_id,
            Comment.article_id,
            Comment.parent_id,
            Comment.author_id,
            Comment.status,
            Article.state,
            Revision.source,
        )
        .join(Comment, Comment.id == Decision.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .join(
            Revision,
            sa.and_(Revision.comment_id == Comment.id, Revision.number == Comment.revision),
        )
        .where(Decision.id.in_([event.facts["decision"] for event in told]))
        .order_by(Decision.id)
    )
    return [Happened(*row) for row in rows]


def _followed(articles: Iterable[int]) -> set[int]:
    """Which of these articles anybody follows."""
    follows = sa.select(Subscription.article_id).where(Subscription.article_id.in_(articles))
    return set(db.session.scalars(follows.distinct()))


def _hear(happened: Happened, is_followed: bool) -> None:
    before, after = happened.from_status, happened.to_status
    if before is PUBLISHED and after is not PUBLISHED:
        _take_back(happened, Notification.kind != Kind.DECISION)
    if before and after in (Status.PENDING, Status.WITHDRAWN):
        _take_back(happened, Notification.kind == Kind.DECISION)
    # What was decided since is told of in its turn.
    if happened.status is not after:
        return
    if after is PUBLISHED and happened.state is not State.HIDDEN:
        _tell_others(happened, is_followed)
    if _is_news_to_the_author(happened):
        _tell_author(happened)


def _take_back(happened: Happened, which: sa.ColumnElement[bool]) -> None:
    """Nobody hears of this any more who has neither read it nor been told."""
    db.session.execute(
        sa.delete(Notification).where(
            Notification.comment_id == happened.comment_id,
            which,
            Notification.seen_at.is_(None),
            Notification.mailed_at.is_(None),
            Notification.pushed_at.is_(None),
        )
    )


def _tell_others(happened: Happened, is_followed: bool) -> None:
    if happened.is_published and happened.parent_id is not None:
        above = sa.select(Comment.author_id).where(Comment.id == happened.parent_id)
        _tell(happened, Kind.REPLY, above)
    if named := mentions.people(happened.site_id, happened.article_id, happened.source):
        _tell(happened, Kind.MENTION, sa.select(User.id).where(User.id.in_(named)))
    if happened.is_published and is_followed:
        following = sa.and_(
            Subscription.article_id == happened.article_id,
            Subscription.created_at <= happened.now,
        )
        _tell(happened, Kind.THREAD, sa.select(Subscription.user_id).where(following))


def _tell(happened: Happened, kind: Kind, who: AnySelect) -> None:
    """Tell all of these but who wrote or published it. One who was told already is not again."""
    acting = (happened.author_id, happened.by_id or 0)
    told = _rows(happened, kind, sa.and_(User.id.in_(who), User.id.not_in(acting)))
    db.session.execute(told.on_conflict_do_nothing())


def _is_news_to_the_author(happened: Happened) -> bool:
    """Somebody else decided, and something became different by it."""
    return (
        happened.act in (Act.APPROVE, Act.REJECT)
        and happened.by_id not in (None, happened.author_id)
        and happened.from_status is not happened.to_status
    )


def _tell_author(happened: Happened) -> None:
    told = _rows(happened, Kind.DECISION, User.id == happened.author_id)
    fresh = ("kind", "decision_id", "created_at", "due_at", "push_at")
    db.session.execute(
        told.on_conflict_do_update(
            index_elements=[Notification.comment_id, Notification.user_id],
            set_={name: told.excluded[name] for name in fresh}
            | {"seen_at": None, "mailed_at": None, "pushed_at": None},
        )
    )


def _rows(happened: Happened, kind: Kind, who: sa.ColumnElement[bool]) -> Any:
    """A row for each of these people, but for those who left or are banned here."""
    site_id, now = happened.site_id, happened.now
    values = {
        "user_id": User.id,
        "site_id": sa.literal(site_id),
        "article_id": sa.literal(happened.article_id),
        "comment_id": sa.literal(happened.comment_id),
        "kind": sa.literal(kind, Notification.kind.type),
        "decision_id": sa.literal(happened.decision_id),
        "created_at": sa.literal(now, Notification.created_at.type),
        "due_at": timing.due_by_choice(_chosen(kind), now),
        "push_at": timing.push_by_choice(_chosen(kind), now),
    }
    here = sa.and_(Preference.user_id == User.id, Preference.site_id == site_id)
    is_banned = sa.exists().where(
        Sanction.site_id == site_id,
        Sanction.user_id == User.id,
        Sanction.measure == Measure.BAN,
        Sanction.lifted_at.is_(None),
        sa.or_(Sanction.until.is_(None), Sanction.until > now),
    )
    select: AnySelect = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .select_from(User)
        .outerjoin(Preference, here)
        .where(who, User.closed_at.is_(None), ~is_banned)
    )
    return upsert(Notification).from_select(list(values), select)


def _chosen(kind: Kind) -> sa.ColumnElement[When]:
    choice = CHOICE_OF[kind]
    return sa.func.coalesce(choice, sa.literal(USUAL[kind], choice.type))

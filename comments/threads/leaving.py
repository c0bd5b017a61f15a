"""What a person takes along: a copy of their comments, or the comments out of the talk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from comments import changes, signals
from comments.accounts.models import User
from comments.db import db
from comments.sites.models import Site
from comments.threads import posting, status
from comments.threads.models import (
    Act,
    Answer,
    Article,
    Comment,
    Decision,
    Mark,
    Revision,
    Status,
    Vote,
)
from comments.threads.status import Why

GOING = (Status.PENDING, Status.PUBLISHED)


def connect() -> None:
    signals.account_closed.connect(_closed)
    signals.data_wanted.connect(_copied)


def _closed(user: User, *, erase: bool, now: datetime) -> None:
    """Erase the person's texts, or leave them under nobody's name; pages are drawn again."""
    if erase:
        _erase(user, now)
    db.session.execute(sa.delete(Answer).where(Answer.user_id == user.id))
    db.session.execute(sa.delete(Mark).where(Mark.user_id == user.id))
    mine = sa.select(Comment.article_id).where(Comment.author_id == user.id, Comment.shown)
    drawn = db.session.execute(
        sa.update(Article).where(Article.id.in_(mine)).values(version=Article.version + 1)
    )
    if cast("sa.CursorResult[Any]", drawn).rowcount:
        changes.everything()


def _erase(user: User, now: datetime) -> None:
    theirs = Comment.author_id == user.id
    places = sa.select(Comment.article_id).where(theirs).distinct().order_by(Comment.article_id)
    for article in db.session.scalars(places).all():
        status.locked(article)  # in one order, so that two who leave don't wait for each other
    written = db.session.scalars(
        sa.select(Comment).where(theirs).order_by(Comment.id).with_for_update()
    ).all()
    for comment in written:
        if comment.status in GOING:
            status.move(comment, Status.WITHDRAWN, Why(Act.WITHDRAW, user), now)
        posting.erase(comment)
    # What moderators wrote to them about it quotes and names.
    ids = sa.select(Comment.id).where(theirs)
    db.session.execute(sa.update(Decision).where(Decision.comment_id.in_(ids)).values(note=None))


def _copied(user: User) -> dict[str, Any]:
    return {
        "comments": list(_comments(user)),
        "seen": list(_seen(user)),
        "votes": list(_votes(user)),
    }


def _votes(user: User) -> Iterable[dict[str, Any]]:
    """What they think of others' comments. An account that is closed keeps them, as nobody's."""
    votes = sa.select(Vote).where(Vote.user_id == user.id).order_by(Vote.comment_id)
    for vote in db.session.scalars(votes):
        yield {
            "comment": str(vote.comment_id),
            "value": vote.value,
            "at": vote.created_at.isoformat(),
        }


def _comments(user: User) -> Iterable[dict[str, Any]]:
    """Everything this person wrote, in every version, and what became of it."""
    rows = db.session.execute(
        sa.select(Comment, Article, Site.key)
        .join(Article, Article.id == Comment.article_id)
        .join(Site, Site.id == Comment.site_id)
        .where(Comment.author_id == user.id)
        .order_by(Comment.id)
    ).all()
    texts = _by_comment(sa.select(Revision).join(Comment).where(Comment.author_id == user.id))
    records = _by_comment(
        sa.select(Decision)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(Comment.author_id == user.id)
        .order_by(Decision.id)
    )
    for comment, article, site in rows:
        yield {
            "id": str(comment.id),
            "site": site,
            "article": article.key,
            "url": article.url,
            "parent": None if comment.parent_id is None else str(comment.parent_id),
            "status": comment.status.value,
            "created_at": comment.created_at.isoformat(),
            "texts": [_text(row) for row in texts.get(comment.id, [])],
            "decisions": [_decision(row) for row in records.get(comment.id, [])],
        }


def _seen(user: User) -> Iterable[dict[str, Any]]:
    """How far this person has read which articles."""
    rows = db.session.execute(
        sa.select(Mark, Article.key, Site.key)
        .join(Article, Article.id == Mark.article_id)
        .join(Site, Site.id == Mark.site_id)
        .where(Mark.user_id == user.id)
        .order_by(Mark.article_id)
    )
    for mark, article, site in rows:
        yield {
            "site": site,
            "article": article,
            "up_to": str(mark.decision_id),
            "at": mark.marked_at.isoformat(),
        }


def _by_comment(select: sa.Select[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in db.session.scalars(select):
        found.setdefault(row.comment_id, []).append(row)
    return found


def _text(revision: Revision) -> dict[str, Any]:
    return {"source": revision.source, "written_at": revision.created_at.isoformat()}


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "act": decision.act.value,
        "to": decision.to_status.value,
        "reason": decision.reason,
        "words": decision.note,
        "at": decision.created_at.isoformat(),
    }

"""The one place where a status changes; it always leaves a record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import changes, events
from comments.accounts.models import User
from comments.db import connection, db, held, table, upsert
from comments.errors import Conflict
from comments.prepared import Prepared, change, stored
from comments.sites.models import Participant
from comments.threads.models import OUT, Act, Article, Comment, Decision, Status

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

# Told of every decision but those of an import, which tells of what is long over.
DECIDED = "decided"

# What an article counts.
COUNTED = (PENDING, PUBLISHED, REJECTED)

# Every post and every decision sends these, so that they are built once.
_ARTICLE = table(Article).c
_COUNT_ARTICLE = Prepared(
    sa.update(table(Article))
    .where(_ARTICLE.id == sa.bindparam("article"))
    .values({name: _ARTICLE[name] + sa.bindparam(f"{name}_step") for name in ("version", *COUNTED)})
)
_REPLIES = Comment.replies + sa.bindparam("step")
_COUNT_ANCESTORS = (
    sa.update(Comment)
    .where(Comment.id.in_(sa.bindparam("ids", expanding=True)))
    .values(replies=_REPLIES, shown=sa.or_(Comment.status == PUBLISHED, _REPLIES > 0))
    .execution_options(synchronize_session="fetch")
)


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
    come one after the other. A comment that has no decision yet is new; `to` is what its row was
    stored with. Raises Conflict for a move that is not legal.
    """
    before = None if comment.decided_id is None else comment.status
    if to not in LEGAL[before] or (
        before is None and to is WITHDRAWN and why.act is not Act.IMPORT
    ):
        message = _("This is not possible with this comment any more.")
        raise Conflict(message, code="illegal-move", status=before)
    assert before is not None or to is comment.status
    db.session.flush()  # what was set on the comment before, by an edit
    decision = _recorded(comment, before, to, why, now)
    change(
        comment,
        shown=to is PUBLISHED or comment.replies > 0,
        decided_id=decision.id,
        out_since=now if to in OUT else None,
        **(_first(comment) if before is None else _next(comment, to)),
    )
    _count_article(comment, before, to)
    _count_author(comment, before, to, now)
    _count_ancestors(comment, (to is PUBLISHED) - (before is PUBLISHED))
    if why.act is not Act.IMPORT:
        events.add(DECIDED, {"decision": decision.id}, now)
    return decision


def locked(article_id: int) -> Article:
    """The article, read afresh and held until the transaction ends."""
    return db.session.execute(
        sa.select(Article)
        .where(Article.id == article_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def _first(comment: Comment) -> dict[str, Any]:
    """What a new row, which was stored with its status, could not know before it had an id."""
    return {"root_id": comment.root_id, "path": comment.path}


def _next(comment: Comment, to: Status) -> dict[str, Any]:
    return {"status": to, "open_reports": 0 if to is WITHDRAWN else comment.open_reports}


def _count_article(comment: Comment, before: Status | None, to: Status) -> None:
    steps = {f"{each}_step": (to is each) - (before is each) for each in COUNTED}
    is_visible = PUBLISHED in (before, to) or comment.shown
    if is_visible:
        changes.article(comment.article_id)
    if is_visible or any(steps.values()):
        id = comment.article_id
        _COUNT_ARTICLE.send(article=id, version_step=int(is_visible), **steps)
        if article := held(Article, id):
            db.session.expire(article, ["version", *COUNTED])


def _count_author(comment: Comment, before: Status | None, to: Status, now: datetime) -> None:
    published = (to is PUBLISHED) - (before is PUBLISHED)
    rejected = (to is REJECTED) - (before is REJECTED)
    if before is not None and not published and not rejected:
        return
    _count_author_in(connection().dialect.name).send(
        site_id=comment.site_id,
        user_id=comment.author_id,
        first_seen_at=now,
        published=published,
        rejected=rejected,
        upheld_reports=0,
    )


@cache
def _count_author_in(_dialect: str) -> Prepared:
    here, statement = table(Participant).c, upsert(table(Participant))
    done = statement.on_conflict_do_update(
        index_elements=[here.site_id, here.user_id],
        set_={
            "published": here.published + statement.excluded.published,
            "rejected": here.rejected + statement.excluded.rejected,
        },
    )
    return Prepared(done, here.keys())


def _count_ancestors(comment: Comment, step: int) -> None:
    if step and comment.ancestor_ids:
        db.session.execute(_COUNT_ANCESTORS, {"ids": comment.ancestor_ids, "step": step})


def _recorded(
    comment: Comment, before: Status | None, to: Status, why: Why, now: datetime
) -> Decision:
    return stored(
        Decision,
        site_id=comment.site_id,
        comment_id=comment.id,
        revision=comment.revision,
        act=why.act,
        from_status=before,
        to_status=to,
        by_id=why.by.id if why.by else None,
        reason=why.reason,
        rule=why.rule,
        note=why.note,
        created_at=now,
    )

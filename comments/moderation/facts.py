"""One comment with all that a card shows of it, many of them in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from comments.accounts.models import User
from comments.db import AnySelect, db
from comments.sites.models import Membership, Participant, Role
from comments.sites.sso import badges
from comments.sites.sso.models import Sso
from comments.threads.models import Article, Comment, Decision, Revision

Parent, ParentAuthor, ParentText = aliased(Comment), aliased(User), aliased(Revision)
Decider = aliased(User)

COLUMNS = (
    Comment,
    User,
    Article,
    Revision,
    Membership.role,
    badges.MEANINGS,
    Participant,
    Decision,
    Decider.name,
    Parent,
    ParentAuthor.name,
    ParentText.html,
)


class Facts(NamedTuple):
    """The columns, by name."""

    comment: Comment
    author: User
    article: Article
    text: Revision
    role: Role | None
    meanings: Mapping[str, str] | None
    record: Participant | None
    decision: Decision | None
    decider: str | None
    parent: Comment | None
    parent_author: str | None
    parent_html: str | None


def of(ids: AnySelect) -> AnySelect:
    """These comments in the columns of `Facts`."""
    chosen = ids.subquery()
    select: AnySelect = (
        sa.select(*COLUMNS)
        .select_from(chosen)
        .join(Comment, Comment.id == chosen.c.id)
        .join(User, User.id == Comment.author_id)
        .outerjoin(Sso, badges.OF_THEIR_SITE)
        .join(Article, Article.id == Comment.article_id)
        .join(Revision, _current(Revision, Comment))
        .outerjoin(Membership, _on_this_site(Membership))
        .outerjoin(Participant, _on_this_site(Participant))
        .outerjoin(Decision, Decision.id == Comment.decided_id)
        .outerjoin(Decider, Decider.id == Decision.by_id)
        .outerjoin(Parent, Parent.id == Comment.parent_id)
        .outerjoin(ParentAuthor, ParentAuthor.id == Parent.author_id)
        .outerjoin(ParentText, _current(ParentText, Parent))
    )
    return select


def read(select: AnySelect) -> list[Facts]:
    return [Facts(*row) for row in db.session.execute(select)]


def _current(text: Any, comment: Any) -> sa.ColumnElement[bool]:
    return sa.and_(text.comment_id == comment.id, text.number == comment.revision)


def _on_this_site(table: Any) -> sa.ColumnElement[bool]:
    return sa.and_(table.site_id == Comment.site_id, table.user_id == Comment.author_id)

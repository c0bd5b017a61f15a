"""The rows of a page: roots in their order, and what is drawn below them. Costs the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from comments.accounts.models import User
from comments.db import AnySelect, fetch, table
from comments.sites.models import Membership
from comments.sites.sso import badges
from comments.sites.sso.models import Sso
from comments.threads.drawing import Row
from comments.threads.models import LEVELS, STEP, Article, Comment, Revision
from comments.threads.writing import path_below

Sort = Literal["newest", "oldest", "top"]


def roots(
    article: Article, sort: Sort, after: tuple[datetime | int, int] | None, size: int
) -> list[Row]:
    """The drawn roots behind a place, one more than a page.

    Roots of one moment or one rank follow each other by their paths, and so by their ids.
    """
    first = Comment.rank if sort == "top" else Comment.created_at
    order = (first, Comment.path)
    places = order if sort == "oldest" else [column.desc() for column in order]
    is_root = sa.and_(Comment.article_id == article.id, Comment.parent_id.is_(None), Comment.shown)
    select = drawable().where(is_root)
    if after:
        here = sa.tuple_(*order)
        there = sa.tuple_(sa.literal(after[0], first.type), path_below("", after[1]))
        is_behind = here > there if sort == "oldest" else here < there
        # Only ids at first: PostgreSQL expects few, and would read and sort all that are behind.
        ids = sa.select(Comment.id).where(is_root, is_behind).order_by(*places).limit(size + 1)
        select = drawable().where(Comment.id.in_(ids))
    return read(select.order_by(*places).limit(size + 1))


def replies(tops: Sequence[int], size: int) -> list[Row]:
    """What is drawn below each of these comments: at most `size` of each and one more, in the order
    of drawing. What hangs below the deepest level is passed over.
    """
    asked = {"tops": tops, "size": size, "after": None, "line": ()}
    return read(_replies(), asked) if tops else []


def branch(top: int, line: Sequence[int], size: int, after: str) -> list[Row]:
    """The same below one comment, behind a path; and those of a line of comments that are shown."""
    return read(_replies(), {"tops": [top], "size": size, "after": after, "line": line})


@cache
def _replies() -> AnySelect:
    """From each comment to the next by one look into the index, however much lies between."""
    walk = (
        sa.select(
            Comment.root_id.label("root"),
            Comment.path.label("top"),
            sa.func.coalesce(sa.bindparam("after", type_=Comment.path.type), Comment.path).label(
                "path"
            ),
            sa.literal(0).label("number"),
        )
        .where(
            Comment.id.in_(sa.bindparam("tops", expanding=True)),
        )
        .cte("walk", recursive=True)
    )
    is_deepest = sa.func.length(walk.c.path) >= sa.func.length(walk.c.top) + STEP * (LEVELS - 1)
    behind = sa.case((is_deepest, walk.c.path + "~"), else_=walk.c.path)
    further = (
        _below(walk, _here.c.path)
        .where(_here.c.path > behind, _here.c.path < walk.c.top + "~")
        .order_by(_here.c.path)
        .limit(1)
    )
    go_on = sa.and_(walk.c.number <= sa.bindparam("size"), walk.c.path.is_not(None))
    step = (walk.c.root, walk.c.top, further.scalar_subquery(), walk.c.number + 1)
    walk = walk.union_all(sa.select(*step).where(go_on))
    # A subquery and no join: SQLite would read the whole index to make a filter for that.
    found = _below(walk, _here.c.id).where(_here.c.path == walk.c.path).scalar_subquery()
    ids = sa.union_all(
        sa.select(found).where(walk.c.number > 0, walk.c.path.is_not(None)),
        sa.select(_here.c.id).where(
            _here.c.id.in_(sa.bindparam("line", expanding=True)), _here.c.shown
        ),
    )
    return drawable().where(Comment.id.in_(ids)).order_by(Comment.root_id, Comment.path)


_here = table(Comment).alias("here")


def _below(walk: sa.CTE, column: sa.ColumnElement[Any]) -> AnySelect:
    """What is drawn below the root that a walk is at."""
    is_drawn = sa.and_(_here.c.parent_id.is_not(None), _here.c.shown)
    return sa.select(column).where(_here.c.root_id == walk.c.root, is_drawn).correlate(walk)


@cache
def drawable() -> AnySelect:
    """Comments with their author, badges and current text, in the columns of `Row`."""
    select: AnySelect = (
        sa.select(
            Comment.id,
            Comment.parent_id,
            Comment.root_id,
            Comment.path,
            Comment.depth,
            Comment.author_id,
            User.name,
            Membership.role,
            User.badges,
            badges.MEANINGS,
            Revision.html,
            Comment.status,
            Comment.created_at,
            Comment.edited_at,
            Comment.replies,
            Comment.rank,
            Comment.ups,
            Comment.downs,
        )
        .join(User, User.id == Comment.author_id)
        .outerjoin(Sso, badges.OF_THEIR_SITE)
        .join(
            Revision,
            sa.and_(Revision.comment_id == Comment.id, Revision.number == Comment.revision),
        )
        .outerjoin(
            Membership,
            sa.and_(Membership.site_id == Comment.site_id, Membership.user_id == Comment.author_id),
        )
    )
    return select


def read(select: AnySelect, asked: Mapping[str, object] | None = None) -> list[Row]:
    return [Row(*row) for row in fetch(select, asked)]

"""One page of a conversation: the newest or oldest roots with their first replies, a branch, or
one comment with what is above and below it. Costs the page, not the thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from flask_babel import gettext as _

from comments import paging
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.sites.models import Role, Site, SiteSettings
from comments.sites.sso import badges
from comments.threads import articles, queries, rows, tree
from comments.threads.drawing import Drawn, Row, Thread, drawn
from comments.threads.forms import Name
from comments.threads.models import DEEPEST, STEP, Article, Comment, Decision, State, Status
from comments.threads.rows import Sort
from comments.threads.writing import Place, Written

ROOTS = 25
REPLIES = 12
BRANCH = 60
OWN = 50
MINE = 30
PATH = re.compile(rf"([0-9a-z]{{{STEP}}}){{1,{DEEPEST}}}")
LEVEL = re.compile(r"[1-9][0-9]?")


@dataclass(frozen=True, slots=True)
class View:
    """Which page: the order of roots, a cursor behind which it begins, or one comment."""

    sort: Sort = "newest"
    after: str | None = None
    comment: int | None = None
    size: int = ROOTS


@dataclass(frozen=True, slots=True)
class Mine:
    """A comment of one's own, and where it stands."""

    comment: Drawn
    site: str
    article: str
    title: str | None
    may_edit: bool


@dataclass(frozen=True, slots=True)
class One:
    """A comment, where it stands, and what its author typed."""

    comment: Drawn
    site: str
    article: str
    source: str | None


def read(site: Site, name: Name, view: View, now: datetime) -> Thread:
    """A page as everybody sees it; an article that nobody knows is empty and open.

    Raises Invalid for a cursor that is none of ours, NotFound for a comment that isn't here.
    """
    _check_cursor(view)
    article = articles.find(site, name)
    if article is None:
        return _empty(site, name, view)
    if article.state is State.HIDDEN:
        nothing = replace(_empty(site, name, view), state=article.state, is_open=False)
        return replace(nothing, version=article.version_at(now))
    thread = Thread(site=site, **_facts(article, now), sort=view.sort)
    if view.comment is not None:
        return _one(thread, article, view.comment)
    if view.after and _is_branch(view.after):
        return _rest_of_branch(thread, article, view.after)
    return _page(thread, article, view)


def own(site: Site, article_id: int, person: User) -> tuple[Drawn, ...]:
    """What only its author sees: waiting, or rejected and why. The newest first, at most 50."""
    return tuple(drawn(row, own=True) for row in queries.own(site, article_id, person, OWN))


def one(comment: Comment) -> One:
    """One comment alone, for its author; what they deleted, as everybody sees it."""
    row, source, site, article = queries.one(comment.id)
    own = row.status is not Status.WITHDRAWN
    return One(drawn(row, own=own), site, article, source if own else None)


def just_taken(
    comment: Comment, text: Written, place: Place, role: Role | None, decision: Decision
) -> One:
    """The same of a comment that was posted or edited in this transaction, by what is known."""
    row = Row(
        comment.id,
        comment.parent_id,
        cast(int, comment.root_id),
        comment.path,
        comment.depth,
        comment.author_id,
        place.author.name,
        role,
        place.author.badges,
        badges.meanings(place.author),
        text.rendered.html,
        comment.status,
        comment.created_at,
        comment.edited_at,
        comment.replies,
        comment.rank,
        comment.ups,
        comment.downs,
        decision.reason,
        decision.note,
    )
    article = place.article
    return One(drawn(row, own=True), article.site.key, article.key, text.source)


def counts(site: Site, names: Sequence[Name]) -> dict[str, int]:
    """How many comments are published on each of these articles, by the ids that were given."""
    urls_of = {name.key: articles.urls_of(name) for name in names}
    known = queries.counts(site, set(urls_of), {url for urls in urls_of.values() for url in urls})
    return {
        key: next((known[name] for name in (key, *urls) if name in known), 0)
        for key, urls in urls_of.items()
    }


def by_author(person: User, after: str | None, now: datetime) -> paging.Page[Mine]:
    """A page of everything a person wrote, the newest first."""
    columns = (Comment.created_at, Comment.id)
    select = paging.by_moment(
        queries.by_author(person), columns, newest=True, after=after, size=MINE
    )
    found = [
        _mine(Row(*columns), (site, article, title), _minutes(values), now)
        for *columns, site, article, title, values in db.session.execute(select)
    ]
    return paging.cut(
        found,
        MINE,
        lambda mine: paging.moment_cursor(mine.comment.created_at, int(mine.comment.id)),
    )


def _mine(row: Row, place: tuple[str, str, str | None], minutes: int, now: datetime) -> Mine:
    is_out = row.status in (Status.PENDING, Status.PUBLISHED)
    may_edit = is_out and now < row.created_at + timedelta(minutes=minutes)
    return Mine(drawn(row, own=True), *place, may_edit)


def _minutes(values: dict[str, Any]) -> int:
    return SiteSettings.model_validate(values).edit_minutes


def _empty(site: Site, name: Name, view: View) -> Thread:
    return Thread(
        site=site,
        article_id=None,
        key=name.key,
        url=name.url,
        title=None,
        state=State.OPEN,
        is_open=True,
        version=0,
        count=0,
        sort=view.sort,
    )


def _facts(article: Article, now: datetime) -> dict[str, Any]:
    return {
        "article_id": article.id,
        "key": article.key,
        "url": article.url,
        "title": article.title,
        "state": article.state,
        "is_open": article.takes_comments_at(now),
        "version": article.version_at(now),
        "count": article.published,
        "language": article.language,
        "published_at": article.published_at,
    }


def _page(thread: Thread, article: Article, view: View) -> Thread:
    found = rows.roots(article, view.sort, _place(view), view.size)
    page = paging.cut(found, view.size, _cursor_by_votes if view.sort == "top" else _cursor)
    below = rows.replies([row.id for row in page.rows if row.replies], REPLIES)
    return replace(thread, roots=tuple(_tree(root, below) for root in page.rows), after=page.after)


def _place(view: View) -> tuple[datetime | int, int] | None:
    if not view.after:
        return None
    return paging.rank_of(view.after) if view.sort == "top" else paging.moment_of(view.after)


def _cursor(row: Row) -> str:
    return paging.moment_cursor(row.created_at, row.id)


def _cursor_by_votes(row: Row) -> str:
    return paging.rank_cursor(row.rank, row.id)


def _tree(root: Row, below: list[Row]) -> Drawn:
    mine = [row for row in below if row.root_id == root.id]
    (top,) = tree.nest([root, *mine[:REPLIES]])
    return top if len(mine) <= REPLIES else tree.with_more(top, mine[REPLIES - 1])


def _check_cursor(view: View) -> None:
    if view.after and _is_branch(view.after):
        _branch_of(view.after)
    else:
        _place(view)


def _is_branch(cursor: str) -> bool:
    return paging.kind(cursor) == "branch"


def _branch_of(cursor: str) -> tree.Place:
    _kind, level, path = paging.decode(cursor, 3)
    if not (PATH.fullmatch(path) and LEVEL.fullmatch(level) and int(level) * STEP <= len(path)):
        raise paging.invalid_cursor()
    return tree.Place(path, int(level) * STEP)


def _rest_of_branch(thread: Thread, article: Article, cursor: str) -> Thread:
    """Further replies below one comment, under those of their ancestors that are drawn."""
    place = _branch_of(cursor)
    top = _shown(article, place.top_id)
    return _branch(thread, place) if top and place.path.startswith(top.path) else thread


def _one(thread: Thread, article: Article, id: int) -> Thread:
    comment = _shown(article, id)
    if comment is None:
        raise NotFound(_("This comment is not here, or not any more."))
    place = tree.Place(comment.path, len(comment.path))
    return replace(_branch(thread, place), focus=str(id))


def _shown(article: Article, id: int) -> Comment | None:
    comment = db.session.get(Comment, id)
    return comment if comment and comment.shown and comment.article_id == article.id else None


def _branch(thread: Thread, place: tree.Place) -> Thread:
    """What is drawn behind this place, and what that hangs below."""
    ids = tree.ids_of(place.path)
    found = rows.branch(place.top_id, ids, BRANCH, place.path)
    below = [row for row in found if row.id not in ids]
    page = paging.cut(below, BRANCH, lambda row: tree.Place(row.path, place.top).cursor)
    first = page.rows[0].path if page.rows else place.path
    above = [row for row in found if row.id in ids and first.startswith(row.path)]
    return replace(thread, roots=tree.nest([*above, *page.rows], place.top), after=page.after)

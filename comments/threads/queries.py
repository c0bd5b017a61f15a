"""Reading talk. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import paging
from comments.accounts.models import User
from comments.db import AnySelect, db, fetch, table, taken
from comments.errors import NotFound
from comments.prepared import Prepared
from comments.sites.models import Site
from comments.threads import rows
from comments.threads.drawing import Row
from comments.threads.models import (
    Alias,
    Article,
    Comment,
    Decision,
    Mark,
    Revision,
    State,
    Status,
    Vote,
)

EDITABLE = 50
VOTES = 500
# How many of the newest changes are looked at for what is unread: edits are among them.
LOOKED_AT = 500

# What every read and every post asks first, so that these are built once.
_NAMED = sa.select(Article).where(
    Article.site_id == sa.bindparam("site"), Article.key == sa.bindparam("key")
)
_KNOWN = (
    sa.select(Article)
    .where(
        Article.id.in_(
            sa.union_all(
                _NAMED.with_only_columns(Article.id),
                sa.select(Alias.article_id).where(
                    Alias.site_id == sa.bindparam("site"),
                    Alias.url.in_(sa.bindparam("urls", expanding=True)),
                ),
            )
        )
    )
    .order_by(sa.case((Article.key == sa.bindparam("key"), 0), else_=1))
    .limit(1)
)


def _held(select: sa.Select[Article]) -> AnySelect:
    """The same, locked, for a record to be taken from."""
    held: AnySelect = select.with_only_columns(*table(Article).c).with_for_update(key_share=True)
    return held


_NAMED_HELD, _KNOWN_HELD = Prepared(_held(_NAMED)), _held(_KNOWN)


def article(site: Site, key: str, urls: Sequence[str]) -> Article | None:
    """The article of this id; failing that, the one known under one of these addresses."""
    asked = {"site": site.id, "key": key}
    if not urls:
        return db.session.scalar(_NAMED, asked)
    return db.session.scalar(_KNOWN, asked | {"urls": list(urls)})


def article_held(site: Site, key: str, urls: Sequence[str]) -> Article | None:
    """The same, read afresh and locked."""
    asked = {"site": site.id, "key": key}
    if urls:
        row = fetch(_KNOWN_HELD, asked | {"urls": list(urls)}).one_or_none()
    else:
        row = _NAMED_HELD.row(**asked)
    return taken(Article, row) if row else None


def counts(site: Site, keys: set[str], urls: set[str]) -> dict[str, int]:
    """How many comments are published, by article id and by known address; an id comes first."""
    open_here = sa.and_(Article.site_id == site.id, Article.state != State.HIDDEN)
    named = sa.select(Article.key, Article.published).where(open_here, Article.key.in_(keys))
    found = {row.key: row.published for row in db.session.execute(named)}
    if not urls - found.keys():
        return found
    known = (
        sa.select(Alias.url, Article.published)
        .join(Article, Article.id == Alias.article_id)
        .where(open_here, Alias.site_id == site.id, Alias.url.in_(urls))
    )
    return {row.url: row.published for row in db.session.execute(known)} | found


def one(id: int) -> tuple[Row, str, str, str]:
    """A comment, whatever became of it and why; its source, and where it stands."""
    *row, source, site, article = fetch(_one(), {"id": id}).one()
    return Row(*row), source, site, article


@cache
def _one() -> AnySelect:
    return (
        rows.drawable()
        .add_columns(Decision.reason, Decision.note, Revision.source, Site.key, Article.key)
        .outerjoin(Decision, Decision.id == Comment.decided_id)
        .join(Article, Article.id == Comment.article_id)
        .join(Site, Site.id == Comment.site_id)
        .where(Comment.id == sa.bindparam("id"))
    )


def own(site: Site, article_id: int, person: User, size: int) -> list[Row]:
    """What this person wrote here that others don't see: what waits and what was rejected."""
    select = (
        rows.drawable()
        .add_columns(Decision.reason, Decision.note)
        .outerjoin(Decision, Decision.id == Comment.decided_id)
        .where(
            Comment.author_id == person.id,
            Comment.site_id == site.id,
            Comment.article_id == article_id,
            Comment.status.in_((Status.PENDING, Status.REJECTED)),
        )
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(size)
    )
    return rows.read(select)


def editable(site: Site, article_id: int, person: User, now: datetime) -> dict[str, str]:
    """What this person may still edit here, the latest of it: by its id, what they typed."""
    since = now - timedelta(minutes=site.settings.edit_minutes)
    typed = (
        sa.select(Comment.id, Revision.source)
        .join(
            Revision,
            sa.and_(Revision.comment_id == Comment.id, Revision.number == Comment.revision),
        )
        .where(
            Comment.author_id == person.id,
            Comment.site_id == site.id,
            Comment.created_at > since,
            Comment.article_id == article_id,
            Comment.status.in_((Status.PENDING, Status.PUBLISHED)),
        )
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(EDITABLE)
    )
    return {str(id): source for id, source in db.session.execute(typed)}


def votes(article_id: int, person: User) -> dict[str, int]:
    """What this person thinks of comments here, the latest of it: 1 or -1 by the comment's id."""
    select = (
        sa.select(Vote.comment_id, Vote.value)
        .where(Vote.user_id == person.id, Vote.article_id == article_id)
        .order_by(Vote.comment_id.desc())
        .limit(VOTES)
    )
    return {str(id): value for id, value in db.session.execute(select)}


def by_author(person: User) -> AnySelect:
    """Everything a person wrote, with what became of it and where it stands."""
    return (
        rows.drawable()
        .add_columns(
            Decision.reason, Decision.note, Site.key, Article.key, Article.title, Site.values
        )
        .outerjoin(Decision, Decision.id == Comment.decided_id)
        .join(Article, Article.id == Comment.article_id)
        .join(Site, Site.id == Comment.site_id)
        .where(Comment.author_id == person.id)
    )


def shown(id: int) -> Comment:
    """A comment that has a place on a page. Raises NotFound."""
    return _or_not_found(
        sa.select(Comment)
        .join(Article, Article.id == Comment.article_id)
        .where(Comment.id == id, Comment.shown, Article.state != State.HIDDEN)
    )


def published(id: int) -> Comment:
    """A comment whose text everybody reads. Raises NotFound, also where only its place is kept."""
    return _or_not_found(
        sa.select(Comment)
        .join(Article, Article.id == Comment.article_id)
        .where(
            Comment.id == id,
            Comment.status == Status.PUBLISHED,
            Article.state != State.HIDDEN,
        )
    )


def written_by(person: User, id: int) -> Comment:
    """One's own comment, whatever became of it. Raises NotFound, for everybody else's too."""
    return _or_not_found(sa.select(Comment).where(Comment.id == id, Comment.author_id == person.id))


def place_of(comment: Comment) -> tuple[Site, Article]:
    return db.session.get_one(Site, comment.site_id), db.session.get_one(
        Article, comment.article_id
    )


def source_of(comment: Comment) -> str:
    """What its author typed."""
    return db.session.get_one(Revision, (comment.id, comment.revision)).source


def mark_and_newest(article_id: int, person: User) -> tuple[int | None, int | None]:
    """How far this person has seen an article, and how far one can; of a hidden one, neither."""
    mark = sa.select(Mark.decision_id).where(
        Mark.user_id == person.id, Mark.article_id == article_id
    )
    newest = fresh(article_id).with_only_columns(Comment.decided_id).limit(1)
    row = db.session.execute(
        sa.select(mark.scalar_subquery(), newest.scalar_subquery()).where(
            Article.id == article_id, Article.state != State.HIDDEN
        )
    ).first()
    return (row[0], row[1]) if row else (None, None)


def unread(article_id: int, person: User, mark: int, size: int) -> list[int]:
    """What others published behind a mark, the newest first; an edit publishes nothing."""
    latest = fresh(article_id).where(Comment.decided_id > mark).limit(LOOKED_AT).subquery()
    return list(
        db.session.scalars(
            sa.select(latest.c.id)
            .join(Decision, Decision.id == latest.c.decided_id)
            .where(
                latest.c.author_id != person.id,
                Decision.from_status.is_distinct_from(Status.PUBLISHED),
            )
            .order_by(latest.c.decided_id.desc())
            .limit(size)
        )
    )


def fresh(article_id: int) -> AnySelect:
    """What is published of an article, the last that was decided first."""
    select: AnySelect = (
        sa.select(Comment.id, Comment.author_id, Comment.decided_id)
        # A literal, so that the partial index is known to hold all of it.
        .where(Comment.article_id == article_id, Comment.status == sa.literal_column("'published'"))
        .order_by(Comment.decided_id.desc())
    )
    return select


def article_of(site: Site, id: int) -> Article:
    """An article of this site. Raises NotFound."""
    found = db.session.scalar(
        sa.select(Article).where(Article.site_id == site.id, Article.id == id)
    )
    if found is None:
        raise NotFound(_("There is no such article."))
    return found


def articles_of(site: Site, after: str | None, size: int) -> paging.Page[Article]:
    """A page of a site's articles, the newest first."""
    select = paging.by_moment(
        sa.select(Article).where(Article.site_id == site.id),
        (Article.created_at, Article.id),
        newest=True,
        after=after,
        size=size,
    )
    return paging.read(select, size, lambda row: paging.moment_cursor(row.created_at, row.id))


def _or_not_found(select: sa.Select[Comment]) -> Comment:
    found = db.session.scalar(select.limit(1))
    if found is None:
        raise NotFound(_("This comment is not here, or not any more."))
    return found

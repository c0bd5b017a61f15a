"""What was said lately, for feed readers: in one thread, on a whole site, or to one person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import render_template
from flask_babel import gettext as _

from comments import settings
from comments.accounts.models import User
from comments.db import AnySelect, fetch
from comments.errors import NotFound
from comments.sites.models import Site
from comments.threads import articles, queries, rows
from comments.threads.drawing import Drawn, Row, drawn
from comments.threads.forms import Name
from comments.threads.lately import LOOKED_AT
from comments.threads.models import Article, Comment, State, Status

ENTRIES = 50
# What no XML document may hold, however it is escaped.
NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A published comment, and under what it stands."""

    comment: Drawn
    article: str
    title: str | None
    site: str
    site_since: datetime

    @property
    def updated_at(self) -> datetime:
        return self.comment.edited_at or self.comment.created_at


@dataclass(frozen=True, slots=True)
class Feed:
    """The last entries of a site or, where `article` names one, of a thread; or what `reader` was
    answered on any site."""

    entries: Sequence[Entry]
    begun_at: datetime
    site: Site | None = None
    article: str | None = None
    title: str | None = None
    reader: User | None = None

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=self.begun_at)


def of_site(site: Site) -> Feed:
    """The last 50, of the site's latest 1,000 comments those that everybody may see."""
    latest = (
        sa.select(Comment.id, Comment.article_id, Comment.created_at)
        .where(Comment.site_id == site.id, Comment.status == Status.PUBLISHED)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    ids = (
        sa.select(latest.c.id)
        .join(Article, Article.id == latest.c.article_id)
        .where(Article.state != State.HIDDEN)
        .order_by(latest.c.created_at.desc(), latest.c.id.desc())
        .limit(ENTRIES)
    )
    return Feed(_entries(ids), site.created_at, site)


def of_article(site: Site, name: Name) -> Feed:
    """The last 50 that were published; none where nobody knows the article.

    Raises NotFound for an article that is hidden.
    """
    article = articles.find(site, name)
    if article is None:
        return Feed((), site.created_at, site, name.key)
    if article.state is State.HIDDEN:
        raise NotFound(_("There is no such article."))
    ids = queries.fresh(article.id).with_only_columns(Comment.id).limit(ENTRIES)
    return Feed(_entries(ids), site.created_at, site, article.key, article.title)


def of_replies(reader: User) -> Feed:
    """The last 50 replies of others that everybody may see, to the latest 1,000 comments of a
    person."""
    theirs = (
        sa.select(Comment.id, Comment.article_id)
        .where(Comment.author_id == reader.id)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    ids = (
        sa.select(Comment.id)
        .join(
            theirs,
            sa.and_(Comment.article_id == theirs.c.article_id, Comment.parent_id == theirs.c.id),
        )
        .join(Article, Article.id == Comment.article_id)
        .where(
            Comment.status == Status.PUBLISHED,
            Comment.author_id != reader.id,
            Article.state != State.HIDDEN,
        )
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(ENTRIES)
    )
    return Feed(_entries(ids), reader.created_at, reader=reader)


def written(feed: Feed, kind: str, own: str) -> bytes:
    """The document of this kind, atom or rss, that lies at the path `own` of the service."""
    base = settings.current().url
    values = {"feed": feed, "base": base, "own": base + own, "host": urlsplit(base).hostname}
    return NO_XML.sub("", render_template(f"threads/feed.{kind}.xml", **values)).encode()


def _entries(ids: AnySelect) -> list[Entry]:
    # Two queries: in one, PostgreSQL may look for the few among all of the site's.
    found = fetch(ids).scalars().all()
    select = (
        rows.drawable()
        .add_columns(Article.key, Article.title, Site.key, Site.created_at)
        .join(Article, Article.id == Comment.article_id)
        .join(Site, Site.id == Comment.site_id)
        .where(Comment.id.in_(found))
        .order_by(Comment.created_at.desc(), Comment.id.desc())
    )
    return [Entry(drawn(Row(*row[:-4])), *row[-4:]) for row in fetch(select)]

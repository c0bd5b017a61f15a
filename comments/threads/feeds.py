"""What was said lately, for feed readers: in one thread, or on a whole site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.db import AnySelect, fetch
from comments.errors import NotFound
from comments.sites.models import Site
from comments.threads import articles, queries
from comments.threads.drawing import Drawn, Row, drawn
from comments.threads.forms import Name
from comments.threads.lately import LOOKED_AT
from comments.threads.models import Article, Comment, State, Status

ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A published comment, and under what it stands."""

    comment: Drawn
    article: str
    title: str | None

    @property
    def updated_at(self) -> datetime:
        return self.comment.edited_at or self.comment.created_at


@dataclass(frozen=True, slots=True)
class Feed:
    """The last entries of a site or, where `article` names one, of a thread."""

    site: Site
    entries: Sequence[Entry]
    article: str | None = None
    title: str | None = None

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=self.site.created_at)


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
    return Feed(site, _entries(ids))


def of_article(site: Site, name: Name) -> Feed:
    """The last 50 that were published; none where nobody knows the article.

    Raises NotFound for an article that is hidden.
    """
    article = articles.find(site, name)
    if article is None:
        return Feed(site, (), name.key)
    if article.state is State.HIDDEN:
        raise NotFound(_("There is no such article."))
    ids = queries.fresh(article.id).with_only_columns(Comment.id).limit(ENTRIES)
    return Feed(site, _entries(ids), article.key, article.title)


def _entries(ids: AnySelect) -> list[Entry]:
    select = (
        queries.drawable()
        .add_columns(Article.key, Article.title)
        .join(Article, Article.id == Comment.article_id)
        .where(Comment.id.in_(ids))
        .order_by(Comment.created_at.desc(), Comment.id.desc())
    )
    return [Entry(drawn(Row(*row)), key, title) for *row, key, title in fetch(select)]

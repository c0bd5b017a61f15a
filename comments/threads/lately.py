"""Where people talk now: the articles of a site by its latest comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from comments.db import AnySelect, db
from comments.sites.models import Site
from comments.threads.models import Article, Comment, State, Status

# So many of the latest comments are looked at, however many a site has.
LOOKED_AT = 1000

Order = Literal["latest", "active"]


@dataclass(frozen=True, slots=True)
class Lively:
    """An article, when its latest comment was written, and how many of the site's latest it has."""

    article: Article
    latest_at: datetime
    recent: int


def articles(site: Site, order: Order, size: int) -> Sequence[Lively]:
    """The articles with the latest comments, or with the most of a site's latest 1,000."""
    return [Lively(*row) for row in db.session.execute(_lively(site, order).limit(size))]


def _lively(site: Site, order: Order) -> AnySelect:
    latest = (
        sa.select(Comment.article_id, Comment.created_at)
        .where(Comment.site_id == site.id, Comment.status == Status.PUBLISHED)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    latest_at, recent = sa.func.max(latest.c.created_at), sa.func.count()
    by_article = (
        sa.select(latest.c.article_id, latest_at.label("latest_at"), recent.label("recent"))
        .group_by(latest.c.article_id)
        .subquery()
    )
    places = [by_article.c.latest_at.desc(), by_article.c.article_id.desc()]
    if order == "active":
        places.insert(0, by_article.c.recent.desc())
    select: AnySelect = (
        sa.select(Article, by_article.c.latest_at, by_article.c.recent)
        .join(by_article, by_article.c.article_id == Article.id)
        .where(Article.site_id == site.id, Article.state != State.HIDDEN)
        .order_by(*places)
    )
    return select

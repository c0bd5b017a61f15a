"""What everybody sees of many articles, in one query: their versions, never a text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments.db import AnySelect, db
from comments.sites.models import Site
from comments.threads import articles
from comments.threads.forms import Name
from comments.threads.models import Alias, Article

# So many are looked up by one query, which each of them makes longer.
AT_ONCE = 2000

COLUMNS = (
    Article.site_id,
    Article.key,
    Article.id,
    Article.version,
    Article.recount_at,
    Article.state,
    Article.closes_at,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where comments are or may come to be: what an article is called, and its addresses."""

    site_id: int
    key: str
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """What is to be seen of an article; of one that nobody knows yet, nothing."""

    article_id: int | None = None
    version: int = 0
    is_open: bool = True


NONE_YET = Edition()


def place(site: Site, name: Name) -> Place:
    return Place(site.id, name.key, tuple(articles.urls_of(name)))


def current(known: Mapping[Place, Edition], now: datetime) -> dict[Place, Edition]:
    """How these places are now; an article that was found before is looked up by its id."""
    found: dict[Place, Edition] = {}
    places = iter(known)
    while some := list(itertools.islice(places, AT_ONCE)):
        found |= _current({place: known[place].article_id for place in some}, now)
    return found


def _current(ids: Mapping[Place, int | None], now: datetime) -> dict[Place, Edition]:
    by_id: dict[int | None, Edition] = {}
    by_name: dict[tuple[int, str], Edition] = {}
    by_url: dict[tuple[int, str], Edition] = {}
    for url, site_id, key, id, *facts in db.session.execute(_select(ids)):
        edition = by_id[id] = _edition(id, facts, now)
        by_name[site_id, key] = edition
        by_url[site_id, url] = edition
    return {
        place: by_id.get(id) or _found(place, by_name, by_url) or NONE_YET
        for place, id in ids.items()
    }


def _select(ids: Mapping[Place, int | None]) -> sa.CompoundSelect[Any]:
    new = [place for place, id in ids.items() if id is None]
    keys = {(place.site_id, place.key) for place in new}
    urls = {(place.site_id, url) for place in new for url in place.urls}
    known = _named().where(Article.id.in_([id for id in ids.values() if id is not None]))
    by_key = _named().where(sa.tuple_(Article.site_id, Article.key).in_(keys))
    by_url = (
        sa.select(Alias.url, *COLUMNS)
        .join(Article, Article.id == Alias.article_id)
        .where(sa.tuple_(Alias.site_id, Alias.url).in_(urls))
    )
    return sa.union_all(*_asked((known, ids), (by_key, keys), (by_url, urls)))


def _named() -> AnySelect:
    select: AnySelect = sa.select(sa.null().label("url"), *COLUMNS)
    return select


def _asked(*parts: tuple[AnySelect, Iterable[object]]) -> list[AnySelect]:
    return [select for select, wanted in parts if wanted]


def _edition(id: int, facts: list[Any], now: datetime) -> Edition:
    version, recount_at, state, closes_at = facts
    article = Article(version=version, recount_at=recount_at, state=state, closes_at=closes_at)
    return Edition(id, article.version_at(now), article.takes_comments_at(now))


def _found(
    place: Place,
    by_name: Mapping[tuple[int, str], Edition],
    by_url: Mapping[tuple[int, str], Edition],
) -> Edition | None:
    """The article of this id; failing that, the one known under one of the addresses."""
    if named := by_name.get((place.site_id, place.key)):
        return named
    return next((it for url in place.urls if (it := by_url.get((place.site_id, url)))), None)

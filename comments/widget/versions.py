"""Which version of a site and of an article holds now: looked up at most once a second.

A change in this process is known at once, since it is told when it is committed; one of another
process within the second, or when `watching.py` hears of it. An article that closes by time, or
whose votes are counted anew, is looked at in that very moment.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from comments import changes, clock
from comments.changes import Changes
from comments.sites.models import Site
from comments.threads import articles
from comments.threads.forms import Name
from comments.threads.models import Alias, Article

HOLDS = timedelta(seconds=1)
# So many articles are remembered before all are forgotten.
MOST = 5000
# Who asks for the same waits for whoever looks already; so many look at once at most.
TURNS = 64

Place = tuple[str, Name | None]
Columns = tuple[Any, ...]

ARTICLE = (
    Article.id,
    Article.version,
    Article.recount_at,
    Article.state,
    Article.closes_at,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, and in which span of time nobody looks again."""

    stamp: Hashable
    site_id: int
    article_id: int | None
    since: datetime
    until: datetime


class Versions:
    """Answers for a site's key and an article's name with a stamp that is equal while nothing
    changed; without a name, for what is made of many articles, with one that is good for a second.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: dict[Place, Seen] = {}
        self._places: defaultdict[int | None, set[Place]] = defaultdict(set)
        self._generation = 0
        self._guard = threading.Lock()
        self._turns = [threading.Lock() for _ in range(TURNS)]
        self._looks = itertools.count()
        changes.committed.connect(self.heard)

    def stamp(self, site: str, article: Name | None) -> Hashable | None:
        """The stamp, or None where there is no such site or no database: a view will say so."""
        place, now = (site, article), clock.now()
        seen = self._known(place, now)
        if seen is None:
            with self._turns[hash(place) % TURNS]:
                seen = self._known(place, now) or self._look(site, article, now)
        return seen.stamp if seen else None

    def _known(self, place: Place, now: datetime) -> Seen | None:
        seen = self._seen.get(place)
        return seen if seen and seen.since <= now < seen.until else None

    def _look(self, site: str, article: Name | None, now: datetime) -> Seen | None:
        generation = self._generation
        try:
            with self._engine.connect() as connection:
                row = _columns(connection, site, article)
        except SQLAlchemyError:
            return None
        if row is None:
            return None
        seen = self._found(row, article, now)
        with self._guard:
            if generation == self._generation:
                if len(self._seen) >= MOST:
                    self._forget()
                self._seen[site, article] = seen
                self._places[seen.article_id].add((site, article))
        return seen

    def _found(self, row: Columns, name: Name | None, now: datetime) -> Seen:
        site_id, site_version, id, version, recount_at, state, closes_at = row
        site = (site_id, site_version)
        if name is None:
            return Seen((*site, next(self._looks)), site_id, None, now, now + HOLDS)
        if id is None:
            return Seen(site, site_id, None, now, now + HOLDS)
        article = Article(version=version, recount_at=recount_at, state=state, closes_at=closes_at)
        stamp = (*site, id, article.version_at(now), article.takes_comments_at(now))
        turns = [moment for moment in (recount_at, closes_at) if moment and moment > now]
        return Seen(stamp, site_id, id, now, min([*turns, now + HOLDS]))

    def clear(self) -> None:
        """Look at everything again."""
        self.heard(Changes(everything=True))

    def heard(self, changed: Changes) -> None:
        """Look again at what was changed, here or by another process."""
        with self._guard:
            self._generation += 1
            if changed.everything or changed.sites:
                self._forget()
            unknown = changed.articles - self._places.keys()
            for id in [*changed.articles, *([None] if unknown else [])]:
                for place in self._places.pop(id, ()):
                    self._seen.pop(place, None)

    def _forget(self) -> None:
        self._seen.clear()
        self._places.clear()


# Looked at for every article that is read, once a second, and so built once.
_BY_KEY = (
    sa.select(Site.id, Site.version, *ARTICLE)
    .where(Site.key == sa.bindparam("site"))
    .outerjoin(Article, sa.and_(Article.site_id == Site.id, Article.key == sa.bindparam("article")))
)
_BY_URL = (
    sa.select(Site.id, Site.version, *ARTICLE)
    .where(Site.key == sa.bindparam("site"))
    .join(
        Alias,
        sa.and_(Alias.site_id == Site.id, Alias.url.in_(sa.bindparam("urls", expanding=True))),
    )
    .join(Article, Article.id == Alias.article_id)
    .limit(1)
)


def _columns(connection: Connection, site: str, name: Name | None) -> Columns | None:
    asked = {"site": site, "article": name.key if name else None}
    row = connection.execute(_BY_KEY, asked).one_or_none()
    urls = articles.urls_of(name) if name else []
    if row is not None and row[2] is None and urls:
        row = connection.execute(_BY_URL, {"site": site, "urls": urls}).one_or_none() or row
    return tuple(row) if row is not None else None

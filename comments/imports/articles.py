"""The articles of imported comments: found by id or by any of their addresses, or made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from comments import addresses
from comments.db import db
from comments.imports.plan import Group
from comments.sites.models import Site
from comments.threads import queries
from comments.threads.forms import LONGEST_ID
from comments.threads.models import Alias, Article, State

LONGEST_TITLE = 300
# Databases bound how many values one question may hold.
AT_ONCE = 500


def found_or_made(site: Site, group: Group, now: datetime) -> Article:
    """The group's article; one that is there keeps its state, and its blanks are filled."""
    urls = list(dict.fromkeys(_spellings(group)))
    key = _key(group)
    article = queries.article(site, key, urls[:AT_ONCE])
    if article is None or (group.article and article.key != key and not _is_address(article.key)):
        article = _made(site, group, now)
    article.url = article.url or group.url
    article.title = article.title or _title(group)
    for start in range(0, len(urls), AT_ONCE):
        _add_aliases(article, urls[start : start + AT_ONCE])
    return article


def _spellings(group: Group) -> Iterator[str]:
    """Every address under which a page of the group may ask: as it was, as it is, either scheme."""
    for address in group.addresses:
        for url in (address.url, _canonical(address.original)):
            if url:
                yield url
                yield from _with_other_scheme(url)


def _canonical(original: str) -> str | None:
    try:
        return addresses.canonical(original)
    except ValueError:
        return None


def _with_other_scheme(url: str) -> Iterator[str]:
    scheme, rest = url.split("://", 1)
    other = f"{'http' if scheme == 'https' else 'https'}://{rest}"
    if ":" not in rest.partition("/")[0] and len(other) <= addresses.LONGEST:
        yield other


def _key(group: Group) -> str:
    """The id that a slot of the page sends: an address may be longer than any other id."""
    key = " ".join(group.key.split())
    if len(key) <= LONGEST_ID or key == group.url:
        return key
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def _title(group: Group) -> str | None:
    return " ".join(group.title.split())[:LONGEST_TITLE] or None


def _is_address(key: str) -> bool:
    return key.startswith(("http://", "https://"))


def _made(site: Site, group: Group, now: datetime) -> Article:
    article = Article(
        site_id=site.id,
        key=_key(group),
        state=_state(group),
        created_at=now,
    )
    db.session.add(article)
    db.session.flush()
    return article


def _state(group: Group) -> State:
    if group.is_hidden:
        return State.HIDDEN
    return State.CLOSED if group.is_closed else State.OPEN


def _add_aliases(article: Article, urls: list[str]) -> None:
    """The first article of an address keeps it."""
    known = set(
        db.session.scalars(
            sa.select(Alias.url).where(Alias.site_id == article.site_id, Alias.url.in_(urls))
        )
    )
    db.session.add_all(
        Alias(site_id=article.site_id, url=url, article_id=article.id)
        for url in urls
        if url not in known
    )
    db.session.flush()

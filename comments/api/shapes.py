"""What the answers hold: named field by field, so that nothing else can get out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import ConfigDict

from comments.errors import Fault
from comments.sites.models import Role
from comments.threads.drawing import Drawn, Gone, Thread
from comments.threads.lately import Lively
from comments.threads.models import Article as Row
from comments.threads.models import State, Status
from comments.threads.reading import One


class Shape:
    """The parent of every answer, which has these fields and no others."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Author(Shape):
    """Who wrote a comment; `badge` is their role on the site, `badges` what else it calls them."""

    id: str
    name: str
    badge: Role | None
    badges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comment(Shape):
    """One comment as everybody may read it. Where only its place is kept, `gone` says why.

    `replies` counts the published comments below it, at any depth; `ups` and `downs` its votes,
    which may show some seconds late. `more` is the cursor, for
    `after`, of replies that are not in this list.
    """

    id: str
    site: str
    article: str
    parent: str | None
    author: Author | None
    html: str | None
    gone: Gone | None
    status: Status
    created_at: datetime
    edited_at: datetime | None
    replies: int
    ups: int
    downs: int
    more: str | None


@dataclass(frozen=True, slots=True)
class Vote(Shape):
    """What somebody thinks of a comment now, and how its votes stand."""

    id: str
    value: int
    ups: int
    downs: int


@dataclass(frozen=True, slots=True)
class OwnComment(Comment):
    """A comment for its author: with what they typed, and in words what happens next."""

    body: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Comments(Shape):
    """A page: each root, followed by its replies in the order of drawing."""

    items: list[Comment]
    after: str | None
    count: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Counts(Shape):
    """How many comments are published, by article."""

    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Preview(Shape):
    """What a text looks like once it is rendered."""

    html: str


@dataclass(frozen=True, slots=True)
class Report(Shape):
    """That somebody's report of a comment is noted."""

    id: str
    comment: str
    message: str


@dataclass(frozen=True, slots=True)
class Token(Shape):
    """To be sent as `Authorization: Bearer TOKEN`; it is told once, and good for one site."""

    token: str


@dataclass(frozen=True, slots=True)
class Guest(Token):
    """A new guest's token, and the private link by which they come back. Both are told once."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Article(Shape):
    """What is known of an article; `comments` counts those that are published."""

    id: str
    site: str
    url: str | None
    title: str | None
    section: str | None
    language: str | None
    published_at: datetime | None
    state: State
    closes_at: datetime | None
    comments: int


@dataclass(frozen=True, slots=True)
class LivelyArticle(Article):
    """An article that people talk about: when its latest comment was written, and how many of
    the site's latest 1,000 it has."""

    latest_at: datetime
    recent: int


@dataclass(frozen=True, slots=True)
class Articles(Shape):
    """Some articles of a site, in the order that was asked for."""

    items: list[LivelyArticle]


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal (RFC 9457). `detail` is for people, `code` for programs; `faults` names each
    field that is wrong. Some refusals say more in fields of their own."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """An OpenAPI document."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


def comments(thread: Thread) -> Comments:
    place = (thread.site.key, thread.key)
    items = [comment(drawn, place) for root in thread.roots for drawn in _flat(root)]
    return Comments(items, thread.after, thread.count, thread.takes_comments)


def comment(drawn: Drawn, place: tuple[str, str]) -> Comment:
    return Comment(**_facts(drawn, place))


def own_comment(one: One, message: str) -> OwnComment:
    facts = _facts(one.comment, (one.site, one.article))
    return OwnComment(**facts, body=one.source, message=message)


def article(row: Row, site: str) -> Article:
    return Article(**_known(row, site))


def articles(found: Sequence[Lively], site: str) -> Articles:
    return Articles([_lively(each, site) for each in found])


def _lively(found: Lively, site: str) -> LivelyArticle:
    known = _known(found.article, site)
    return LivelyArticle(**known, latest_at=found.latest_at, recent=found.recent)


def _known(row: Row, site: str) -> dict[str, Any]:
    return {
        "id": row.key,
        "site": site,
        "url": row.url,
        "title": row.title,
        "section": row.section,
        "language": row.language,
        "published_at": row.published_at,
        "state": row.state,
        "closes_at": row.closes_at,
        "comments": row.published,
    }


def _flat(drawn: Drawn) -> Iterator[Drawn]:
    """A comment and what is drawn below it, in the order of drawing."""
    yield drawn
    for child in drawn.children:
        yield from _flat(child)


def _facts(drawn: Drawn, place: tuple[str, str]) -> dict[str, Any]:
    author = None if drawn.gone else _author(drawn)
    return {
        "id": drawn.id,
        "site": place[0],
        "article": place[1],
        "parent": drawn.parent_id,
        "author": author,
        "html": drawn.html,
        "gone": drawn.gone,
        "status": drawn.status,
        "created_at": drawn.created_at,
        "edited_at": drawn.edited_at,
        "replies": drawn.replies,
        "ups": drawn.ups,
        "downs": drawn.downs,
        "more": drawn.more,
    }


def _author(drawn: Drawn) -> Author:
    return Author(drawn.author_id, drawn.author, drawn.badge, drawn.badges)

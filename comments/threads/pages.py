"""What our own page of a conversation is made of, around the same thread for everybody."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import render_template, url_for
from markupsafe import Markup

from comments import clock, settings
from comments.accounts.models import User
from comments.errors import DomainError, Invalid, NotFound
from comments.forms import Filled
from comments.sites.models import Site
from comments.threads import drawing, queries, reading, seeing, standing, structured
from comments.threads.drawing import Drawn, Thread
from comments.threads.forms import PageQuery
from comments.threads.reading import View
from comments.threads.seeing import Unread

# What a guest's form has more.
GUEST = ("name", "email")
# What a form of ours holds; anything else was not typed there.
_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Composer:
    """What the form on the page holds: where it answers, what was typed and what is wrong.

    `key` makes the second click of one form the same post; `guest` is who has no
    account.
    """

    parent: str | None = None
    body: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    preview: Markup | None = None
    error: DomainError | None = None
    is_guest: bool = False
    guest: Filled = field(default_factory=Filled)

    def refused(self, error: DomainError) -> Composer:
        """The same, with what is wrong beside each field of a guest."""
        faults = error.faults if isinstance(error, Invalid) else []
        return replace(self, error=error, guest=Filled(self.guest.values, faults))

    @property
    def wrong(self) -> str | None:
        """The first field that is to be looked at again."""
        of_guest = (name for name in GUEST if self.guest.of(name))
        return next(of_guest, "body") if self.error else None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads the page, which of their comments may still be edited, what they have not
    seen, and what they voted.

    `next` leads from each unread comment to the next, and from the last to the first.
    """

    id: str
    editable: frozenset[str]
    unread: Unread
    next: dict[str, str]
    votes: Mapping[str, int]


def thread(site: Site, query: PageQuery, composer: Composer, reader: User | None) -> str:
    """The page for this reader, or for anybody. Raises NotFound."""
    read = _read(site, query, composer)
    return render_template(
        "threads/thread.html",
        site=site,
        query=query,
        thread=read,
        composer=composer,
        mine=_mine(read, reader),
        viewer=_viewer(read, reader),
        lacking=standing.lacking(site, reader) if reader else None,
        address=settings.current().url,
        structured=structured.page(read, settings.current().url + url_for("threads.thread")),
    )


def _read(site: Site, query: PageQuery, composer: Composer) -> Thread:
    """The page around what is read or answered; a text is not lost with what it answers."""
    now = clock.now()
    if composer.parent and _ID.fullmatch(composer.parent):
        try:
            return reading.read(site, query.name, View(comment=int(composer.parent)), now)
        except NotFound:
            if not composer.body:
                raise
    return reading.read(site, query.name, View(query.sort, query.after, query.comment), now)


def _mine(read: Thread, reader: User | None) -> tuple[Drawn, ...]:
    if reader is None or read.article_id is None:
        return ()
    return reading.own(read.site, read.article_id, reader)


def _viewer(read: Thread, reader: User | None) -> Viewer | None:
    if reader is None or read.article_id is None:
        return None
    editable = queries.editable(read.site, read.article_id, reader, clock.now())
    unread = seeing.unread(read.article_id, reader)
    way = _way(read, unread.ids)
    votes = queries.votes(read.article_id, reader)
    return Viewer(str(reader.id), frozenset(map(str, editable)), unread, way, votes)


def _way(read: Thread, unread: tuple[str, ...]) -> dict[str, str]:
    """What is unread, each with the address of the next: along the page, then what it lacks."""
    here = [id for id in drawing.ids(read.roots) if id in unread]
    ids = here + [id for id in unread if id not in here]
    addresses = [f"#comment-{id}" if id in here else _linked(read, id) for id in ids]
    return dict(zip(ids, addresses[1:] + addresses[:1], strict=True))


def _linked(read: Thread, id: str) -> str:
    """A comment that stands elsewhere, on a page around it."""
    address = url_for("threads.thread", site=read.site.key, article=read.key, comment=id)
    return f"{address}#comment-{id}"

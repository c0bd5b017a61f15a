"""What a page shows of a comment and of a thread: frozen, complete, the same for every reader."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask_babel import gettext as _
from markupsafe import Markup

from comments.sites.models import Commenters, Role, Site
from comments.sites.sso import badges
from comments.threads.models import FEW_LEVELS, State, Status

HUES = 12


class Gone(StrEnum):
    """Why a comment's place is kept and its text is not shown."""

    DELETED = "deleted"
    REMOVED = "removed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Row:
    """One comment with its author and its current text, as it was read."""

    id: int
    parent_id: int | None
    root_id: int
    path: str
    depth: int
    author_id: int
    name: str
    role: Role | None
    badges: list[str] | None
    meanings: Mapping[str, str] | None
    html: str
    status: Status
    created_at: datetime
    edited_at: datetime | None
    replies: int
    rank: int
    ups: int
    downs: int
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """One comment as a template draws it. `html` is None where only a place is kept.

    `level` counts from the comment that the page is about, or from a root: that is at level 1, and
    what it answers above it. `more` is the cursor of replies below it that the page lacks.
    `badge` is what the author is on the site, `badges` what else the site calls them.
    """

    id: str
    parent_id: str | None
    depth: int
    author: str
    author_id: str
    badge: Role | None
    badges: tuple[str, ...]
    initials: str
    hue: int
    html: Markup | None
    gone: Gone | None
    created_at: datetime
    edited_at: datetime | None
    status: Status
    replies: int
    ups: int
    downs: int
    level: int = 1
    children: tuple[Drawn, ...] = ()
    more: str | None = None
    more_count: int = 0
    reason: str | None = None
    note: str | None = None

    @property
    def is_above(self) -> bool:
        """It only leads to what the page is about, deep down."""
        return self.level < 1 and self.depth - self.level >= FEW_LEVELS - 1

    @property
    def goes_on(self) -> bool:
        """What hangs below it is a page of its own where there is little room."""
        return self.level == FEW_LEVELS and bool(self.children)


@dataclass(frozen=True, slots=True)
class Thread:
    """One page of an article's conversation."""

    site: Site
    article_id: int | None
    key: str
    url: str | None
    title: str | None
    state: State
    is_open: bool
    version: int
    count: int
    sort: str
    roots: tuple[Drawn, ...] = ()
    after: str | None = None
    focus: str | None = None
    language: str | None = None
    published_at: datetime | None = None

    @property
    def takes_comments(self) -> bool:
        """Whether readers find a form here; staff always do while the article is open."""
        return self.is_open and self.site.settings.commenters is not Commenters.NOBODY


def drawn(row: Row, *, own: bool = False) -> Drawn:
    """A row as everybody sees it; its author (`own`) sees what waits or was rejected too."""
    gone = None if own else _gone(row.status)
    name = row.name or _("Former reader")
    return Drawn(
        id=str(row.id),
        parent_id=None if row.parent_id is None else str(row.parent_id),
        depth=row.depth,
        author="" if gone else name,
        author_id="" if gone else str(row.author_id),
        badge=None if gone else row.role,
        badges=() if gone else badges.texts(row.badges, row.meanings),
        initials="" if gone else initials(name),
        hue=0 if gone else zlib.crc32(str(row.author_id).encode()) % HUES,
        html=None if gone else Markup(row.html),  # noqa: S704 - made by markup.py
        gone=gone,
        created_at=row.created_at,
        edited_at=None if gone else row.edited_at,
        status=row.status,
        replies=row.replies,
        ups=0 if gone else row.ups,
        downs=0 if gone else row.downs,
        reason=row.reason if own else None,
        note=row.note if own else None,
    )


def ids(comments: Iterable[Drawn]) -> Iterator[str]:
    """The ids of these comments and of all below them, in the order of drawing."""
    for comment in comments:
        yield comment.id
        yield from ids(comment.children)


def initials(name: str) -> str:
    """One or two letters for a face."""
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()[:2]


def _gone(status: Status) -> Gone | None:
    return {
        Status.WITHDRAWN: Gone.DELETED,
        Status.REJECTED: Gone.REMOVED,
        Status.PENDING: Gone.WAITING,
    }.get(status)

"""Our neutral form of what a foreign export holds. E-mails and addresses are not in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias


class Reason(StrEnum):
    """Why a comment of the file is not imported."""

    DELETED = "deleted"
    SPAM = "spam"
    PINGBACK = "pingback"
    TRACKBACK = "trackback"
    OTHER_KIND = "other-kind"
    NO_ID = "no-id"
    NO_THREAD = "no-thread"
    DELETED_THREAD = "deleted-thread"
    NO_ADDRESS = "no-address"
    NO_DATE = "no-date"
    EMPTY = "empty"
    TOO_LONG = "too-long"
    REPEATED = "repeated"
    HERE_ALREADY = "here-already"


@dataclass(frozen=True, slots=True)
class ForeignThread:
    source_id: str
    identifier: str
    url: str
    title: str
    closed: bool
    deleted: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ForeignAuthor:
    """`subject` is the account's name in the foreign system, None for somebody without one."""

    subject: str | None
    name: str


@dataclass(frozen=True, slots=True)
class ForeignComment:
    """One comment. What may not be shown again says why, and has neither text nor author here."""

    source_id: str
    thread_id: str
    parent_id: str | None
    author: ForeignAuthor
    html: str
    created_at: datetime
    is_waiting: bool = False
    withheld: Reason | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    source_id: str
    reason: Reason


Record: TypeAlias = ForeignThread | ForeignComment | Skipped

NOBODY = ForeignAuthor(None, "")


def moment(text: str) -> datetime | None:
    """A time as exports write it, UTC where no zone is named; None for one that never was."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Reads a Disqus export: threads first, then posts in any order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from comments.imports import documents
from comments.imports.documents import Entry
from comments.imports.records import (
    NOBODY,
    ForeignAuthor,
    ForeignComment,
    ForeignThread,
    Reason,
    Record,
    Skipped,
    moment,
)

LAYOUT = {
    "disqus/thread": frozenset({"id", "link", "title", "isClosed", "isDeleted"}),
    "disqus/post": frozenset(
        {"id", "message", "createdAt", "isDeleted", "isSpam", "thread", "parent"}
        | {"author/name", "author/username", "author/isAnonymous"}
    ),
}


def read(path: Path) -> Iterator[Record]:
    for entry in documents.entries(path, LAYOUT):
        yield _thread(entry) if entry.kind == "thread" else _comment(entry)


def _thread(entry: Entry) -> ForeignThread:
    return ForeignThread(
        source_id=entry.text("@id") or entry.text("id"),
        identifier=entry.text("id"),
        url=entry.text("link"),
        title=entry.text("title"),
        closed=_is_true(entry, "isClosed"),
        deleted=_is_true(entry, "isDeleted"),
    )


def _comment(entry: Entry) -> ForeignComment | Skipped:
    source_id = entry.text("@id") or entry.text("id")
    created_at = moment(entry.text("createdAt"))
    if not source_id:
        return Skipped(f"<post> {entry.number}", Reason.NO_ID)
    if created_at is None:
        return Skipped(source_id, Reason.NO_DATE)
    withheld = _withheld(entry)
    return ForeignComment(
        source_id=source_id,
        thread_id=entry.text("thread@id") or entry.text("thread"),
        parent_id=entry.text("parent@id") or entry.text("parent") or None,
        author=NOBODY if withheld else _author(entry),
        html="" if withheld else entry.text("message"),
        created_at=created_at,
        withheld=withheld,
    )


def _withheld(entry: Entry) -> Reason | None:
    if _is_true(entry, "isSpam"):
        return Reason.SPAM
    if _is_true(entry, "isDeleted"):
        return Reason.DELETED
    return Reason.TOO_LONG if entry.is_overlong else None


def _author(entry: Entry) -> ForeignAuthor:
    anonymous = _is_true(entry, "author/isAnonymous")
    subject = None if anonymous else entry.text("author/username") or None
    return ForeignAuthor(subject, entry.text("author/name"))


def _is_true(entry: Entry, name: str) -> bool:
    return entry.text(name).lower() in ("true", "1")

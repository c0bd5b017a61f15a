"""Reads WordPress exports (WXR), and the dialect of WXR in which Disqus takes comments in."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

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
    "rss/channel/item": frozenset(
        {"link", "title", "guid", "post_id", "status", "comment_status", "post_password"}
        | {"thread_identifier"}
    ),
    "rss/channel/item/comment": frozenset(
        {"comment_id", "comment_parent", "comment_author", "comment_user_id", "remote/id"}
        | {"comment_content", "comment_date", "comment_date_gmt"}
        | {"comment_approved", "comment_type"}
    ),
}

_NEITHER_LIVE_NOR_WAITING = {
    "spam": Reason.SPAM,
    "trash": Reason.DELETED,
    "post-trashed": Reason.DELETED,
}
_KINDS = {"pingback": Reason.PINGBACK, "trackback": Reason.TRACKBACK}


def read(path: Path) -> Iterator[Record]:
    """The threads of items that hold comments; these come before their thread, which ends later."""
    has_comments = False
    for entry in documents.entries(path, LAYOUT):
        if entry.kind == "comment":
            has_comments = True
            yield _comment(entry)
        else:
            if has_comments:
                yield _thread(entry)
            has_comments = False


def _thread(item: Entry) -> ForeignThread:
    return ForeignThread(
        source_id=_thread_id(item),
        identifier=item.text("thread_identifier"),
        url=item.text("link"),
        title=html.unescape(item.text("title")),
        closed=item.text("comment_status") == "closed",
        deleted=item.text("status") == "trash",
        hidden=item.text("status") == "private" or bool(item.text("post_password")),
    )


def _thread_id(item: Entry) -> str:
    """A guid stays when a blog moves or changes its links, but copied posts share one."""
    return f"{item.text('guid') or item.text('link')}#{item.text('post_id')}"


def _comment(entry: Entry) -> ForeignComment | Skipped:
    thread_id = _thread_id(entry.outer) if entry.outer else ""
    own_id = entry.text("comment_id")
    created_at = moment(entry.text("comment_date_gmt")) or moment(entry.text("comment_date"))
    if not own_id:
        return Skipped(f"<comment> {entry.number}", Reason.NO_ID)
    if created_at is None:
        return Skipped(f"{thread_id}#{own_id}", Reason.NO_DATE)
    parent = entry.text("comment_parent")
    withheld = _withheld(entry)
    return ForeignComment(
        source_id=f"{thread_id}#{own_id}",
        thread_id=thread_id,
        parent_id=f"{thread_id}#{parent}" if parent not in ("", "0") else None,
        author=NOBODY if withheld else _author(entry),
        html="" if withheld else paragraphs(entry.text("comment_content")),
        created_at=created_at,
        is_waiting=entry.text("comment_approved") != "1",
        withheld=withheld,
    )


def _withheld(entry: Entry) -> Reason | None:
    kind = entry.text("comment_type")
    if kind not in ("", "comment"):
        return _KINDS.get(kind, Reason.OTHER_KIND)
    approved = entry.text("comment_approved")
    if approved in _NEITHER_LIVE_NOR_WAITING:
        return _NEITHER_LIVE_NOR_WAITING[approved]
    return Reason.TOO_LONG if entry.is_overlong else None


def _author(entry: Entry) -> ForeignAuthor:
    """Ids of users count within one blog only, so its host is part of the subject."""
    user = entry.text("remote/id") or entry.text("comment_user_id")
    host = urlsplit(entry.outer.text("link")).netloc if entry.outer else ""
    subject = f"{host}#{user}" if user not in ("", "0") else None
    return ForeignAuthor(subject, html.unescape(entry.text("comment_author")))


_BLOCK = (
    r"</?(?:address|article|blockquote|dd|div|dl|dt|figure|h[1-6]|hr|li|ol|section|table|tbody"
    r"|td|tfoot|th|thead|tr|ul)\b[^<>]*>"
)
_PREFORMATTED = re.compile(r"(</?pre\b[^<>]*>)", re.IGNORECASE)
_BLOCK_TAG = re.compile(_BLOCK, re.IGNORECASE)
_PARAGRAPH = re.compile(r"</?p(?:\s[^<>]*)?>", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")


def paragraphs(text: str) -> str:
    """The text as WordPress shows it: a blank line parts paragraphs, a single one breaks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    done = []
    is_preformatted = False
    for piece in _PREFORMATTED.split(text):
        if _PREFORMATTED.fullmatch(piece):
            is_preformatted = not piece.startswith("</")
            done.append(piece)
        else:
            done.append(piece if is_preformatted else _paragraphs_around_blocks(piece))
    return "".join(done)


def _paragraphs_around_blocks(text: str) -> str:
    text = _PARAGRAPH.sub("\n\n", text)
    spaced = _BLOCK_TAG.sub(r"\n\n\g<0>\n\n", text)
    parts = (part.strip() for part in _BLANK_LINE.split(spaced))
    return "\n".join(_paragraph(part) for part in parts if part)


def _paragraph(part: str) -> str:
    if _BLOCK_TAG.fullmatch(part):
        return part
    return "<p>" + part.replace("\n", "<br>\n") + "</p>"

"""Where a file waits, read whole, until it is known to be good: a small database on disk."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from comments import markup
from comments.imports import lineage
from comments.imports.places import Placing
from comments.imports.plan import Plan
from comments.imports.records import ForeignComment, ForeignThread, Reason, Record, Skipped

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE threads (
    id TEXT NOT NULL PRIMARY KEY, page TEXT, url TEXT, original TEXT NOT NULL,
    article TEXT, place TEXT, title TEXT NOT NULL,
    is_closed INTEGER NOT NULL, is_deleted INTEGER NOT NULL, is_hidden INTEGER NOT NULL
);
CREATE TABLE comments (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, thread TEXT NOT NULL, parent TEXT,
    subject TEXT, name TEXT NOT NULL, created_at TEXT NOT NULL,
    source TEXT NOT NULL, html TEXT NOT NULL, text TEXT NOT NULL, links TEXT NOT NULL,
    is_waiting INTEGER NOT NULL, withheld TEXT, skipped TEXT, place TEXT,
    above INTEGER NOT NULL DEFAULT 0, level INTEGER NOT NULL DEFAULT 0,
    is_promoted INTEGER NOT NULL DEFAULT 0, is_above_living INTEGER NOT NULL DEFAULT 0,
    row INTEGER
);
CREATE TABLE unread (id TEXT NOT NULL, reason TEXT NOT NULL);
"""

# A thread whose article nobody named belongs to the one that was named for its page.
_PLACES = """
CREATE INDEX by_page ON threads (page, article);
UPDATE threads SET article = (
    SELECT min(named.article) FROM threads AS named WHERE named.page = threads.page
) WHERE article IS NULL AND page IS NOT NULL;
UPDATE threads SET place = coalesce('article ' || article, 'page ' || page);
CREATE INDEX by_place ON threads (place);
UPDATE comments SET place = (
    SELECT place FROM threads WHERE threads.id = comments.thread AND NOT is_deleted
);
UPDATE comments SET skipped = coalesce(withheld, (
    SELECT CASE WHEN is_deleted THEN 'deleted-thread' ELSE 'no-address' END
    FROM threads WHERE threads.id = comments.thread
), 'no-thread') WHERE place IS NULL;
UPDATE comments SET above = coalesce((
    SELECT parent.number FROM comments AS parent
    WHERE parent.id = comments.parent AND parent.place = comments.place
), 0) WHERE parent IS NOT NULL AND place IS NOT NULL;
"""

# What may not be shown stays, without its text, where something below it may; the rest is left.
_FATES = """
UPDATE comments SET is_promoted = 1 WHERE parent IS NOT NULL AND above = 0;
UPDATE comments SET skipped = withheld
WHERE place IS NOT NULL AND withheld IS NOT NULL AND NOT is_above_living;
CREATE INDEX by_thread ON comments (thread, skipped);
CREATE TABLE queue AS SELECT number FROM comments
WHERE skipped IS NULL ORDER BY place, level, created_at, number;
"""


_NOTHING = markup.Rendered("", "", ())


@contextmanager
def staged(records: Iterable[Record], placing: Placing) -> Iterator[Plan]:
    """All records, each comment with its place, its level and whether it is to be imported."""
    with TemporaryDirectory(prefix="comments-import-") as folder:
        path = Path(folder) / "staging.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(_TABLES)
            database.execute("BEGIN")
            for record in records:
                _keep(database, record, placing)
            database.executescript(_PLACES)
            _settle(database)
            yield Plan(database)


def _keep(database: sqlite3.Connection, record: Record, placing: Placing) -> None:
    if isinstance(record, ForeignThread):
        _keep_thread(database, record, placing)
    elif isinstance(record, Skipped):
        _keep_unread(database, record)
    elif not _keep_comment(database, record):
        _keep_unread(database, Skipped(record.source_id, Reason.REPEATED))


def _keep_thread(database: sqlite3.Connection, thread: ForeignThread, placing: Placing) -> None:
    place = placing.place(thread)
    database.execute(
        "INSERT OR IGNORE INTO threads VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, ?)",
        (
            *(thread.source_id, place.page, place.url, thread.url, place.article),
            *(thread.title, thread.closed, thread.deleted, thread.hidden),
        ),
    )


def _keep_comment(database: sqlite3.Connection, comment: ForeignComment) -> bool:
    """False when there is a comment of this id already."""
    rendered, withheld = _rendered(comment)
    author = comment.author
    values = {
        "id": comment.source_id,
        "thread": comment.thread_id,
        "parent": comment.parent_id,
        "subject": None if withheld else author.subject,
        "name": "" if withheld else author.name,
        "created_at": comment.created_at.isoformat(),
        "source": "" if withheld else comment.html,
        "html": rendered.html,
        "text": rendered.text,
        "links": json.dumps(rendered.links),
        "is_waiting": comment.is_waiting,
        "withheld": withheld,
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    kept = database.execute(
        f"INSERT OR IGNORE INTO comments ({names}) VALUES ({marks})",  # noqa: S608 - names are ours
        tuple(values.values()),
    )
    return kept.rowcount == 1


def _rendered(comment: ForeignComment) -> tuple[markup.Rendered, Reason | None]:
    """What will be shown, or why nothing can be."""
    if comment.withheld:
        return _NOTHING, comment.withheld
    try:
        rendered = markup.render_html(comment.html)
    except markup.Unusable:
        return _NOTHING, Reason.TOO_LONG
    if markup.is_blank(rendered.text):
        return _NOTHING, Reason.EMPTY
    return rendered, None


def _keep_unread(database: sqlite3.Connection, skipped: Skipped) -> None:
    database.execute("INSERT INTO unread VALUES (?, ?)", (skipped.source_id, skipped.reason))


def _settle(database: sqlite3.Connection) -> None:
    parents, living = array("l", [0]), array("l")
    rows = database.execute("SELECT number, above, place, withheld FROM comments ORDER BY number")
    for number, parent, place, withheld in rows:
        parents.append(parent)
        if place and not withheld:
            living.append(number)
    levels, cut = lineage.levels(parents)
    database.execute("BEGIN")
    database.executemany(
        "UPDATE comments SET above = 0 WHERE number = ?", ((number,) for number in cut)
    )
    database.executemany(
        "UPDATE comments SET level = ? WHERE number = ?",
        ((level, number) for number, level in enumerate(levels) if number),
    )
    database.executemany(
        "UPDATE comments SET is_above_living = 1 WHERE number = ?",
        ((number,) for number in lineage.above(living, parents)),
    )
    database.executescript(_FATES)

"""What a staged file will become: articles of several addresses, comments in order, the rest."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from comments.imports.records import Reason

BATCH = 200

_STAGED = """
SELECT comments.*, parent.row AS parent_row FROM queue
JOIN comments ON comments.number = queue.number
LEFT JOIN comments AS parent ON parent.number = comments.above
WHERE queue.rowid BETWEEN ? AND ? AND comments.skipped IS NULL ORDER BY queue.rowid
"""
_ADDRESSES = """
SELECT url, original, title, is_closed, is_hidden, article, (
    SELECT count(*) FROM comments WHERE comments.thread = threads.id AND comments.skipped IS NULL
) AS comments
FROM threads WHERE place = ? AND NOT is_deleted ORDER BY comments DESC, url LIKE 'https:%' DESC, id
"""
_SKIPPED = """
SELECT id, skipped AS reason FROM comments WHERE skipped IS NOT NULL
UNION ALL SELECT id, reason FROM unread
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A comment to import. Parents come before their children; `parent_row` is a row of ours."""

    number: int
    source_id: str
    place: str
    parent_number: int
    parent_row: int | None
    subject: str | None
    name: str
    created_at: datetime
    source: str
    html: str
    text: str
    links: tuple[str, ...]
    is_waiting: bool
    is_tombstone: bool


@dataclass(frozen=True, slots=True)
class Address:
    """One thread of a group. `original` is its address as the file has it."""

    url: str | None
    original: str
    title: str
    is_closed: bool
    is_hidden: bool
    comments: int


@dataclass(frozen=True, slots=True)
class Group:
    """The threads that become one article, those with most comments first."""

    article: str | None
    addresses: tuple[Address, ...]

    @property
    def url(self) -> str | None:
        """The address with most comments, as https if the file knows it so, too."""
        urls = [address.url for address in self.addresses if address.url]
        if not urls:
            return None
        secure = urls[0].replace("http://", "https://", 1)
        return secure if secure in urls else urls[0]

    @property
    def key(self) -> str:
        return self.article or self.url or ""

    @property
    def title(self) -> str:
        return next((address.title for address in self.addresses if address.title), "")

    @property
    def is_closed(self) -> bool:
        return all(address.is_closed for address in self.addresses if address.comments)

    @property
    def is_hidden(self) -> bool:
        return all(address.is_hidden for address in self.addresses if address.comments)

    @property
    def comments(self) -> int:
        return sum(address.comments for address in self.addresses)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was read and what of it is imported: published, waiting, or as an empty place."""

    read: int
    threads: int
    published: int
    waiting: int
    tombstones: int

    @property
    def imported(self) -> int:
        return self.published + self.waiting + self.tombstones


class Plan:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.row_factory = sqlite3.Row

    def groups(self) -> Iterator[Group]:
        """The articles that get comments, those of the most addresses first."""
        places = self._database.execute(
            "SELECT threads.place FROM threads JOIN comments ON comments.thread = threads.id "
            "WHERE comments.skipped IS NULL GROUP BY threads.place ORDER BY ("
            "SELECT count(*) FROM threads AS other WHERE other.place = threads.place"
            ") DESC, threads.place"
        )
        return (self.group(row["place"]) for row in places)

    def group(self, place: str) -> Group:
        rows = self._database.execute(_ADDRESSES, (place,)).fetchall()
        addresses = tuple(
            Address(
                url=row["url"],
                original=row["original"],
                title=row["title"],
                is_closed=bool(row["is_closed"]),
                is_hidden=bool(row["is_hidden"]),
                comments=row["comments"],
            )
            for row in rows
        )
        return Group(rows[0]["article"], addresses)

    def batches(self) -> Iterator[list[Staged]]:
        """The comments to import, in the order of importing."""
        [last] = self._database.execute("SELECT coalesce(max(rowid), 0) FROM queue").fetchone()
        for start in range(1, last + 1, BATCH):
            rows = self._database.execute(_STAGED, (start, start + BATCH - 1))
            if batch := [_staged(row) for row in rows]:
                yield batch

    def here_already(self, rows: Mapping[int, int]) -> None:
        """These comments, by their numbers, are in these rows of ours since an earlier time."""
        self._database.executemany(
            "UPDATE comments SET row = ?, skipped = ? WHERE number = ?",
            ((row, Reason.HERE_ALREADY, number) for number, row in rows.items()),
        )

    def imported(self, rows: Mapping[int, int]) -> None:
        """These comments, by their numbers, have these rows of ours now."""
        self._database.executemany(
            "UPDATE comments SET row = ? WHERE number = ?",
            ((row, number) for number, row in rows.items()),
        )

    def sums(self) -> Sums:
        counts = self._database.execute(
            "SELECT (SELECT count(*) FROM comments) + (SELECT count(*) FROM unread) AS read,"
            " (SELECT count(*) FROM threads) AS threads,"
            " count(*) FILTER (WHERE withheld IS NULL AND NOT is_waiting) AS published,"
            " count(*) FILTER (WHERE withheld IS NULL AND is_waiting) AS waiting,"
            " count(*) FILTER (WHERE withheld IS NOT NULL) AS tombstones"
            " FROM comments WHERE skipped IS NULL"
        ).fetchone()
        return Sums(**dict(counts))

    def skipped(self) -> dict[Reason, int]:
        """How many are not imported, by the reason."""
        rows = self._database.execute(
            f"SELECT reason, count(*) AS times FROM ({_SKIPPED}) GROUP BY reason"  # noqa: S608
        )
        return {Reason(row["reason"]): row["times"] for row in rows}

    def skipped_ids(self, reason: Reason) -> Iterator[str]:
        rows = self._database.execute(
            f"SELECT id FROM ({_SKIPPED}) WHERE reason = ?",  # noqa: S608
            (reason,),
        )
        return (row["id"] for row in rows)

    def promoted_ids(self) -> Iterator[str]:
        """Those that are imported at the top because their parent is not to be found."""
        rows = self._database.execute(
            "SELECT id FROM comments WHERE is_promoted AND skipped IS NULL"
        )
        return (row["id"] for row in rows)


def _staged(row: sqlite3.Row) -> Staged:
    return Staged(
        number=row["number"],
        source_id=row["id"],
        place=row["place"],
        parent_number=row["above"],
        parent_row=row["parent_row"],
        subject=row["subject"],
        name=row["name"],
        created_at=datetime.fromisoformat(row["created_at"]),
        source=row["source"],
        html=row["html"],
        text=row["text"],
        links=tuple(json.loads(row["links"])),
        is_waiting=bool(row["is_waiting"]),
        is_tombstone=row["withheld"] is not None,
    )

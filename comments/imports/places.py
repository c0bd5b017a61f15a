"""Pure: to which article of ours a foreign thread belongs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from comments import addresses
from comments.imports.files import Refused
from comments.imports.records import ForeignThread

# With these WordPress names a post that has no path of its own.
_NAMES_THE_PAGE = frozenset({"p", "page_id", "attachment_id"})


@dataclass(frozen=True, slots=True)
class Place:
    """`page` is the same for all spellings of one page's address, `article` is an id if known."""

    page: str | None
    url: str | None
    article: str | None


@dataclass(frozen=True, slots=True)
class Placing:
    """How threads are matched with articles; `table` wins over identifiers, those over pages."""

    by_identifier: bool = False
    drops_query: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)

    def place(self, thread: ForeignThread) -> Place:
        url = self._url(thread.url) or self._url(thread.identifier)
        page = _page(url) if url else None
        article = self.table.get(self._key(thread.identifier)) or self.table.get(page or "")
        if self.by_identifier:
            article = article or thread.identifier or None
        return Place(page, url, article)

    def with_table(self, file: Path) -> Placing:
        """This, and each address or identifier in the file's first column has its article."""
        table: dict[str, str] = {}
        for line, key, article in _rows(file):
            if table.setdefault(self._key(key), article) != article:
                raise _wrong_row(file, line)
        return replace(self, table=table)

    def _key(self, text: str) -> str:
        url = self._url(text)
        return _page(url) if url else text

    def _url(self, text: str) -> str | None:
        try:
            scheme, host, path, query, _fragment = urlsplit(addresses.canonical(text))
        except ValueError:
            return None
        if self.drops_query:
            query = "&".join(pair for pair in query.split("&") if _names_the_page(pair))
        url = urlunsplit((scheme, self.hosts.get(host, host), path, query, ""))
        return url if len(url) <= addresses.LONGEST else None


def _rows(file: Path) -> Iterator[tuple[int, str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = [[cell.strip() for cell in row] for row in csv.reader(stream)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{file.name} is not a CSV file in UTF-8.") from error
    for line, row in enumerate(rows, start=1):
        if row and (len(row) != 2 or not all(row)):
            raise _wrong_row(file, line)
        if row:
            yield line, row[0], row[1]


def _wrong_row(file: Path, line: int) -> Refused:
    return Refused(
        f"{file.name}, line {line}: each line must hold an address or identifier, a comma and the "
        "article's id, and no address or identifier may have two articles."
    )


def host_map(pairs: Iterable[str]) -> dict[str, str]:
    """`old=new` as the operator typed them."""
    return dict(_host_pair(pair) for pair in pairs)


def _host_pair(pair: str) -> tuple[str, str]:
    old, _sign, new = pair.partition("=")
    try:
        return _host(old), _host(new)
    except ValueError as error:
        raise Refused(f"{pair} is not a pair of hosts, old=new.") from error


def _host(text: str) -> str:
    return urlsplit(addresses.canonical(text if "://" in text else f"http://{text}")).netloc


def _page(url: str) -> str:
    _scheme, host, path, query, _fragment = urlsplit(url)
    return host + path.rstrip("/") + (f"?{query}" if query else "")


def _names_the_page(pair: str) -> bool:
    return pair.partition("=")[0] in _NAMES_THE_PAGE

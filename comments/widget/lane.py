"""The fast lane: public reads answered in front of Flask, from finished and compressed bytes.

An answer is kept under what was asked for (`Asked`) and under a stamp of what it was made from.
Whether the stamp still holds is asked of a callable that is handed in; if it does, no view runs, no
query is made here and no line is logged. If it does not, the first who asks renders, and everybody
else waits for that one answer. Only answers of 200 are kept, and no more than a number of bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from comments import cors, packing
from comments.threads.forms import Name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What differs from reader to reader, and is put in again for each.
OWN = frozenset(
    {
        "access-control-allow-origin",
        "access-control-expose-headers",
        "content-encoding",
        "content-length",
        "etag",
        "vary",
        "x-request-id",
    }
)
VARY = ("Vary", "Accept-Encoding, Origin")
# So many ways to write an address are remembered as what they ask for, up to so many characters.
ADDRESSES = 5000
LONGEST_ADDRESS = 4000
# So many answers at most are made at once; two that share a turn wait for each other.
TURNS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, however it is written; `article` where it is about one."""

    path: str
    query: Hashable
    site: str
    article: Name | None = None


@dataclass(slots=True)
class Tally:
    """What the lane did since the process began; hits are about right, renders are exact."""

    hits: int = 0
    unchanged: int = 0
    renders: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Packed:
    """An answer in one encoding."""

    body: bytes
    tag: str
    headers: list[tuple[str, str]]
    headers_unchanged: list[tuple[str, str]]


class Entry:
    """One answer, made from what `stamp` says, in each encoding that somebody asked for."""

    __slots__ = ("_headers", "_packed", "body", "is_used", "origins", "stamp")

    def __init__(self, stamp: Hashable, response: Response, origins: frozenset[str]) -> None:
        self.stamp = stamp
        self.body = response.get_data()
        self.origins = origins
        self.is_used = False
        self._headers = [(k, v) for k, v in response.headers if k.lower() not in OWN]
        self._packed: dict[str, Packed] = {}

    def packed(self, encoding: str) -> Packed:
        found = self._packed.get(encoding)
        if found is None:
            found = self._packed[encoding] = self._pack(encoding)
        return found

    def _pack(self, encoding: str) -> Packed:
        body = packing.compressed(self.body, encoding, packing.QUICK)
        tag = f'"{packing.tag(self.body, encoding)}"'
        always = [(k, v) for k, v in self._headers if k.lower() != "content-type"]
        always += [VARY, ("ETag", tag)]
        kind = [(k, v) for k, v in self._headers if k.lower() == "content-type"]
        if encoding:
            kind.append(("Content-Encoding", encoding))
        return Packed(body, tag, [*kind, ("Content-Length", str(len(body))), *always], always)

    @property
    def size(self) -> int:
        """About what it takes, in bytes; compressed twice it is hardly half as long again."""
        return 2 * len(self.body)


class Lane:
    """A WSGI app in front of `app`.

    `readers` make of a query string what it asks for, or None for what is none of the lane's;
    `stamp_of` says from what an answer would be made now, or None for what can't be kept; at most
    about `most` bytes are kept.
    """

    def __init__(
        self,
        app: WSGIApplication,
        readers: Mapping[str, Callable[[str], Asked | None]],
        stamp_of: Callable[[Asked], Hashable | None],
        most: int,
    ) -> None:
        self.tally = Tally()
        self._app = app
        self._readers = readers
        self._stamp_of = stamp_of
        self._most = most
        self._addresses: dict[tuple[str, str], Asked] = {}
        self._kept: dict[Asked, Entry] = {}
        self._guard = threading.Lock()
        self._turns = [threading.Lock() for _ in range(TURNS)]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = self._asked(environ)
        stamp = self._stamp_of(asked) if asked else None
        if asked is None or stamp is None:
            return self._app(environ, start_response)
        entry = self._kept.get(asked)
        if entry is None or entry.stamp != stamp:
            made = self._made(asked, environ)
            if isinstance(made, Response):
                return made(environ, start_response)
            entry = made
        else:
            entry.is_used = True
            self.tally.hits += 1
        return self._answer(entry, environ, start_response)

    def clear(self) -> None:
        """Forget every answer."""
        with self._guard:
            self._kept.clear()
            self.tally.bytes = 0

    @property
    def answers(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def _asked(self, environ: WSGIEnvironment) -> Asked | None:
        path = environ["PATH_INFO"]
        reader = self._readers.get(path)
        if reader is None or environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" in environ:
            return None
        address = (path, environ["QUERY_STRING"])
        known = self._addresses.get(address)
        return known or self._read(address, reader)

    def _read(
        self, address: tuple[str, str], reader: Callable[[str], Asked | None]
    ) -> Asked | None:
        found = reader(address[1]) if len(address[1]) <= LONGEST_ADDRESS else None
        if found is not None:
            if len(self._addresses) >= ADDRESSES:
                self._addresses = {}
            self._addresses[address] = found
        return found

    def _made(self, asked: Asked, environ: WSGIEnvironment) -> Entry | Response:
        """A fresh answer, by whoever comes first; what is no 200 goes to who asked alone."""
        with self._turns[hash(asked) % TURNS]:
            stamp = self._stamp_of(asked)
            known = self._kept.get(asked)
            if known is not None and known.stamp == stamp:
                return known
            inner = {k: v for k, v in environ.items() if k not in CONDITIONS}
            origins = inner[cors.OPEN_TO] = set()
            response = Response.from_app(self._app, inner, buffered=True)
            if response.status_code != 200 or stamp is None:
                return response
            entry = Entry(stamp, response, frozenset(origins))
            self._keep(asked, entry)
            return entry

    def _keep(self, asked: Asked, entry: Entry) -> None:
        with self._guard:
            old = self._kept.pop(asked, None)
            self._kept[asked] = entry
            self.tally.renders += 1
            self.tally.bytes += entry.size - (old.size if old else 0)
            while self.tally.bytes > self._most and len(self._kept) > 1:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        """The oldest goes, unless somebody used it: then it is as good as new, once."""
        asked = next(iter(self._kept))
        entry = self._kept.pop(asked)
        if entry.is_used:
            entry.is_used = False
            self._kept[asked] = entry
        else:
            self.tally.bytes -= entry.size

    def _answer(
        self, entry: Entry, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        packed = entry.packed(_encoding(environ.get("HTTP_ACCEPT_ENCODING", "")))
        is_unchanged = packed.tag in environ.get("HTTP_IF_NONE_MATCH", "")
        headers = packed.headers_unchanged if is_unchanged else packed.headers
        origin = environ.get("HTTP_ORIGIN")
        if origin in entry.origins:
            headers = [*headers, ("Access-Control-Allow-Origin", origin), cors.EXPOSE]
        self.tally.unchanged += is_unchanged
        start_response("304 NOT MODIFIED" if is_unchanged else "200 OK", headers)
        return () if is_unchanged else (packed.body,)


# What is asked of the answer and not of what it holds.
CONDITIONS = frozenset(
    {"HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE"}
)


@lru_cache(maxsize=200)
def _encoding(accepted: str) -> str:
    return packing.best(parse_accept_header(accepted, Accept))


class Told(Collector):
    """The figures of a lane, for /metrics."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def collect(self) -> Iterable[Metric]:
        tally = self._lane.tally
        yield CounterMetricFamily("comments_lane_hits", "Reads from memory.", tally.hits)
        yield CounterMetricFamily("comments_lane_unchanged", "Answers of 304.", tally.unchanged)
        yield CounterMetricFamily("comments_lane_renders", "Reads that were made.", tally.renders)
        yield GaugeMetricFamily("comments_lane_answers", "Answers kept.", self._lane.answers)
        yield GaugeMetricFamily("comments_lane_bytes", "What they take, about.", tally.bytes)

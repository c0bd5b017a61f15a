"""The event streams of this process: who waits for which article, and what they are told.

Somebody else looks at the articles (`watching.py`) and tells the hub what they are like now; each
stream of an article that changed gets one event, which holds an id and a version and no text. A
stream is read by a thread of the server and holds no more than its queue.
"""

from __future__ import annotations

import queue
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import orjson
from flask_babel import gettext as _

from comments.changes import Changes
from comments.errors import Busy
from comments.threads.editions import Edition, Place

# So many streams a server with a thread for each may hold, and so many one reader's address.
ROOM = 500
ROOM_EACH = 50
PING_SECONDS = 15.0
PING = b": ping\n\n"
# Who leaves so many events unread is cut off, and learns the rest by coming back.
BACKLOG = 50

Look = Callable[[Mapping[Place, Edition]], Mapping[Place, Edition]]


class Full(Busy):
    """There is no room for another stream; the page goes on asking from time to time."""

    code, retry_after = "full", 120


class Stream:
    """What one page is told, as the body of an answer that does not end by itself."""

    def __init__(self, places: frozenset[Place], address: str | None, hub: Hub) -> None:
        self.places = places
        self.address = address
        self._hub = hub
        self._events: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._is_over = False

    def put(self, event: bytes) -> None:
        if self._events.qsize() < BACKLOG:
            self._events.put(event)
        elif not self._is_over:
            self.end()

    def end(self) -> None:
        """Let the answer end, whatever is still to be read."""
        self._is_over = True
        self._events.put(b"")

    def close(self) -> None:
        """Nobody reads any more."""
        self._hub.leave(self)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            event = self._events.get(timeout=self._hub.ping_seconds)
        except queue.Empty:
            return PING
        if self._is_over:
            self.close()
            raise StopIteration
        return event


class Hub:
    """All streams of a process. `begin` is called once, when the first of them comes."""

    def __init__(self, begin: Callable[[], None], ping_seconds: float = PING_SECONDS) -> None:
        self.room = 0  # a server must say for how many it has threads
        self.refused = 0
        self.ping_seconds = ping_seconds
        self.woken = threading.Event()
        self._begin: Callable[[], None] | None = begin
        self._guard = threading.Lock()
        self._streams: set[Stream] = set()
        self._addresses: Counter[str] = Counter()
        self._waiting: dict[Place, set[Stream]] = {}
        self._editions: dict[Place, Edition] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def check_room(self, address: str | None) -> None:
        """Raises Full where a stream for this address (None is not counted) has no room."""
        if len(self._streams) < self.room and self._addresses[address or ""] < ROOM_EACH:
            return
        self.refused += 1
        raise Full(_("So many people read along that there is no room for live updates."))

    def join(self, editions: Mapping[Place, Edition], address: str | None) -> Stream:
        """A stream that begins with how these places are. Raises Full."""
        stream = Stream(frozenset(editions), address, self)
        with self._guard:
            self.check_room(address)
            self._streams.add(stream)
            if address:
                self._addresses[address] += 1
            first = [b"retry: %d\n\n" % random.randrange(2000, 10_000)]  # noqa: S311 - no secret
            for place, edition in editions.items():
                self._waiting.setdefault(place, set()).add(stream)
                first.append(_event(place, self._editions.setdefault(place, edition)))
            stream.put(b"".join(first))
            begin, self._begin = self._begin, None
        if begin:
            begin()
        self.woken.set()
        return stream

    def leave(self, stream: Stream) -> None:
        with self._guard:
            if stream not in self._streams:
                return
            self._streams.discard(stream)
            if stream.address:
                self._addresses[stream.address] -= 1
                if not self._addresses[stream.address]:
                    del self._addresses[stream.address]
            for place in stream.places:
                self._waiting[place].discard(stream)
                if not self._waiting[place]:
                    del self._waiting[place], self._editions[place]

    def heard(self, changed: Changes) -> None:
        """Something was committed, here or elsewhere; look soon if anybody waits for it."""
        with self._guard:
            ids = {edition.article_id for edition in self._editions.values()}
        if changed.everything or None in ids or not ids.isdisjoint(changed.articles):
            self.woken.set()

    def look(self, look: Look) -> None:
        """Tell every stream what became of what it waits for."""
        with self._guard:
            known = dict(self._editions)
        if not known:
            return
        found = look(known)
        with self._guard:
            for place, edition in found.items():
                if self._editions.get(place, edition) != edition:
                    self._editions[place] = edition
                    event = _event(place, edition)
                    for stream in self._waiting[place]:
                        stream.put(event)

    def end(self) -> None:
        """The process ends: no more streams, and those that are there end now."""
        self.room = 0
        with self._guard:
            for stream in self._streams:
                stream.end()
            for kept in (self._streams, self._addresses, self._waiting, self._editions):
                kept.clear()


def _event(place: Place, edition: Edition) -> bytes:
    told = {"article": place.key, "version": edition.version, "open": edition.is_open}
    return b"event: article\ndata: %s\n\n" % orjson.dumps(told)

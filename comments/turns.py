"""Turns: who comes first is served first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import gettext as _

from comments import settings
from comments.errors import Busy

# Nobody waits for so many seconds.
PATIENCE = 20.0


class TicketLock:
    """A lock that serves in the order of arrival, which SQLite's own wait does not."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Hold the lock. Raises Busy when it was not free within `seconds`."""
        self._acquire(seconds)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, seconds: float) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=seconds):
            return
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise Busy(_("Too many people are writing at once. Please try again."))
        # Handed over in the very last moment: the lock is ours after all.

    def _release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


posts = TicketLock()


@contextmanager
def in_turn() -> Iterator[None]:
    """Let one post after the other do all that it does, where only one writes at a time anyway.

    Threads that post at once take the interpreter from each other at every statement, and SQLite
    reads anew for each of them what the others wrote. Raises Busy.
    """
    if not settings.current().is_sqlite:
        yield
        return
    with posts.held(PATIENCE):
        yield

"""What is done beside the requests: in threads of `comments serve`, or as `comments work`.

Any number of processes may do it at once: each chore claims in the database what it does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask

from comments.logs import log

# Whether it is time to leave the rest to the next.
IsOver = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Chore:
    """Does what is due, in an application context of its own: after so many seconds, or as soon
    as it is woken, but no sooner than `rest` seconds after the last time. `threads` do so at once,
    where one of them may be held up."""

    act: Callable[[IsOver], object]
    pause: float
    woken: threading.Event = field(default_factory=threading.Event)
    threads: int = 1
    rest: float = 0.0


# By name, added by whoever has something to do.
chores: dict[str, Chore] = {}


class Crew:
    """Does every chore in threads of its own, until it is told to stop."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(name, chore), name=name, daemon=True)
            for name, chore in chores.items()
            for _one in range(chore.threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for chore in chores.values():
            chore.woken.set()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    def _repeat(self, name: str, chore: Chore) -> None:
        while True:
            chore.woken.clear()
            if self._over.is_set():
                return
            try:
                with self._app.app_context():
                    chore.act(self._over.is_set)
            except Exception:
                log.exception("a chore failed", chore=name)
            self._over.wait(chore.rest)
            chore.woken.wait(chore.pause)

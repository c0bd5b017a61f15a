"""Sends what the outbox holds: in a thread of `comments serve`, or as `comments work`.

Any number of workers may run beside each other.
"""

from __future__ import annotations

import threading

from flask import Flask

from comments import clock, mail, outbox, settings
from comments.db import db, transaction
from comments.logs import log
from comments.mail import Deferred, Refused, Transport, Unreachable
from comments.outbox import Claimed

# What other processes wrote, and what is due again, is found within so many seconds.
PAUSE = 5.0


class Worker:
    """Sends until it is told to stop, one thing at a time."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()
        outbox.woken.set()

    def run(self) -> None:
        """Send whatever becomes due, until somebody says `stop`."""
        while not self._stop.is_set():
            outbox.woken.clear()
            try:
                self.drain()
            except Exception:
                log.exception("sending failed")
            outbox.woken.wait(PAUSE)

    def drain(self) -> int:
        """Send what is due; how many tries that took."""
        tries = 0
        with self._app.app_context(), mail.transport(settings.current()) as transport:
            while not self._stop.is_set() and _tried(transport):
                db.session.remove()
                tries += 1
        return tries


def _tried(transport: Transport) -> bool:
    claimed = transaction(lambda: outbox.claim(clock.now()))
    if claimed is None:
        return False
    try:
        message = transaction(lambda: mail.compose(claimed, clock.now()))
        if message is not None:
            transport.send(message)
    except Refused as error:
        _note(outbox.died, claimed, str(error))
    except Deferred as error:
        _note(outbox.failed, claimed, str(error))
    except Unreachable as error:
        _note(outbox.unreachable, claimed, str(error))
    except Exception as error:
        log.exception("a letter could not be made", kind=claimed.kind)
        _note(outbox.failed, claimed, type(error).__name__)
    else:
        transaction(lambda: outbox.sent(claimed))
    return True


def _note(outcome: outbox.Outcome, claimed: Claimed, words: str) -> None:
    log.warning("not sent", kind=claimed.kind, outgoing=claimed.id, outcome=outcome.__name__)
    transaction(lambda: outcome(claimed, words, clock.now()))

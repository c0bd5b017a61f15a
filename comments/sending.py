"""Sends what the outbox holds, one queue at a time, and notes what became of each try."""

from __future__ import annotations

from collections.abc import Callable

from comments import clock, mail, outbox, settings
from comments.db import db, transaction
from comments.logs import log
from comments.outbox import Claimed, Deferred, Refused, Unreachable
from comments.working import Chore, IsOver, chores

# What other processes wrote, and what is due again, is found within so many seconds.
PAUSE = 5.0

# Raises Refused, Deferred or Unreachable.
Send = Callable[[Claimed], None]


def connect() -> None:
    chores["mail"] = Chore(letters, PAUSE, outbox.woken[mail.QUEUE])


def letters(is_over: IsOver) -> None:
    """Send the letters that are due, over one connection."""
    with mail.transport(settings.current()) as transport:

        def send(claimed: Claimed) -> None:
            message = transaction(lambda: mail.compose(claimed, clock.now()))
            if message is not None:
                transport.send(message)

        drain(mail.QUEUE, send, is_over)


def drain(queue: str, send: Send, is_over: IsOver) -> None:
    """Send whatever is due in a queue."""
    while not is_over():
        claimed = transaction(lambda: outbox.claim(queue, clock.now()))
        if claimed is None:
            return
        attempt(claimed, send)
        db.session.remove()


def attempt(claimed: Claimed, send: Send) -> None:
    """Send one thing, and note what became of it."""
    try:
        send(claimed)
    except Refused as error:
        _note(outbox.died, claimed, str(error))
    except Deferred as error:
        _note(outbox.failed, claimed, str(error))
    except Unreachable as error:
        _note(outbox.unreachable, claimed, str(error))
    except Exception as error:
        log.exception("it could not be made", kind=claimed.kind)
        _note(outbox.failed, claimed, type(error).__name__)
    else:
        transaction(lambda: outbox.sent(claimed))


def _note(outcome: outbox.Outcome, claimed: Claimed, words: str) -> None:
    log.warning("not sent", kind=claimed.kind, outgoing=claimed.id, outcome=outcome.__name__)
    transaction(lambda: outcome(claimed, words, clock.now()))

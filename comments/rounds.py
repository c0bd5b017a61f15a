"""Going round the receivers: one to each and again, whoever else is slow or gone.

Several threads do so at once, and any number of processes. Within one process a receiver is talked
to by one thread at a time, and one thread is left to those that were quick the last time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from comments import clock, outbox
from comments.db import db, transaction
from comments.outbox import Claimed, Outgoing, Receiver
from comments.working import IsOver

# Who takes longer keeps nobody else waiting again.
QUICK_SECONDS = 2.0

# Sends it and notes what became of it.
Send = Callable[[Claimed], None]


class Hands:
    """The threads of one chore, of which each has one receiver in hand."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._guard = threading.Lock()
        self._held: set[str] = set()
        self._quick: set[str] = set()

    def go_round(self, prefix: str, send: Send, is_over: IsOver) -> None:
        """Send whatever is due to receivers of such names, until nothing is that this one may."""
        while not is_over():
            names = _due(prefix, clock.now())
            sent = [self._send_one(name, send) for name in names if not is_over()]
            if not any(sent):
                return

    def _send_one(self, name: str, send: Send) -> bool:
        if not self._take(name):
            return False
        try:
            claimed = transaction(lambda: outbox.claim_of(name, clock.now()))
            if claimed is None:
                return False
            began = time.monotonic()
            send(claimed)
            self._note(name, time.monotonic() - began)
            return True
        finally:
            self._held.discard(name)
            db.session.remove()

    def _take(self, name: str) -> bool:
        with self._guard:
            in_doubt = self._held - self._quick
            is_crowded = name not in self._quick and len(in_doubt) >= self._number - 1
            if name in self._held or is_crowded:
                return False
            self._held.add(name)
            return True

    def _note(self, name: str, took: float) -> None:
        with self._guard:
            if took < QUICK_SECONDS:
                self._quick.add(name)
            else:
                self._quick.discard(name)


def _due(prefix: str, now: datetime) -> list[str]:
    """The receivers for whom something is due, by a look into an index for each, without a lock."""
    names = sa.select(_next_after(sa.literal(prefix), prefix).label("name"))
    walk = names.cte("receivers_due", recursive=True)
    further = sa.select(_next_after(walk.c.name, prefix)).where(walk.c.name.is_not(None))
    walk = walk.union_all(further)
    waits = sa.exists().where(
        Outgoing.receiver == walk.c.name, Outgoing.died_at.is_(None), Outgoing.due_at <= now
    )
    rests = sa.exists().where(Receiver.name == walk.c.name, Receiver.rests_until > now)
    found = list(db.session.scalars(sa.select(walk.c.name).where(waits, ~rests)))
    db.session.remove()
    return found


def _next_after(name: sa.ColumnElement[str], prefix: str) -> sa.ScalarSelect[str]:
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    is_next = sa.and_(Outgoing.receiver > name, Outgoing.receiver < end)
    least = sa.select(sa.func.min(Outgoing.receiver)).where(Outgoing.died_at.is_(None), is_next)
    return least.correlate_except(Outgoing).scalar_subquery()

"""Delivering: what waits for receivers is sent to each in turn, whoever else is slow or gone.

Several threads do so at once, and any number of processes; within one process a receiver is talked
to by one thread at a time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import sqlalchemy as sa
from flask_babel import force_locale

from comments import clock, outbox, outward, sealing
from comments.db import db, transaction
from comments.hooks import bodies, configuring, queueing, signing, slack
from comments.hooks.models import LONGEST_ANSWER, RECEIVER, Delivery, Format, Hook, State
from comments.logs import log
from comments.outbox import Claimed, Outgoing
from comments.outward import Question, Reach
from comments.sites.models import Site
from comments.working import Chore, IsOver, chores

# What other processes wrote, and what is due again, is found within so many seconds.
PAUSE = 5.0
THREADS = 4


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, and where."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try: the status, or why there is none; the first words; milliseconds."""

    status: int | None = None
    failure: str | None = None
    answer: str = ""
    took: int = 0

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def connect() -> None:
    chores["hooks"] = Chore(deliver, PAUSE, outbox.woken[queueing.QUEUE], THREADS)


def deliver(is_over: IsOver, reach: Reach | None = None) -> None:
    """Send whatever is due, one to each receiver and again, until nothing is."""
    while not is_over():
        sent = [_sent_one(id, reach) for id in _due(clock.now()) if not is_over()]
        if not any(sent):
            return


def _due(now: datetime) -> list[int]:
    """The receivers for which something is due, without a lock."""
    name = sa.literal(RECEIVER).concat(sa.cast(Hook.id, sa.String))
    waits = sa.exists().where(
        Outgoing.receiver == name,
        Outgoing.died_at.is_(None),
        Outgoing.due_at <= now,
        ~outbox.rests(now),
    )
    found = list(db.session.scalars(sa.select(Hook.id).where(waits).order_by(Hook.id)))
    db.session.remove()
    return found


_guard = threading.Lock()
_in_hand: set[int] = set()


@contextmanager
def _in_hand_of_one(id: int) -> Iterator[bool]:
    with _guard:
        is_free = id not in _in_hand
        _in_hand.add(id)
    try:
        yield is_free
    finally:
        if is_free:
            _in_hand.discard(id)


def _sent_one(id: int, reach: Reach | None) -> bool:
    """Whether there was something to send to this receiver, and nobody at it already."""
    with _in_hand_of_one(id) as is_mine:
        name = f"{RECEIVER}{id}"
        claimed = transaction(lambda: outbox.claim_of(name, clock.now())) if is_mine else None
        if claimed is None:
            return False
        tried = _tried(claimed, reach)
        transaction(lambda: _note(claimed, tried, clock.now()))
        db.session.remove()
        return True


def _tried(claimed: Claimed, reach: Reach | None) -> Tried:
    try:
        letter = _letter(claimed.facts["delivery"], clock.now())
    except sealing.Unreadable:
        return Tried(failure="sealed")
    except Exception:
        log.exception("it could not be made", kind=claimed.kind)
        return Tried(failure="unmade")
    finally:
        db.session.remove()  # nobody waits for a receiver while reading
    return _posted(letter, reach) if letter else Tried(failure="stopped")


def _letter(id: int, now: datetime) -> Letter | None:
    """What is to be sent, or None where it is not wanted any more."""
    delivery = db.session.get(Delivery, id)
    if delivery is None or delivery.hook.stopped_at is not None:
        return None
    hook, told = delivery.hook, bodies.compose(delivery)
    headers = {"Content-Type": "application/json"}
    if hook.format is Format.SLACK:
        site = db.session.get_one(Site, hook.site_id)
        with force_locale(site.settings.language):
            told = slack.message(delivery.event, told)
    body = json.dumps(told).encode()
    if hook.format is Format.JSON:
        secrets = configuring.secrets_of(hook)
        headers |= signing.headers(secrets, delivery.message, body, now)
    return Letter(sealing.unseal(hook.address).decode(), body, headers)


def _posted(letter: Letter, reach: Reach | None) -> Tried:
    began = time.monotonic()
    try:
        answer = outward.tell(letter.url, Question(letter.headers, letter.body), reach)
    except outward.Unreachable as error:
        return Tried(failure=error.code, took=_since(began))
    except Exception:  # the other receivers are told all the same
        log.exception("it could not be sent")
        return Tried(failure="unmade", took=_since(began))
    words = answer.body[: 4 * LONGEST_ANSWER].decode(errors="replace")
    shown = "".join(char if char.isprintable() else " " for char in words)
    return Tried(answer.status, None, shown[:LONGEST_ANSWER], _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _note(claimed: Claimed, tried: Tried, now: datetime) -> None:
    state = _moved_on(claimed, tried, now)
    delivery = db.session.get(Delivery, claimed.facts["delivery"], with_for_update={"of": Delivery})
    if delivery is None:
        return
    if tried.status == HTTPStatus.GONE:
        delivery.hook.stopped_at = now
    delivery.state, delivery.tried_at = state, now
    delivery.tries += 1
    delivery.status, delivery.failure = tried.status, tried.failure
    delivery.answer, delivery.took = tried.answer, tried.took
    db.session.flush()


def _moved_on(claimed: Claimed, tried: Tried, now: datetime) -> State:
    """Take what arrived out of the queue, and what is given up; the rest is tried again."""
    if tried.is_taken:
        outbox.sent(claimed)
        return State.DELIVERED
    if tried.status == HTTPStatus.GONE or tried.failure == "stopped":
        outbox.sent(claimed)
        return State.DEAD
    outbox.unreachable(claimed, tried.failure or f"{tried.status}", now)
    row = db.session.get(Outgoing, claimed.id)
    if row is not None and row.died_at is None:
        return State.RETRYING
    if row is not None:
        db.session.delete(row)
    return State.DEAD

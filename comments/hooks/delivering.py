"""Delivering: what waits for receivers is sent to each in turn, and what came back is noted."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from flask_babel import force_locale

from comments import clock, outbox, outward, sealing
from comments.db import db, transaction
from comments.hooks import bodies, configuring, queueing, signing, slack
from comments.hooks.models import LONGEST_ANSWER, RECEIVER, Delivery, Format, State
from comments.logs import log
from comments.outbox import Claimed, Outgoing
from comments.outward import Question, Reach
from comments.rounds import Hands
from comments.sites.models import Site
from comments.working import Chore, IsOver, chores

# What other processes wrote, and what is due again, is found within so many seconds.
PAUSE = 5.0
THREADS = 4
hands = Hands(THREADS)


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
    """Send whatever is due."""
    hands.go_round(RECEIVER, partial(_send, reach=reach), is_over)


def _send(claimed: Claimed, reach: Reach | None) -> None:
    tried = _tried(claimed, reach)
    transaction(lambda: _note(claimed, tried, clock.now()))


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

"""Delivering messages to push services, each left alone for a while when it can't be reached.

pywebpush encrypts; it does not send, since it would go wherever a name leads and a redirect points.
What it made goes out by `outward.py`, which looks at the address it is connected to.
"""

from __future__ import annotations

from functools import partial

from comments import clock, outbox, outward, sending, settings
from comments.db import db, transaction
from comments.notifications.push import announcing, browsers, messages
from comments.notifications.push.messages import Message
from comments.outbox import Claimed, Unreachable
from comments.outward import Question, Reach
from comments.rounds import Hands
from comments.working import Chore, IsOver, chores

PAUSE = 5.0
# Push services are quick, and any reader may name one that is not.
SECONDS = 5.0
THREADS = 3
hands = Hands(THREADS)
GONE = (404, 410)
NOT_NOW = 429


def connect() -> None:
    chores["push"] = Chore(deliver, PAUSE, outbox.woken[announcing.QUEUE], THREADS)


def deliver(is_over: IsOver, reach: Reach | None = None) -> None:
    """Send whatever is due, one to each push service in turn."""
    if settings.current().push_key is not None:
        send = partial(_send, reach=reach)
        hands.go_round(announcing.PREFIX, partial(sending.attempt, send=send), is_over)


def _send(claimed: Claimed, reach: Reach | None) -> None:
    """Raises Unreachable where it is worth another try; what else is refused is given up."""
    message = messages.compose(claimed, clock.now())
    db.session.remove()  # nobody waits for a push service while reading
    if message is not None:
        _note(claimed.facts["browser"], *_answered(message, reach))


def _answered(message: Message, reach: Reach | None) -> tuple[int, str]:
    """The status, or 0 and why there is none."""
    question = Question(message.headers, message.body)
    try:
        answer = outward.tell(message.endpoint, question, reach or Reach(seconds=SECONDS))
    except outward.Unreachable as error:
        return 0, error.code
    return answer.status, f"{answer.status}"


def _note(id: int, status: int, words: str) -> None:
    if 200 <= status < 300:
        transaction(lambda: browsers.reached(id))
    elif status in GONE:
        transaction(lambda: browsers.remove(id))
    else:
        transaction(lambda: browsers.failed(id, words, clock.now()))
        if status in (0, NOT_NOW) or status >= 500:
            raise Unreachable(words)

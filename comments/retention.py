"""What is kept for a while only goes by itself: a chore, in small transactions.

Several processes may do it at once. Each folder adds what it keeps, as a sweep of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from comments import clock, limits, outbox
from comments.db import transaction
from comments.logs import log
from comments.working import Chore, IsOver, chores

PAUSE = 600.0

# Takes away a little of what is due by then; whether there may be more.
Sweep = Callable[[datetime], bool]
# By what is swept; added by whoever keeps it.
sweeps: dict[str, Sweep] = {}


def connect() -> None:
    chores["retention"] = Chore(sweep, PAUSE)
    sweeps["dead letters"] = outbox.sweep
    sweeps["receivers"] = outbox.sweep_receivers
    sweeps["limits"] = limits.sweep


def sweep(is_over: IsOver) -> None:
    """Take away everything that is due."""
    for name, act in sweeps.items():
        try:
            _sweep(act, is_over)
        except Exception:
            log.exception("what is due could not be taken away", what=name)


def _sweep(act: Sweep, is_over: IsOver) -> None:
    while not is_over() and transaction(lambda: act(clock.now())):
        pass

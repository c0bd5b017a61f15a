"""Who comes first is served first."""

from __future__ import annotations

import threading

import pytest

from comments.errors import Busy
from comments.turns import TicketLock


def test_the_lock_serves_in_the_order_of_arrival() -> None:
    lock, order, waiting = TicketLock(), [], []
    with lock.held(1):
        for number in range(5):
            thread = threading.Thread(target=_take, args=(lock, order, number))
            thread.start()
            waiting.append(thread)
            while len(lock._waiting) <= number:  # until it stands in line
                pass
    for thread in waiting:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_whoever_waits_too_long_goes_and_is_not_called() -> None:
    lock = TicketLock()
    with lock.held(1), pytest.raises(Busy), lock.held(0.001):
        pass
    with lock.held(1):
        pass


def _take(lock: TicketLock, order: list[int], number: int) -> None:
    with lock.held(10):
        order.append(number)

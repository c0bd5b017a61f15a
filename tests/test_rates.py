"""Counting in memory for the coarse limits."""

from __future__ import annotations

import threading

import pytest

from comments import rates
from comments.rates import Rates


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as its only element."""
    at = [1000.0]
    monkeypatch.setattr(rates.time, "time", lambda: at[0])
    return at


def test_a_counter_begins_anew_once_its_time_is_over(clock: list[float]) -> None:
    counted = Rates()

    assert [counted.incr("a", 10), counted.incr("a", 10), counted.incr("b", 10)] == [1, 2, 1]
    assert (counted.get("a"), counted.get_expiry("a")) == (2, 1010)
    clock[0] += 10
    assert counted.get("a") == 0
    assert counted.incr("a", 10) == 1


def test_what_has_ended_is_swept_up(clock: list[float]) -> None:
    counted = Rates()
    for number in range(100):
        counted.incr(f"{number}", 10)

    clock[0] += rates.SWEEP_SECONDS
    counted.incr("another", 10)

    assert counted.reset() == 1


def test_no_thread_is_started() -> None:
    before = threading.active_count()
    counted = Rates()
    counted.incr("a", 10)

    assert threading.active_count() == before


def test_nothing_is_lost_among_many() -> None:
    counted = Rates()
    crowd = [
        threading.Thread(target=lambda: [counted.incr("a", 60) for _ in range(500)])
        for _ in range(8)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert counted.get("a") == 4000
    counted.clear("a")
    assert counted.get("a") == 0

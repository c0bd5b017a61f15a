"""Where requests are counted: in this process, and without a thread for every hit.

The storage that comes with limits looks through all that it counts in a new thread again and again;
here whoever comes once the minute is over sweeps up what has ended.
"""

from __future__ import annotations

import threading
import time

from limits.storage import Storage

SWEEP_SECONDS = 60


class Rates(Storage):
    """Counters that begin anew once their time is over."""

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False) -> None:
        super().__init__(uri, wrap_exceptions)
        self._guard = threading.Lock()
        self._counted: dict[str, tuple[int, float]] = {}
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        with self._guard:
            self._sweep(now)
            count, ends_at = self._counted.get(key, (0, 0.0))
            if ends_at <= now:
                count, ends_at = 0, now + expiry
            self._counted[key] = count + amount, ends_at
        return count + amount

    def _sweep(self, now: float) -> None:
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_SECONDS
        self._counted = {key: it for key, it in self._counted.items() if it[1] > now}

    def get(self, key: str) -> int:
        count, ends_at = self._counted.get(key, (0, 0.0))
        return count if ends_at > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._counted.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._guard:
            counted, self._counted = self._counted, {}
        return len(counted)

    def clear(self, key: str) -> None:
        with self._guard:
            self._counted.pop(key, None)

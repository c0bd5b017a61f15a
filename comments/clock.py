"""The one place that knows what time it is."""

from __future__ import annotations

from datetime import UTC, datetime

# What lies outside can't be told in every time zone, or not be kept by every database.
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

_frozen: datetime | None = None


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return _frozen or datetime.now(UTC)


def is_within_reach(moment: datetime) -> bool:
    """Whether this aware moment can be kept and told."""
    return EARLIEST <= moment < LATEST


def freeze(moment: datetime | None) -> None:
    """Let `now` answer this moment until it is called with None; for tests and the demo."""
    global _frozen
    _frozen = moment

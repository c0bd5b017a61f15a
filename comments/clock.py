"""The one place that knows what time it is."""

from __future__ import annotations

from datetime import UTC, datetime

_frozen: datetime | None = None


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return _frozen or datetime.now(UTC)


def freeze(moment: datetime | None) -> None:
    """Let `now` answer this moment until it is called with None; for tests and the demo."""
    global _frozen
    _frozen = moment

"""What is kept of people for a while only."""

from __future__ import annotations

from comments import retention
from comments.accounts import registration, sessions


def connect() -> None:
    retention.sweeps["sessions"] = sessions.sweep
    retention.sweeps["names"] = registration.release

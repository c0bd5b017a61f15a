"""What people were told is kept for a while only."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import retention
from comments.db import db
from comments.notifications.models import Notification

KEPT = timedelta(days=90)
BATCH = 500


def connect() -> None:
    retention.sweeps["notifications"] = sweep


def sweep(now: datetime) -> bool:
    """Forget some of what is long over; whether there may be more."""
    old = sa.select(Notification.id).where(Notification.created_at < now - KEPT).limit(BATCH)
    gone = db.session.execute(sa.delete(Notification).where(Notification.id.in_(old)))
    return bool(gone.rowcount == BATCH)  # type: ignore[attr-defined]

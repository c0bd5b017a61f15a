"""docs/privacy.md says what is kept, and is held to it."""

from __future__ import annotations

import re

from flask import Flask

from comments.accounts import links, registration, sessions
from comments.db import db
from comments.hooks import sweeping
from comments.notifications.push import browsers
from comments.outbox import DEAD_KEPT
from comments.sites.invitations import inviting
from comments.sites.sso import entering
from comments.threads.models import Status
from comments.threads.retention import KEPT
from tests.servers import ROOT

DOCUMENT = (ROOT / "docs" / "privacy.md").read_text()


def until(table: str, containing: str = "") -> str:
    """What is said of how long something in this table is kept."""
    rows = [line.split("|") for line in DOCUMENT.splitlines() if line.startswith("| ")]
    (found,) = [row[3] for row in rows if f"`{table}`" in row[2] and containing in row[1]]
    return found


def test_every_table_is_named(app: Flask) -> None:
    named = set(re.findall(r"`([a-z_]+)`", DOCUMENT))
    assert db.metadata.tables.keys() - named == set()


def test_the_periods_are_those_of_the_code(app: Flask) -> None:
    texts = until("revisions")
    assert f"{KEPT[Status.WITHDRAWN].days} days after the author deleted" in texts
    assert f"{KEPT[Status.REJECTED].days} days after it was not published" in texts
    assert f"{registration.RESERVED.days} days" in until("users", "a key of the name")
    assert f"{sessions.IDLE.days} days without use" in until("sessions")
    assert f"{entering.LIFE.total_seconds() / 3600:.0f} hours" in until("sessions")
    assert f"{links.LIFE.total_seconds() / 60:.0f} minutes" in until("tickets")
    assert f"{inviting.LIFE.days} days" in until("invitations")
    assert f"{DEAD_KEPT.days} days" in until("outbox")
    assert f"{browsers.PATIENCE.days} days" in until("push_subscriptions")
    deliveries = until("deliveries")
    assert f"{sweeping.KEPT.days} days" in deliveries
    assert f"{sweeping.MOST:,} latest" in deliveries

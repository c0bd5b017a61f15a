"""Queueing: an event joins a receiver's queue, in line behind the others of its comment."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from comments import outbox
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict
from comments.hooks import queries
from comments.hooks.models import Delivery, Event, Hook
from comments.hooks.models import State as S
from comments.sites import access
from comments.sites.models import ADMINS

QUEUE = "hooks"


def new_message() -> str:
    """An id by which receivers tell an event that comes twice."""
    return f"evt_{secrets.token_hex(16)}"


def add(hook: Hook, event: Event, message: str, facts: dict[str, Any], now: datetime) -> Delivery:
    row = Delivery(
        site_id=hook.site_id,
        hook_id=hook.id,
        event=event,
        message=message,
        facts=facts,
        created_at=now,
        state=S.WAITING,
    )
    db.session.add(row)
    db.session.flush()
    _send(row, hook, now)
    return row


def test(hook: Hook, by: User | None, now: datetime) -> Delivery:
    """Send an event that says nothing. Raises Forbidden where `by` is no admin (any more),
    Conflict for a receiver that is stopped."""
    _check(hook, by)
    outbox.wake(hook.receiver)
    return add(hook, Event.TEST, new_message(), {}, now)


def again(row: Delivery, by: User | None, now: datetime) -> None:
    """Send once more what arrived or what was given up, under the same id. Raises as `test` does,
    and Conflict for what is on its way."""
    hook = row.hook
    _check(hook, by)
    db.session.refresh(row, with_for_update={"of": Delivery})
    if not row.is_done:
        raise Conflict(_("This is on its way already."), code="on-its-way")
    row.state, row.tries = S.WAITING, 0
    outbox.wake(hook.receiver)
    _send(row, hook, now)


def _check(hook: Hook, by: User | None) -> None:
    queries.hold(hook)
    access.check(hook.site_id, by, ADMINS)
    if hook.stopped_at is not None:
        message = _("This receiver said that it is gone. Start it again first.")
        raise Conflict(message, code="stopped")


def _send(row: Delivery, hook: Hook, now: datetime) -> None:
    comment = row.facts.get("comment")
    line = f"{hook.receiver}:{comment}" if comment else None
    facts = {"delivery": row.id}
    outbox.add(QUEUE, row.event.value, facts, now, receiver=hook.receiver, line=line)

"""What a site's receivers hear of: decisions, reports, and accounts that are deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import events, signals
from comments.accounts.models import Identity, User, Way
from comments.db import AnySelect, db
from comments.hooks import queries, queueing
from comments.hooks.models import Event, Hook
from comments.moderation.models import Report
from comments.moderation.reporting import REPORTED
from comments.sites.models import Participant
from comments.threads.models import Decision, Status
from comments.threads.status import DECIDED


def connect() -> None:
    events.hear(DECIDED, "hooks", _decided)
    events.hear(REPORTED, "hooks", _reported)
    signals.account_closed.connect(_closed)


def _decided(happened: Sequence[events.Event]) -> None:
    at = {event.facts["decision"]: event.at for event in happened}
    these = Decision.id.in_(at)
    hooks = _hooks_of(sa.select(Decision.site_id).where(these))
    if not hooks:
        return
    for decision in db.session.scalars(sa.select(Decision).where(these).order_by(Decision.id)):
        told = {"comment": decision.comment_id, "decision": decision.id}
        for event in _events(decision):
            _tell(hooks[decision.site_id], event, told, at[decision.id])


def _hooks_of(sites: AnySelect) -> dict[int, list[Hook]]:
    """By site, who is told of what happens there."""
    found = defaultdict[int, list[Hook]](list)
    for hook in db.session.scalars(queries.told(sites)):
        found[hook.site_id].append(hook)
    return found


def _events(decision: Decision) -> list[Event]:
    is_change = decision.from_status is not decision.to_status
    found = []
    if is_change and decision.to_status is Status.PUBLISHED:
        found.append(Event.PUBLISHED)
    if is_change and decision.to_status is Status.REJECTED:
        found.append(Event.REJECTED)
    return [*found, Event.DECIDED]


def _reported(happened: Sequence[events.Event]) -> None:
    at = {event.facts["report"]: event.at for event in happened}
    these = Report.id.in_(at)
    hooks = _hooks_of(sa.select(Report.site_id).where(these))
    if not hooks:
        return
    for report in db.session.scalars(sa.select(Report).where(these).order_by(Report.id)):
        told = {"comment": report.comment_id, "report": report.id}
        _tell(hooks[report.site_id], Event.REPORTED, told, at[report.id])


def _tell(hooks: Iterable[Hook], event: Event, facts: dict[str, Any], now: datetime) -> None:
    message = queueing.new_message()
    for hook in hooks:
        if hook.wants(event):
            queueing.add(hook, event, message, facts, now)


def _closed(user: User, *, erase: bool, now: datetime) -> None:
    """On every site where they took part; a publisher that vouched for them hears its own id."""
    took_part = sa.exists().where(
        Participant.site_id == Hook.site_id, Participant.user_id == user.id
    )
    hooks = db.session.scalars(sa.select(Hook).where(took_part, Hook.stopped_at.is_(None))).all()
    subjects: dict[int | None, str | None] = dict(
        db.session.execute(
            sa.select(Identity.site_id, Identity.subject).where(
                Identity.user_id == user.id, Identity.way == Way.SSO
            )
        ).all()
    )
    message = queueing.new_message()
    for hook in hooks:
        if hook.wants(Event.ACCOUNT_DELETED):
            facts = {
                "person": user.id,
                "subject": subjects.get(hook.site_id),
                "texts": "erased" if erase else "anonymous",
            }
            queueing.add(hook, Event.ACCOUNT_DELETED, message, facts, now)

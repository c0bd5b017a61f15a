"""Telling moderators that something waits on a site, as soon as each of them likes.

As long as anything waits, they are told once a day at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import events, mail
from comments.accounts.models import User
from comments.db import db, upsert
from comments.events import Event
from comments.moderation import queries, reporting
from comments.moderation.models import Report
from comments.notifications import timing
from comments.notifications.models import Preference, Watch, When
from comments.sites.models import MODERATORS, Membership, Site
from comments.threads import status
from comments.threads.models import Decision, Status
from comments.working import Chore, IsOver, chores

PAUSE = 5.0
# However much comes to wait, the next letter about a site is so much later.
BETWEEN = timedelta(minutes=15)
KIND = "waiting"
USUAL = When.HOURLY


def connect() -> None:
    events.hear(status.DECIDED, "waiting", _decided)
    events.hear(reporting.REPORTED, "waiting", _reported)
    chores["waiting"] = Chore(remind, PAUSE)


def choose(user_id: int, site_id: int, when: When) -> None:
    """Let this person hear of what waits on a site so soon."""
    watch = _held(user_id, site_id)
    watch.waiting = when
    if when is When.NEVER:
        watch.due_at = None
    db.session.flush()


def chosen(user_id: int, site_id: int) -> When:
    watch = db.session.get(Watch, (user_id, site_id))
    return watch.waiting if watch else USUAL


def remind(is_over: IsOver) -> None:
    """Make every letter that is due; several workers make each once."""
    timing.make_due(Watch.due_at, make, is_over)


def _decided(happened: Sequence[Event]) -> None:
    at = {event.facts["decision"]: event.at for event in happened}
    came_to_wait = sa.select(Decision.id, Decision.site_id).where(
        Decision.id.in_(at),
        Decision.to_status == Status.PENDING,
        sa.or_(Decision.from_status.is_(None), Decision.from_status != Status.PENDING),
    )
    _wake_first((site_id, at[id]) for id, site_id in db.session.execute(came_to_wait))


def _reported(happened: Sequence[Event]) -> None:
    at = {event.facts["report"]: event.at for event in happened}
    where = sa.select(Report.id, Report.site_id).where(Report.id.in_(at))
    _wake_first((site_id, at[id]) for id, site_id in db.session.execute(where))


def _wake_first(waiting: Iterable[tuple[int, datetime]]) -> None:
    """Let a letter be due about each site, as soon as for the first that came to wait there."""
    first: dict[int, datetime] = {}
    for site_id, at in waiting:
        first[site_id] = min(at, first.get(site_id, at))
    for site_id, at in first.items():
        _wake(site_id, at)


def _wake(site_id: int, now: datetime) -> None:
    """Let a letter be due to every moderator of the site, unless one is sooner."""
    when = sa.func.coalesce(Watch.waiting, sa.literal(USUAL, Watch.waiting.type))
    due = timing.due_by_choice(when, now)
    here = sa.and_(Watch.user_id == User.id, Watch.site_id == site_id)
    site = db.session.get_one(Site, site_id)
    select = (
        sa.select(User.id, sa.literal(site_id), when, due)
        .join(Membership, Membership.user_id == User.id)
        .outerjoin(Watch, here)
        .where(
            Membership.site_id == site_id,
            Membership.role.in_(MODERATORS),
            User.closed_at.is_(None),
            # Whom the publisher signs in has no desk, and decides by mail or not at all.
            sa.true() if site.settings.decides_by_mail else User.site_id.is_(None),
            due.is_not(None),
            sa.or_(Watch.due_at.is_(None), Watch.due_at > due),
        )
    )
    told = upsert(Watch).from_select(["user_id", "site_id", "waiting", "due_at"], select)
    db.session.execute(
        told.on_conflict_do_update(
            index_elements=[Watch.user_id, Watch.site_id], set_={"due_at": told.excluded.due_at}
        )
    )


def make(user_id: int, site_id: int, now: datetime) -> None:
    """Put a letter about what waits into the outbox, unless it is too soon after the last."""
    watch = _held(user_id, site_id)
    if watch.due_at is None or watch.due_at > now:
        return
    if watch.mailed_at is not None and watch.mailed_at + BETWEEN > now:
        watch.due_at = watch.mailed_at + BETWEEN
        return
    site = db.session.get_one(Site, site_id)
    counts = queries.counts(site)
    if not counts.waiting and not counts.reported:
        watch.due_at = None
        return
    watch.due_at, watch.mailed_at = timing.due_at(When.DAILY, now), now
    preference = db.session.get(Preference, (user_id, site_id))
    language = preference.language if preference else None
    spoken = language or site.settings.language
    facts = {"person": user_id, "site": site_id, "language": spoken}
    mail.add(KIND, facts, user_id, now, site_id=site_id)


def _held(user_id: int, site_id: int) -> Watch:
    made = upsert(Watch).values(user_id=user_id, site_id=site_id)
    db.session.execute(made.on_conflict_do_nothing())
    return db.session.get_one(
        Watch, (user_id, site_id), populate_existing=True, with_for_update=True
    )

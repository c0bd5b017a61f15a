"""What is known of a person on a site, gathered for screening in a few small queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments.accounts.models import User
from comments.db import fetch
from comments.screening.draft import Standing
from comments.sites import sanctions
from comments.sites.models import Membership, Participant, Sanction, Site
from comments.threads.models import Comment, Status

# How far back the same words by the same person count as a repetition, and how many are looked at.
MEMORY = timedelta(hours=24)
RECENT = 50

_RECENT = (
    sa.select(
        Comment.id,
        Comment.article_id,
        Comment.parent_id,
        Comment.status,
        Comment.fingerprint,
        Comment.created_at,
    )
    .where(
        Comment.author_id == sa.bindparam("person"),
        Comment.site_id == sa.bindparam("site"),
        Comment.created_at > sa.bindparam("since"),
    )
    .order_by(Comment.created_at.desc(), Comment.id.desc())
    .limit(RECENT)
)
_KNOWN = (
    sa.select(
        Membership.role, Participant.published, Sanction.measure, Sanction.until, Sanction.reason
    )
    .select_from(User)
    .outerjoin(
        Membership,
        sa.and_(Membership.user_id == User.id, Membership.site_id == sa.bindparam("site")),
    )
    .outerjoin(
        Participant,
        sa.and_(Participant.user_id == User.id, Participant.site_id == sa.bindparam("site")),
    )
    .outerjoin(Sanction, sa.and_(Sanction.user_id == User.id, sanctions.HOLDING))
    .where(User.id == sa.bindparam("person"))
    .order_by(Sanction.id.desc())
    .limit(sanctions.MOST)
)


@dataclass(frozen=True, slots=True)
class Said:
    """A comment of the last day, by what it takes to see that it is said again."""

    id: int
    article_id: int
    parent_id: int | None
    status: Status
    fingerprint: str
    created_at: datetime


def recent(site: Site, person: User, now: datetime) -> list[Said]:
    """What this person said here lately, the last first; a bounded number."""
    asked = {"person": person.id, "site": site.id, "since": now - MEMORY}
    return [Said(*row) for row in fetch(_RECENT, asked)]


def of(site: Site, person: User, fingerprint: str, said: Sequence[Said], now: datetime) -> Standing:
    """The standing of `person` as they are about to say something with this fingerprint."""
    known = fetch(_KNOWN, {"person": person.id, "site": site.id, "now": now}).all()
    held = sanctions.longest([row for row in known if row.measure], now)
    return Standing(
        role=known[0].role,
        published=known[0].published or 0,
        measure=held.measure.value if held else None,
        until=held.until.isoformat() if held and held.until else None,
        reason=held.reason if held else None,
        seconds_since_last=(now - said[0].created_at).total_seconds() if said else None,
        same_text_as=next((row.id for row in said if row.fingerprint == fingerprint), None),
    )

"""What is known of a person on a site, gathered for screening in a few small queries."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from comments.accounts.models import User
from comments.db import db
from comments.screening.draft import Standing
from comments.sites import sanctions
from comments.sites.models import Membership, Participant, Site
from comments.threads.models import Comment

# How far back the same words by the same person count as a repetition, and how many are looked at.
MEMORY = timedelta(hours=24)
RECENT = 50


def of(site: Site, person: User, fingerprint: str, now: datetime, but: int = 0) -> Standing:
    """The standing of `person` as they are about to say something with this fingerprint.

    `but` is the comment that is being edited, which is no repetition of itself.
    """
    recent = _recent(site, person, now, but)
    held = sanctions.in_force(site, person, now)
    return Standing(
        is_staff=_is_staff(site, person),
        published=_published(site, person),
        measure=held.measure.value if held else None,
        until=held.until.isoformat() if held and held.until else None,
        reason=held.reason if held else None,
        seconds_since_last=(now - recent[0].created_at).total_seconds() if recent else None,
        same_text_as=next((row.id for row in recent if row.fingerprint == fingerprint), None),
    )


def _recent(site: Site, person: User, now: datetime, but: int) -> list[sa.Row[int, str, datetime]]:
    return list(
        db.session.execute(
            sa.select(Comment.id, Comment.fingerprint, Comment.created_at)
            .where(
                Comment.author_id == person.id,
                Comment.site_id == site.id,
                Comment.created_at > now - MEMORY,
                Comment.id != but,
            )
            .order_by(Comment.created_at.desc(), Comment.id.desc())
            .limit(RECENT)
        ).all()
    )


def _is_staff(site: Site, person: User) -> bool:
    return db.session.get(Membership, (site.id, person.id)) is not None


def _published(site: Site, person: User) -> int:
    row = db.session.get(Participant, (site.id, person.id))
    return row.published if row else 0

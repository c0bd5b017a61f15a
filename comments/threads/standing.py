"""What is known of a person on a site, gathered for screening in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments.accounts import guests
from comments.accounts.models import Identity, User, Way
from comments.db import AnyRow
from comments.prepared import Prepared
from comments.screening import commenters
from comments.screening.draft import Standing
from comments.sites import access, sanctions
from comments.sites.models import Commenters, Membership, Participant, Role, Sanction, Site
from comments.threads.models import Comment, Status

# How far back the same words by the same person count as a repetition, and how many are looked at.
MEMORY = timedelta(hours=24)
RECENT = 50

_recent = (
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
    .subquery("recent")
)
# Written out: where a parameter might decide about a partial index, SQLite plans every time anew.
_GUESTS = sa.select(Identity.id).where(
    Identity.user_id == sa.bindparam("person"),
    Identity.way == sa.literal_column(f"'{Way.GUEST.value}'"),
)
# What was said lately, once for each sanction; there is hardly ever one.
_KNOWN = Prepared(
    sa.select(
        Membership.role,
        User.site_id.label("belongs_to"),
        sa.exists(_GUESTS).label("is_guest"),
        User.email_confirmed_at,
        User.is_subscriber,
        Participant.published,
        Sanction.id.label("sanction"),
        Sanction.measure,
        Sanction.until,
        Sanction.reason,
        *_recent.c,
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
    .outerjoin(_recent, sa.true())
    .where(User.id == sa.bindparam("person"))
    .order_by(Sanction.id.desc(), _recent.c.created_at.desc(), _recent.c.id.desc())
    .limit(sanctions.MOST * RECENT)
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


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody on a site: their part in it, what keeps them from writing, and what they said here
    lately, the last first; a bounded number."""

    role: Role | None
    is_guest: bool
    is_of_another_site: bool
    is_confirmed: bool
    is_subscriber: bool
    published: int
    sanction: AnyRow | None
    said: Sequence[Said]


def known(site: Site, person: User, now: datetime) -> Known:
    rows = _KNOWN.rows(person=person.id, site=site.id, now=now, since=now - MEMORY)
    first = rows[0]
    return Known(
        role=first.role,
        is_guest=first.is_guest,
        is_of_another_site=first.belongs_to not in (None, site.id),
        is_confirmed=first.email_confirmed_at is not None,
        is_subscriber=first.is_subscriber and first.belongs_to == site.id,
        published=first.published or 0,
        sanction=sanctions.longest([row for row in rows if row.sanction], now),
        said=[
            Said(*row[-len(_recent.c) :])
            for row in rows
            if row.id and row.sanction == first.sanction
        ],
    )


def lacking(site: Site, person: User) -> str | None:
    """What keeps this person from commenting on this site, by its code, if anything does."""
    allowed = site.settings.commenters
    if allowed is Commenters.MEMBERS and person.site_id is None:
        return None
    standing = Standing(
        role=access.role_on(site, person),
        is_guest=guests.is_guest(person),
        is_of_another_site=person.site_id not in (None, site.id),
        is_confirmed=person.email_confirmed_at is not None,
        is_subscriber=person.is_subscriber and person.site_id == site.id,
    )
    return commenters.lacking(standing, allowed)


def of(known: Known, fingerprint: str, now: datetime) -> Standing:
    """The standing of somebody who is about to say something with this fingerprint."""
    said, held = known.said, known.sanction
    return Standing(
        role=known.role,
        is_guest=known.is_guest,
        is_of_another_site=known.is_of_another_site,
        is_confirmed=known.is_confirmed,
        is_subscriber=known.is_subscriber,
        published=known.published,
        measure=held.measure.value if held else None,
        until=held.until.isoformat() if held and held.until else None,
        reason=held.reason if held else None,
        seconds_since_last=(now - said[0].created_at).total_seconds() if said else None,
        same_text_as=next((row.id for row in said if row.fingerprint == fingerprint), None),
    )

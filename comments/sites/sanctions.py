"""Who may not write on a site: suspended until a date, or banned until somebody lifts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import aliased

from comments import audit, paging
from comments.accounts.models import User
from comments.db import db
from comments.errors import Forbidden, NotFound
from comments.sites import access
from comments.sites.models import Measure, Membership, Sanction, Site

H = TypeVar("H", Sanction, sa.Row[Any])

# Somebody has more at once only by mistake; the latest count.
MOST = 20

# Those of `site` that hold at `now`.
HOLDING = sa.and_(
    Sanction.site_id == sa.bindparam("site"),
    Sanction.lifted_at.is_(None),
    sa.or_(Sanction.until.is_(None), Sanction.until > sa.bindparam("now")),
)


def in_force(site: Site, person: User, now: datetime) -> Sanction | None:
    """The sanction that keeps this person from writing now, the longest if there are several."""
    return longest(all_in_force(site, person, now), now)


def longest(rows: Sequence[H], now: datetime) -> H | None:
    return max(rows, key=lambda row: (row.until is None, row.until or now), default=None)


def all_in_force(site: Site, person: User, now: datetime) -> Sequence[Sanction]:
    """The latest of the sanctions that keep this person from writing now."""
    return db.session.scalars(
        sa.select(Sanction)
        .where(Sanction.user_id == person.id, HOLDING)
        .order_by(Sanction.id.desc())
        .limit(MOST),
        {"site": site.id, "now": now},
    ).all()


def impose(
    site: Site,
    person: User,
    sanction: tuple[Measure, datetime | None, str],
    by: User,
    now: datetime,
) -> Sanction:
    """Suspend or ban. Raises Forbidden for oneself, for members, and without the right."""
    access.check(site.id, by)
    if person.id == by.id or db.session.get(Membership, (site.id, person.id)) is not None:
        raise Forbidden(_("Members of the site can't be suspended or banned."))
    measure, until, reason = sanction
    row = Sanction(
        site_id=site.id,
        user_id=person.id,
        measure=measure,
        until=until,
        reason=reason,
        by_id=by.id,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "sanction",
        now=now,
        by_id=by.id,
        site_id=site.id,
        person=person.id,
        sanction=row.id,
        measure=measure.value,
    )
    return row


def lift(sanction: Sanction, by: User, now: datetime) -> None:
    """End a sanction early; lifting twice changes nothing.

    Raises Forbidden for one on oneself, and without the right.
    """
    access.check(sanction.site_id, by)
    if sanction.user_id == by.id:
        raise Forbidden(_("Somebody else must lift what is on you."), code="own")
    if sanction.lifted_at is not None:
        return
    sanction.lifted_at, sanction.lifted_by_id = now, by.id
    audit.record(
        "sanction-lifted",
        now=now,
        by_id=by.id,
        site_id=sanction.site_id,
        person=sanction.user_id,
        sanction=sanction.id,
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A sanction with the names of who it is on and who imposed it."""

    sanction: Sanction
    person: str
    by: str


def page(site: Site, after: str | None, size: int) -> paging.Page[Listed]:
    """A page of the sanctions of a site, the newest first."""
    person, by = aliased(User), aliased(User)
    select = (
        sa.select(Sanction, person.name, by.name)
        .join(person, person.id == Sanction.user_id)
        .join(by, by.id == Sanction.by_id)
        .where(Sanction.site_id == site.id)
    )
    place = (Sanction.created_at, Sanction.id)
    select = paging.by_moment(select, place, newest=True, after=after, size=size)
    rows = [Listed(*row) for row in db.session.execute(select)]
    return paging.cut(rows, size, _cursor)


def the_sanction(site: Site, id: int) -> Sanction:
    """A sanction of this site. Raises NotFound."""
    found = db.session.get(Sanction, id)
    if found is None or found.site_id != site.id:
        raise NotFound(_("There is no such sanction."))
    return found


def _cursor(row: Listed) -> str:
    return paging.moment_cursor(row.sanction.created_at, row.sanction.id)

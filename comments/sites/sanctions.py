"""Who may not write on a site: suspended until a date, or banned until somebody lifts it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit
from comments.accounts.models import User
from comments.db import db
from comments.errors import Forbidden
from comments.sites.models import Measure, Membership, Sanction, Site


def in_force(site: Site, person: User, now: datetime) -> Sanction | None:
    """The sanction that keeps this person from writing now, the longest if there are several."""
    rows = db.session.scalars(
        sa.select(Sanction)
        .where(
            Sanction.site_id == site.id,
            Sanction.user_id == person.id,
            Sanction.lifted_at.is_(None),
            sa.or_(Sanction.until.is_(None), Sanction.until > now),
        )
        .limit(20)
    ).all()
    return max(rows, key=lambda row: (row.until is None, row.until or now), default=None)


def impose(
    site: Site,
    person: User,
    sanction: tuple[Measure, datetime | None, str],
    by: User,
    now: datetime,
) -> Sanction:
    """Suspend or ban. Raises Forbidden for oneself and for members of the site."""
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
    """End a sanction early; lifting twice changes nothing."""
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

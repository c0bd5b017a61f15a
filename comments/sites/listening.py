"""What follows on a site from what people do with their accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import audit, changes, retention, signals
from comments.accounts.models import Session, User
from comments.db import db
from comments.sites import access, members
from comments.sites.invitations import inviting
from comments.sites.models import Invitation, Participant, Role, Sanction, Site
from comments.sites.sso import entering


def connect() -> None:
    retention.sweeps["invitations"] = inviting.sweep
    retention.sweeps["publishers' tokens"] = entering.sweep
    signals.signed_in.connect(_note_staff)
    signals.redrawn.connect(_draw_again)
    signals.factor_changed.connect(_note_factor)
    signals.account_closed.connect(_leave)
    signals.data_wanted.connect(_what_sites_know)


def _note_staff(user: User, *, session: Session, now: datetime) -> None:
    for site_id in db.session.scalars(access.sites_of(user, frozenset(Role))):
        audit.record(
            "sign-in",
            now=now,
            by_id=user.id,
            site_id=site_id,
            kind=session.kind.value,
            origin=session.origin,
        )


def _note_factor(user: User, *, act: str, by_id: int | None, now: datetime) -> None:
    for site_id in db.session.scalars(access.sites_of(user, frozenset(Role))):
        audit.record(act, now=now, by_id=by_id, site_id=site_id, person=user.id)


def _draw_again(user: User, *, now: datetime) -> None:
    """Names and badges are drawn into pages, so those pages are drawn again."""
    places = sa.select(Participant.site_id).where(Participant.user_id == user.id)
    ids = db.session.scalars(places).all()
    db.session.execute(sa.update(Site).where(Site.id.in_(ids)).values(version=Site.version + 1))
    for id in ids:
        changes.site(id)


def _leave(user: User, *, erase: bool, now: datetime) -> None:
    members.leave_all(user, now)
    inviting.forget(user)
    if erase:
        theirs = Sanction.user_id == user.id
        db.session.execute(sa.update(Sanction).where(theirs).values(reason=""))
    _draw_again(user, now=now)


def _what_sites_know(user: User) -> dict[str, Any]:
    return {
        "memberships": [
            {"site": row.site.key, "role": row.role.value, "since": row.created_at.isoformat()}
            for row in db.session.scalars(access.memberships_of(user))
        ],
        "invitations": [_invitation(row) for row in db.session.scalars(inviting.to(user))],
        "sites": [_standing(row, key) for row, key in _rows(Participant, user)],
        "sanctions": [_sanction(row, key) for row, key in _rows(Sanction, user)],
    }


def _invitation(row: Invitation) -> dict[str, Any]:
    return {
        "site": row.site.key,
        "role": row.role.value,
        "created_at": row.created_at.isoformat(),
        "until": row.expires_at.isoformat(),
    }


def _rows(table: type[Any], user: User) -> sa.Result[Any, str]:
    return db.session.execute(
        sa.select(table, Site.key)
        .join(Site, Site.id == table.site_id)
        .where(table.user_id == user.id)
        .order_by(Site.key)
    )


def _standing(row: Participant, key: str) -> dict[str, Any]:
    return {
        "site": key,
        "first_seen_at": row.first_seen_at.isoformat(),
        "published": row.published,
        "rejected": row.rejected,
        "upheld_reports": row.upheld_reports,
    }


def _sanction(row: Sanction, key: str) -> dict[str, Any]:
    return {
        "site": key,
        "measure": row.measure.value,
        "reason": row.reason,
        "created_at": row.created_at.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "lifted_at": row.lifted_at.isoformat() if row.lifted_at else None,
    }

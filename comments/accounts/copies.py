"""A copy of everything that is kept about a person, for that person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import signals
from comments.accounts import sessions
from comments.accounts.models import Identity, PrivateLink, Session, User
from comments.db import db


def of(user: User, now: datetime) -> dict[str, Any]:
    """What this domain knows, and what every other one answers to `data_wanted`."""
    copy: dict[str, Any] = {
        "made_at": now.isoformat(),
        "account": _account(user),
        "ways": [_way(row) for row in db.session.scalars(_ways(user))],
        "private_links": [_link(row) for row in db.session.scalars(_links(user))],
        "sessions": [_session(row) for row in db.session.scalars(sessions.of(user))],
    }
    for _handler, sections in signals.data_wanted.send(user):
        copy.update(sections)
    return copy


def _account(user: User) -> dict[str, Any]:
    confirmed = user.email_confirmed_at
    return {
        "id": str(user.id),
        "name": user.name,
        "email": user.email,
        "email_confirmed_at": confirmed.isoformat() if confirmed else None,
        "created_at": user.created_at.isoformat(),
        "subscriber": user.is_subscriber,
        "badges": user.badges or [],
    }


def _ways(user: User) -> sa.Select[Identity]:
    return sa.select(Identity).where(Identity.user_id == user.id).order_by(Identity.id)


def _way(identity: Identity) -> dict[str, Any]:
    """How they come in; `subject` is what a site or another service calls them."""
    return {
        "way": identity.way.value,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "created_at": identity.created_at.isoformat(),
    }


def _links(user: User) -> sa.Select[PrivateLink]:
    mine = sa.select(PrivateLink).where(PrivateLink.user_id == user.id)
    return mine.order_by(PrivateLink.id)


def _link(link: PrivateLink) -> dict[str, Any]:
    return {"mailed_to": link.email, "created_at": link.created_at.isoformat()}


def _session(session: Session) -> dict[str, Any]:
    return {
        "kind": session.kind.value,
        "origin": session.origin,
        "label": session.label,
        "created_at": session.created_at.isoformat(),
        "seen_at": session.seen_at.isoformat(),
    }

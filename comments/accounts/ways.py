"""The ways in that somebody has: which there are, and taking one away but never the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import settings
from comments.accounts import closing
from comments.accounts.models import Identity, User, Way
from comments.accounts.oidc import providers
from comments.db import db
from comments.errors import Conflict, NotFound
from comments.settings import Provider


@dataclass(frozen=True, slots=True)
class Entry:
    """One way in, or one origin: what it is called, and whether it lets anybody in today."""

    way: Way
    id: int
    name: str
    since: datetime
    issuer: str | None
    works: bool


def of(user: User) -> list[Entry]:
    """The oldest first."""
    return [_entry(row) for row in db.session.scalars(_identities(user))]


def shown(user: User) -> dict[str, Any]:
    """What the page of an account shows."""
    entries = of(user)
    return {
        "user": user,
        "entries": entries,
        "has_password": any(entry.way is Way.PASSWORD for entry in entries),
        "linkable": _linkable(entries),
    }


def by_id(user: User, id: int) -> Entry:
    """A way that its owner may take away. Raises NotFound."""
    return _entry(_removable(user, id))


def remove(user: User, id: int) -> None:
    """Let nobody come in by this any more. Raises NotFound, or Conflict for the last way in."""
    closing.held(user)
    identity = _removable(user, id)
    others = [entry for entry in of(user) if entry.works and entry.id != identity.id]
    if not others and not _has_mail(user):
        words = _("This is your only way in. Choose a password or link another service first.")
        raise Conflict(words, code="last-way")
    db.session.delete(identity)
    db.session.flush()


def _linkable(entries: list[Entry]) -> Mapping[str, Provider]:
    """The providers by which somebody with these ways in could come in as well."""
    taken = {entry.issuer for entry in entries}
    offered = providers.offered()
    return {key: each for key, each in offered.items() if each.issuer not in taken}


def _has_mail(user: User) -> bool:
    """Whether a link that signs them in can be mailed to them."""
    return user.email_confirmed_at is not None and settings.current().smtp_url is not None


def _identities(user: User) -> sa.Select[Identity]:
    return sa.select(Identity).where(Identity.user_id == user.id).order_by(Identity.id)


def _removable(user: User, id: int) -> Identity:
    found = db.session.scalar(_identities(user).where(Identity.id == id, Identity.way == Way.OIDC))
    if found is None:
        raise NotFound(_("This way in is gone already."))
    return found


def _entry(row: Identity) -> Entry:
    provider = providers.of_issuer(row.issuer)
    works = row.way in (Way.PASSWORD, Way.SSO) or provider is not None
    return Entry(row.way, row.id, _name(row, provider), row.created_at, row.issuer, works)


def _name(row: Identity, provider: Provider | None) -> str:
    if provider is not None:
        return provider.name
    return str(urlsplit(row.issuer or "").hostname or "")

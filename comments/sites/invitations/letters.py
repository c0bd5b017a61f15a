"""The letter that brings an invitation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from comments import mail, sealing, settings
from comments.db import db
from comments.mail import Letter
from comments.outbox import Refused
from comments.sites import words
from comments.sites.invitations.ending import INVITED
from comments.sites.invitations.inviting import LIFE
from comments.sites.models import Invitation


def connect() -> None:
    mail.composers[INVITED] = _invited


def link(token: str) -> str:
    """Where somebody accepts."""
    return f"{settings.current().url}/invitations/{token}"


def _invited(facts: dict[str, Any], now: datetime) -> Letter | None:
    row = db.session.get(Invitation, facts["invitation"])
    if row is None or row.email is None or row.expires_at <= now:
        return None
    site = mail.unlinked(row.site.name)
    values = {
        "site": site,
        "by": mail.unlinked(row.by.name) if row.by else None,
        "powers": words.powers(row.role),
        "url": link(_token(facts["token"])),
        "days": LIFE.days,
    }
    return Letter(row.email, _("Invitation to %(site)s", site=site), "invitation", values)


def _token(sealed: str) -> str:
    try:
        return sealing.unseal(sealed).decode()
    except sealing.Unreadable:
        raise Refused("Sealed under another secret key; revoke it and invite anew") from None

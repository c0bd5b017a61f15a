"""The letter that brings a guest their private link, and asks whether the address is theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from comments import mail
from comments.accounts import guests
from comments.accounts.letters import GUEST
from comments.accounts.models import User
from comments.db import db
from comments.mail import Letter
from comments.sites.guests import coming
from comments.sites.models import Site


def connect() -> None:
    mail.composers[GUEST] = _private_link


def _private_link(facts: dict[str, Any], now: datetime) -> Letter | None:
    user, email = db.session.get(User, facts["person"]), facts["email"]
    if user is None or user.email != email or not guests.is_guest(user):
        return None
    site = mail.unlinked(db.session.get_one(Site, user.site_id).name)
    url = coming.address(guests.mailed_link(user, email, now))
    values = {"name": mail.unlinked(user.name), "site": site, "url": url}
    return Letter(email, _("Your comments on %(site)s", site=site), "guest", values)

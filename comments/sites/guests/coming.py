"""Writing on a site without an account: under a name that is nobody else's there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import limits, names, settings
from comments.accounts import guests, letters, naming, sessions
from comments.accounts.models import Kind, User
from comments.accounts.sessions import Scope
from comments.db import db
from comments.errors import Forbidden
from comments.forms import refuse
from comments.sites import access
from comments.sites.guests.forms import NewGuest
from comments.sites.models import Commenters, Membership, Site

# From one network; a family, a school or an office is one.
HERE = limits.Limit("guests-here", times=20, seconds=3600)
MEMBERS_ONLY = "members-only"


@dataclass(frozen=True, slots=True)
class Asked:
    """From which page somebody asks to come in, if from any, and from which network. `key` is a
    secret of their own, by which a second try finds what the first one made."""

    origin: str | None
    network: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Came:
    """A new guest, and the address by which they come back, which is told once."""

    guest: User
    link: str


def come(site: Site, form: NewGuest, network: str, now: datetime, key: str = "") -> Came:
    """Let somebody write here without an account. The same secret `key` is the same guest.

    Raises Forbidden where the site takes no guests, Invalid for a name that would pass for its
    staff, or TooMany.
    """
    if site.settings.commenters is not Commenters.GUESTS:
        words = _("This site takes no comments without an account. Sign in first.")
        raise Forbidden(words, code=MEMBERS_ONLY)
    known = guests.called(site.id, key) if key else None
    if known is not None:
        return Came(known, address(guests.link(known, now)))
    limits.hit(HERE, network, now)
    _check_name(site, form.name)
    guest = guests.make(site.id, form.name, form.email, now, key)
    letters.ask_to_confirm(guest, now)
    return Came(guest, address(guests.link(guest, now)))


def enter(site: Site, form: NewGuest, asked: Asked, now: datetime) -> tuple[str, Came]:
    """The same, with a token for pages of this origin, or for a program that is no page.

    Raises Forbidden for an origin that is none of the site's, too.
    """
    if asked.origin is not None:
        access.check_origin(site, asked.origin)
    came = come(site, form, asked.network, now, asked.key)
    return sessions.begin(came.guest, Scope(Kind.BEARER, site.id, asked.origin), now), came


def address(token: str) -> str:
    """Where a private link leads."""
    return f"{settings.current().url}/guest/{token}"


def _check_name(site: Site, name: str) -> None:
    key = names.key(name)
    works_here = sa.exists().where(
        Membership.site_id == site.id, Membership.user_id == User.id, User.name_key == key
    )
    if (
        naming.is_official(key)
        or key == names.key(site.name)
        or db.session.scalar(sa.select(works_here))
    ):
        message = _("This name is taken, or looks too much like one that is.")
        raise refuse("name", "taken", message)

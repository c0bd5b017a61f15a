"""Signing in on somebody else's page: a token for that page alone, with a reader's rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import sessions, tokens
from comments.accounts.models import Kind, Ticket, User
from comments.accounts.sessions import Scope
from comments.db import db
from comments.errors import Forbidden
from comments.sites import access
from comments.sites.models import Site

SOON = timedelta(minutes=5)


def token(site: Site, origin: str, by: User, now: datetime) -> str:
    """A token for pages of this origin.

    Raises Forbidden where it is none of the site's, or for a guest of another site.
    """
    _check_place(site, origin, by)
    return sessions.begin(by, Scope(Kind.BEARER, site.id, origin), now)


def code(site: Site, origin: str, challenge: str, by: User, now: datetime) -> str:
    """A code that the page turns into a token, once and soon. Raises Forbidden as `token` does."""
    _check_place(site, origin, by)
    made = tokens.new()
    db.session.add(
        Ticket(
            user_id=by.id,
            token_hash=tokens.hashed(made),
            site_id=site.id,
            origin=origin,
            challenge=challenge,
            created_at=now,
            expires_at=now + SOON,
        )
    )
    return made


def _check_place(site: Site, origin: str, by: User) -> None:
    access.check_origin(site, origin)
    if by.site_id not in (None, site.id):
        raise Forbidden(_("You are signed in for another site."), code="other-site")


def exchange(code: str, verifier: str, origin: str, now: datetime) -> str:
    """The token for a code, for the page that asked for it.

    Raises Forbidden for a code that is unknown, used, too old, of another page or not its own, and
    where the site's comments may not appear any more.
    """
    ticket = db.session.scalar(
        sa.select(Ticket)
        .where(Ticket.token_hash == tokens.hashed(code), Ticket.challenge.is_not(None))
        .with_for_update(of=Ticket)
    )
    if ticket is None or not _is_good(ticket, verifier, origin, now):
        raise Forbidden(_("This sign-in is too old. Please sign in again."), code="bad-code")
    access.check_origin(db.session.get_one(Site, ticket.site_id), origin)
    ticket.used_at = now
    return sessions.begin(ticket.user, Scope(Kind.BEARER, ticket.site_id, ticket.origin), now)


def _is_good(ticket: Ticket, verifier: str, origin: str, now: datetime) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return (
        ticket.used_at is None
        and now < ticket.expires_at
        and ticket.origin == origin
        and not ticket.user.is_closed
        and hmac.compare_digest(ticket.challenge or "", challenge)
    )

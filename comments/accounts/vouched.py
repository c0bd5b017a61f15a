"""People whom a site vouches for: it knows who they are, we know them by what it calls them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from comments import names, signals
from comments.accounts import closing, naming
from comments.accounts.forms import email_key
from comments.accounts.models import Identity, User, Way
from comments.db import db

LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Vouched:
    """A person as their site knows them: the same subject is the same person."""

    subject: str
    name: str
    email: str | None = None
    is_confirmed: bool = False
    is_subscriber: bool = False
    badges: tuple[str, ...] = ()


def met(site_id: int, person: Vouched, now: datetime) -> User:
    """The row of this person, made if need be, as the site describes them now.

    Nobody is found by name or address: whoever is called like somebody else gets a number behind
    the name, and an address that is another account's stays that of two.
    """
    user = known(site_id, person.subject) or _made(site_id, person.subject, now)
    closing.held(user)
    is_new, before = not user.name, (user.name, user.badges)
    _call(user, person)
    _describe(user, person, now)
    db.session.flush()
    if not is_new and before != (user.name, user.badges):
        signals.redrawn.send(user, now=now)
    return user


def known(site_id: int, subject: str) -> User | None:
    """Who is called so by the site, and came here before."""
    return db.session.scalar(
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.site_id == site_id, Identity.way == Way.SSO, Identity.subject == subject)
    )


def _made(site_id: int, subject: str, now: datetime) -> User:
    user = User(site_id=site_id, name="", created_at=now)
    db.session.add(user)
    db.session.flush()
    db.session.add(
        Identity(user_id=user.id, site_id=site_id, way=Way.SSO, subject=subject, created_at=now)
    )
    db.session.flush()
    return user


def _call(user: User, person: Vouched) -> None:
    name = naming.free(user, person.name, person.subject)
    if name != user.name:
        user.name, user.name_key = name, names.key(name) or None


def _describe(user: User, person: Vouched, now: datetime) -> None:
    user.is_subscriber = person.is_subscriber
    user.badges = list(person.badges) or None
    if not person.is_confirmed:
        user.email_confirmed_at = None
    elif user.email_confirmed_at is None or user.email != person.email:
        user.email_confirmed_at = now
    user.email, user.email_key = person.email, person.email and email_key(person.email)

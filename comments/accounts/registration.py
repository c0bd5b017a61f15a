"""Coming to be known here, and under which name and address."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import limits, names, signals
from comments.accounts import closing, guests, letters, links, naming, passwords, queries
from comments.accounts.forms import SignUp, email_key
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict
from comments.forms import refuse

# A closed account's name is nobody else's for so long.
RESERVED = timedelta(days=365)
RELEASED_AT_ONCE = 100
SIGN_UPS = limits.Limit("sign-ups", times=30, seconds=3600)
NEW_ADDRESSES = limits.Limit("new-addresses", times=10, seconds=86400)
NEW_NAMES = limits.Limit("new-names", times=5, seconds=86400)


def sign_up(form: SignUp, secret: str, now: datetime) -> User:
    """Make a person; `secret` is the hash of their password. Raises Invalid for a taken name.

    The e-mail is a claim: that somebody else claims it too, or owns it, is not told.
    """
    user = named(form.name, now)
    user.email, user.email_key = form.email, form.email and email_key(form.email)
    passwords.keep(user, secret, now)
    letters.ask_to_confirm(user, now)
    return user


def named(name: str, now: datetime) -> User:
    """Somebody of this name, without a way in yet. Raises Invalid for a taken name."""
    user = User(created_at=now)
    _take_name(user, name, now)
    return user


def take_in(user: User, name: str, email: str | None, secret: str | None, now: datetime) -> None:
    """Make an account of a guest: they belong to no site, and come in by their own ways.

    Raises Invalid for a taken name, Conflict where another account has their confirmed address.
    """
    before, is_theirs = user.name, user.email_confirmed_at is not None and user.email == email
    user.site_id = user.email_confirmed_at = None
    user.email, user.email_key = email, email and email_key(email)
    _take_name(user, name, now)
    guests.end(user)
    if email is not None and is_theirs:
        confirm_email(user, email, now)
    else:
        letters.ask_to_confirm(user, now)
    if secret is not None:
        passwords.keep(user, secret, now)
    if user.name != before:
        signals.redrawn.send(user, now=now)


def rename(user: User, name: str, now: datetime) -> None:
    """Call the person something else from now on.

    Raises Invalid for a taken name, TooMany, or NotSignedIn for who left meanwhile.
    """
    closing.held(user)
    if name == user.name:
        return
    limits.hit(NEW_NAMES, str(user.id), now)
    _take_name(user, name, now)
    signals.redrawn.send(user, now=now)


def change_email(user: User, email: str | None, now: datetime) -> None:
    """Claim another address, or none. Links that were handed out for the old one end.

    Raises TooMany, or NotSignedIn for who left meanwhile.
    """
    closing.held(user)
    limits.hit(NEW_ADDRESSES, str(user.id), now)
    user.email, user.email_key = email, email and email_key(email)
    user.email_confirmed_at = None
    links.end_all(user)
    guests.end_links(user, mailed=True)
    letters.ask_to_confirm(user, now)


def confirm_by_letter(token: str, now: datetime) -> None:
    """Whoever reads what is sent to an address says that it is this person's.

    Raises NotFound for a link that is over, Conflict as `confirm_email` does.
    """
    user, email = letters.claim_of(token, now)
    db.session.refresh(user, with_for_update={"key_share": True})
    if user.email != email:
        raise letters.over()
    confirm_email(user, email, now)


def confirm_email(user: User, email: str, now: datetime) -> None:
    """This address is known to be the person's, who may sign in by it from now on.

    Raises Conflict when it is confirmed as somebody else's.
    """
    owner = db.session.scalar(queries.called(email))
    if owner is not None and owner.id != user.id:
        message = _("This address is confirmed as somebody else's.")
        raise Conflict(message, code="address-taken")
    user.email, user.email_key = email, email_key(email)
    user.email_confirmed_at = now
    db.session.flush()


def invite(email: str, now: datetime) -> User:
    """The person of this confirmed address, made if need be and named after it.

    They have no password yet, and come in by a link.
    """
    known = db.session.scalar(queries.called(email))
    if known is not None:
        return known
    user = named(free_name(email.partition("@")[0], "owner"), now)
    confirm_email(user, email, now)
    return user


def free_name(wish: str, otherwise: str) -> str:
    """A name that is still free: the wish if it is a name, itself or with a number behind it."""
    try:
        stem = names.display(wish[:30])
    except ValueError:
        stem = otherwise
    return next(name for name in _numbered(stem) if not _is_taken(name))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem} {n}" for n in range(2, 5))
    while True:  # where these are taken so may be the next thousand
        yield f"{stem} {secrets.randbelow(10**8)}"


def _is_taken(name: str) -> bool:
    key = names.key(name)
    taken = sa.exists().where(User.name_key == key, User.site_id.is_(None))
    return naming.is_official(key) or bool(db.session.scalar(sa.select(taken)))


def release(now: datetime) -> bool:
    """Forget the names of who left a year ago; whether there may be more."""
    ids = db.session.scalars(
        sa.select(User.id)
        .where(User.closed_at < now - RESERVED, User.name_key.is_not(None))
        .order_by(User.closed_at)
        .limit(RELEASED_AT_ONCE)
    ).all()
    db.session.execute(sa.update(User).where(User.id.in_(ids)).values(name_key=None))
    return len(ids) == RELEASED_AT_ONCE


def _take_name(user: User, name: str, now: datetime) -> None:
    key = names.key(name)
    holder = db.session.scalar(
        sa.select(User).where(User.name_key == key, User.site_id.is_(None), User.id != user.id)
    )
    if naming.is_official(key) or (holder and not _released(holder, now)):
        message = _("This name is taken, or looks too much like one that is.")
        raise refuse("name", "taken", message)
    if holder:
        holder.name_key = None
        db.session.flush()
    user.name, user.name_key = name, key
    db.session.add(user)
    db.session.flush()


def _released(holder: User, now: datetime) -> bool:
    return holder.closed_at is not None and holder.closed_at + RESERVED < now

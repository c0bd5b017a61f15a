"""People without an account, who belong to one site and come back by a private link."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from itsdangerous import URLSafeSerializer

from comments import names
from comments.accounts import naming, sessions, tokens
from comments.accounts.forms import email_key
from comments.accounts.models import Identity, Kind, PrivateLink, User, Way
from comments.accounts.sessions import SignedIn
from comments.db import db
from comments.errors import NotFound

# What a private link begins.
BY_LINK = frozenset({Kind.COOKIE})


def make(site_id: int, name: str, email: str | None, now: datetime, key: str = "") -> User:
    """Somebody who writes on this site under this name, or what comes close to it.

    `key` is a secret of the form that made them, by which its second click finds them.
    """
    user = User(site_id=site_id, name="", created_at=now)
    user.name = naming.free(user, name, tokens.new())
    user.name_key = names.key(user.name) or None
    user.email, user.email_key = email, email and email_key(email)
    db.session.add(user)
    db.session.flush()
    subject = tokens.hashed(key) if key else None
    db.session.add(
        Identity(user_id=user.id, site_id=site_id, way=Way.GUEST, subject=subject, created_at=now)
    )
    db.session.flush()
    return user


def called(site_id: int, key: str) -> User | None:
    """Whom the form of this key made."""
    return db.session.scalar(
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(
            Identity.site_id == site_id,
            Identity.way == Way.GUEST,
            Identity.subject == tokens.hashed(key),
        )
    )


def identity_of(user: User) -> sa.Select[Identity]:
    return sa.select(Identity).where(Identity.user_id == user.id, Identity.way == Way.GUEST)


def is_guest(user: User) -> bool:
    """Whether this person has no account. Whoever belongs to no site has one."""
    return user.site_id is not None and db.session.scalar(identity_of(user)) is not None


def link(user: User, now: datetime) -> str:
    """The token of a private link that is shown once; it is kept nowhere."""
    end_links(user, mailed=False)
    token = tokens.new()
    _keep(user, tokens.hashed(token), None, now)
    return token


def mailed_link(user: User, email: str, now: datetime) -> str:
    """The token of the private link in letters to this address.

    It is the same in all of them, so that neither the next letter nor the same one once more makes
    it void. It is signed, not kept.
    """
    db.session.refresh(user, with_for_update={"key_share": True})
    mailed = PrivateLink.user_id == user.id, PrivateLink.email == email
    for row in db.session.scalars(sa.select(PrivateLink).where(*mailed)):
        if row.token_hash == tokens.hashed(_signed(row)):
            return _signed(row)
    row = _keep(user, tokens.hashed(tokens.new()), email, now)
    row.token_hash = tokens.hashed(_signed(row))
    db.session.flush()
    return _signed(row)


def new_link(user: User, here: SignedIn | None, now: datetime) -> str:
    """Another one, after which all that were there before are void.

    Whoever came by them is out, but for the session `here`; pages where they write keep theirs.
    """
    end_links(user, mailed=True)
    sessions.end_all(user, but=here, kinds=BY_LINK)
    return link(user, now)


def end_links(user: User, *, mailed: bool) -> None:
    """End those that were mailed, or those that were shown."""
    went_out = PrivateLink.email.is_not(None) if mailed else PrivateLink.email.is_(None)
    db.session.execute(sa.delete(PrivateLink).where(PrivateLink.user_id == user.id, went_out))


def end(user: User) -> None:
    """They are no guest any more."""
    end_all(user)
    db.session.execute(
        sa.delete(Identity).where(Identity.user_id == user.id, Identity.way == Way.GUEST)
    )


def end_all(user: User) -> None:
    for mailed in (True, False):
        end_links(user, mailed=mailed)


def find(token: str) -> PrivateLink:
    """The private link of this token. Raises NotFound."""
    found = db.session.scalar(
        sa.select(PrivateLink).where(PrivateLink.token_hash == tokens.hashed(token))
    )
    if found is None or found.user.is_closed:
        raise NotFound(_("This private link is void: a newer one was made, or all was erased."))
    return found


def use(token: str, now: datetime) -> User:
    """Whose link this is; one that was mailed confirms the address it went to. Raises NotFound."""
    found = find(token)
    user = found.user
    db.session.refresh(user, with_for_update={"key_share": True})
    if user.email is not None and user.email == found.email and not user.email_confirmed_at:
        user.email_confirmed_at = now
        db.session.flush()
    return user


def _keep(user: User, token_hash: str, email: str | None, now: datetime) -> PrivateLink:
    row = PrivateLink(user_id=user.id, token_hash=token_hash, email=email, created_at=now)
    db.session.add(row)
    db.session.flush()
    return row


def _signed(row: PrivateLink) -> str:
    signer = URLSafeSerializer(str(current_app.secret_key), salt="private-link")
    signed: str = signer.dumps(row.id)
    return signed

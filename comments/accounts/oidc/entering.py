"""Who is known by a provider, who joins by one, and whose way in it becomes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import closing, queries, registration
from comments.accounts.models import Identity, User, Way
from comments.accounts.oidc.people import Person
from comments.db import db
from comments.errors import Conflict, Forbidden
from comments.settings import Provider


def known(person: Person) -> User | None:
    """Whose account it is, by the provider's word for them and nothing else."""
    return db.session.scalar(
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == person.issuer, Identity.subject == person.subject)
    )


def check_new(person: Person, provider: Provider) -> None:
    """Raises Conflict where an account has their confirmed address: it is not taken over by that.

    Who is told so has shown to the provider that the address is theirs.
    """
    if person.email and db.session.scalar(queries.called(person.email)):
        words = _(
            "There is an account here with your e-mail address already. Sign in to it first, by "
            "its password or a mailed link; then you can link %(name)s in your account.",
            name=provider.name,
        )
        raise Conflict(words, code="known-address")


def join(person: Person, provider: Provider, name: str, now: datetime) -> User:
    """Make an account, or find the one that was made in the same moment.

    Raises Invalid for a taken name, Conflict as `check_new` does.
    """
    user = known(person)
    if user is not None:
        return user
    check_new(person, provider)
    user = registration.named(name, now)
    if person.email:
        registration.confirm_email(user, person.email, now)
    _add(user, person, now)
    return user


def link(user: User, person: Person, provider: Provider, now: datetime) -> None:
    """Let somebody come in by this provider from now on.

    Raises Conflict where they are somebody else here, or come in by it as somebody else.
    """
    closing.held(user)
    if user.site_id is not None:
        raise Forbidden(_("Your publisher signs you in, and nobody else can."))
    owner = known(person)
    if owner is not None and owner.id == user.id:
        return
    if owner is not None:
        words = _(
            "This account at %(name)s belongs to another account here already.", name=provider.name
        )
        raise Conflict(words, code="known-identity")
    if _has(user, person.issuer):
        words = _(
            "You are linked with another account at %(name)s. Remove that one first.",
            name=provider.name,
        )
        raise Conflict(words, code="linked-already")
    _add(user, person, now)


def _has(user: User, issuer: str) -> bool:
    mine = sa.exists().where(Identity.user_id == user.id, Identity.issuer == issuer)
    return bool(db.session.scalar(sa.select(mine)))


def _add(user: User, person: Person, now: datetime) -> None:
    db.session.add(
        Identity(
            user_id=user.id,
            way=Way.OIDC,
            issuer=person.issuer,
            subject=person.subject,
            created_at=now,
        )
    )
    db.session.flush()

"""Inviting people to work on a site, and becoming a member by such a link.

A link is good once and for a week. It is void as soon as whoever made it may not give its role any
more, which `members.py` sees to.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit, limits, mail, sealing
from comments.accounts import closing, queries, registration, tokens
from comments.accounts.forms import email_key
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict, NotFound
from comments.sites import members
from comments.sites.invitations.ending import INVITED, take_away
from comments.sites.invitations.forms import NewInvitation
from comments.sites.models import Invitation, Membership, Site

LIFE = timedelta(days=7)
# Of one site, so that the list stays short and nobody's mailbox is filled.
MADE = limits.Limit("invitations", times=100, seconds=7 * 86400)


def invite(site: Site, form: NewInvitation, by: Membership | None, now: datetime) -> str:
    """Make a link for one person, and mail it if there is an address; the answer is its token.

    Raises Forbidden for a role above `by`, Conflict for an address that is invited already, or
    TooMany.
    """
    members.check_gives(site.id, form.invited_as, by)
    limits.hit(MADE, str(site.id), now)
    key = email_key(form.email) if form.email else None
    _check_new(site, key, now)
    token = tokens.new()
    row = Invitation(
        site_id=site.id,
        role=form.invited_as,
        token_hash=tokens.hashed(token),
        email=form.email,
        email_key=key,
        by_id=by.user_id if by else None,
        created_at=now,
        expires_at=now + LIFE,
    )
    db.session.add(row)
    _note("invited", row, row.by_id, now)
    if row.email:
        # Whoever is invited is not known yet; the site's language is the best guess.
        facts = {"invitation": row.id, "language": site.settings.language}
        facts["token"] = sealing.seal(token.encode())
        mail.add(INVITED, facts, None, now, site_id=site.id)
    return token


def open_on(site: Site, now: datetime) -> sa.Select[Invitation]:
    """The invitations that somebody may still accept, the last first."""
    return (
        sa.select(Invitation)
        .where(Invitation.site_id == site.id, Invitation.expires_at > now)
        .options(sa.orm.joinedload(Invitation.by))
        .order_by(Invitation.id.desc())
    )


def revoke(site: Site, id: int, by: Membership | None, now: datetime) -> None:
    """Make a link void. Raises NotFound when it is, Forbidden for a role above `by`."""
    row = db.session.scalar(open_on(site, now).where(Invitation.id == id))
    if row is None:
        raise over()
    members.check_gives(site.id, row.role, by)
    _spend(row)
    _note("invitation-revoked", row, by.user_id if by else None, now)


def find(token: str, now: datetime) -> Invitation:
    """The invitation of this link. Raises NotFound when it is used, void, or too old."""
    row = db.session.scalar(
        sa.select(Invitation)
        .where(Invitation.token_hash == tokens.hashed(token), Invitation.expires_at > now)
        .options(sa.orm.joinedload(Invitation.site), sa.orm.joinedload(Invitation.by))
    )
    if row is None:
        raise over()
    return row


def accept(token: str, person: User, now: datetime) -> Membership:
    """Become a member. Raises NotFound as `find` does, Conflict for who is a member already.

    Who has a link that was mailed reads that mailbox: if the address is the one they claim, it is
    theirs.
    """
    closing.held(person)
    row = find(token, now)
    members.hold(row.site_id)
    _spend(row)
    member = members.add(row.site, person, row.role, _maker(row), now)
    _note("invitation-accepted", row, person.id, now)
    if row.email and row.email_key == person.email_key and person.email_confirmed_at is None:
        _confirm(person, row.email, now)
    return member


def to(user: User) -> sa.Select[Invitation]:
    """The invitations that were mailed to the confirmed address of this person."""
    return (
        sa.select(Invitation)
        .where(_is_theirs(user))
        .options(sa.orm.joinedload(Invitation.site))
        .order_by(Invitation.id)
    )


def forget(user: User) -> None:
    """Invite who leaves no more."""
    take_away(_is_theirs(user))


def sweep(now: datetime) -> bool:
    """Forget the links, and the addresses, that nobody used in time; nothing is left then."""
    take_away(Invitation.expires_at <= now)
    return False


def over() -> NotFound:
    """What is said of an invitation that is good for nothing any more."""
    return NotFound(
        _("This invitation was used or revoked already, or is too old. Ask for a new one.")
    )


def _check_new(site: Site, key: str | None, now: datetime) -> None:
    sweep(now)
    twice = sa.exists().where(Invitation.site_id == site.id, Invitation.email_key == key)
    if key is not None and db.session.scalar(sa.select(twice)):
        message = _("This address is invited already. Revoke that invitation first.")
        raise Conflict(message, code="invited-already")


def _spend(row: Invitation) -> None:
    """Take the link away, once. Raises NotFound for whoever comes second."""
    if not take_away(Invitation.id == row.id):
        raise over()


def _maker(row: Invitation) -> Membership | None:
    """Who gives the role, as the member they are now; None is the operator."""
    if row.by_id is None:
        return None
    by = db.session.get(Membership, (row.site_id, row.by_id))
    if by is None:
        raise over()
    return by


def _confirm(person: User, email: str, now: datetime) -> None:
    if db.session.scalar(queries.called(email)) is None:
        registration.confirm_email(person, email, now)


def _is_theirs(user: User) -> sa.ColumnElement[bool]:
    if user.email_key is None or user.email_confirmed_at is None:
        return sa.false()
    return Invitation.email_key == user.email_key


def _note(act: str, row: Invitation, by_id: int | None, now: datetime) -> None:
    db.session.flush()
    audit.record(
        act, now=now, by_id=by_id, site_id=row.site_id, invitation=row.id, role=row.role.value
    )

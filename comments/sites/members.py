"""Who works on a site, and as what.

`by` is the member who acts, or None for the operator. Nobody touches those above: only owners make,
change or remove owners. One owner always stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit, changes
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict, Forbidden, NotFound
from comments.sites.invitations import ending
from comments.sites.models import Invitation, Membership, Role, Site


def add(site: Site, person: User, role: Role, by: Membership | None, now: datetime) -> Membership:
    """Make somebody a member.

    Raises Conflict for one who is, Forbidden for a role above `by`, NotFound for one who left.
    """
    db.session.refresh(person, with_for_update={"key_share": True})
    if person.is_closed:
        raise NotFound(_("There is nobody with this name."))
    check_gives(site.id, role, by)
    if db.session.get(Membership, (site.id, person.id)) is not None:
        raise Conflict(_("This person is a member already."), code="member-already")
    row = Membership(site_id=site.id, user_id=person.id, role=role, created_at=now)
    db.session.add(row)
    _note("member-added", row, by, now, role=role.value)
    return row


def check_gives(site_id: int, role: Role, by: Membership | None) -> None:
    """Take turns with whoever gives and takes roles. Raises Forbidden for a role above `by`."""
    hold(site_id)
    _must_reach(by, role)


def change_role(member: Membership, role: Role, by: Membership | None, now: datetime) -> None:
    """Give a member another role. Raises Forbidden, or Conflict for the last owner."""
    member = _held(member)
    _must_reach(by, member.role, role)
    _must_be_ours(by, member)
    if role is member.role:
        return
    _keep_an_owner(member)
    before, member.role = member.role, role
    _void_invitations(member, [each for each in Role if not role.gives(each)])
    _note("member-changed", member, by, now, role=role.value, before=before.value)


def remove(member: Membership, by: Membership | None, now: datetime) -> None:
    """End a membership. Raises Forbidden, or Conflict for the last owner."""
    member = _held(member)
    _must_reach(by, member.role)
    _must_be_ours(by, member)
    _keep_an_owner(member)
    _void_invitations(member, list(Role))
    _note("member-removed", member, by, now, role=member.role.value)
    db.session.delete(member)
    db.session.flush()


def vouch(site: Site, person: User, role: Role | None, now: datetime) -> None:
    """Let somebody have the role that the publisher's sign-in says, or none by it.

    What they were given by hand stays.
    """
    member = db.session.get(Membership, (site.id, person.id), populate_existing=True)
    if member is None:
        if role is not None:
            add(site, person, role, None, now).by_sso = True
    elif member.by_sso and role is None:
        remove(member, None, now)
    elif member.by_sso and role is not member.role and role is not None:
        change_role(member, role, None, now)


def end_vouched(site: Site, now: datetime) -> None:
    """End every role that came by the publisher's sign-in."""
    rows = sa.select(Membership).where(Membership.site_id == site.id, Membership.by_sso)
    for member in db.session.scalars(rows.order_by(Membership.user_id)).all():
        remove(member, None, now)


def leave_all(person: User, now: datetime) -> None:
    """End every membership of somebody who leaves. Raises Conflict for a last owner."""
    rows = sa.select(Membership).where(Membership.user_id == person.id)
    for member in db.session.scalars(rows.order_by(Membership.site_id)).all():
        remove(member, None, now)


def hold(site_id: int) -> None:
    """Take turns: of two who remove each other, the second is no member any more."""
    db.session.execute(sa.select(Site.id).where(Site.id == site_id).with_for_update(key_share=True))


def _held(member: Membership) -> Membership:
    """The membership as it is now that nobody else changes it. Raises NotFound."""
    site_id, _user_id = sa.inspect(member).identity or (None, None)
    hold(site_id)
    now = _as_it_is(member)
    if now is None:
        raise NotFound(_("This person is no member any more."))
    return now


def _void_invitations(by: Membership, roles: Sequence[Role]) -> None:
    """What somebody can't give any more, nobody gets by a link of theirs."""
    given = sa.and_(Invitation.by_id == by.user_id, Invitation.site_id == by.site_id)
    ending.take_away(given & Invitation.role.in_(roles))


def _must_reach(by: Membership | None, *roles: Role) -> None:
    if by is None:
        return
    own = _as_it_is(by)
    if own is None or not own.role.administers:
        raise Forbidden(_("Your role on this site does not allow this."))
    if Role.OWNER in roles and own.role is not Role.OWNER:
        raise Forbidden(_("Only an owner can do this."))


def _must_be_ours(by: Membership | None, member: Membership) -> None:
    if by is not None and member.by_sso:
        message = _("This role comes with the publisher's own sign-in. Change it there.")
        raise Conflict(message, code="role-by-sso")


def _as_it_is(member: Membership) -> Membership | None:
    identity = sa.inspect(member).identity
    return db.session.get(Membership, identity, populate_existing=True)


def _keep_an_owner(member: Membership) -> None:
    others = sa.exists().where(
        Membership.site_id == member.site_id,
        Membership.role == Role.OWNER,
        Membership.user_id != member.user_id,
    )
    if member.role is Role.OWNER and not db.session.scalar(sa.select(others)):
        name = db.session.get_one(Site, member.site_id).name
        message = _("%(site)s needs an owner. Make somebody else one first.", site=name)
        raise Conflict(message, code="last-owner")


def _note(
    act: str, member: Membership, by: Membership | None, now: datetime, **details: str
) -> None:
    """Keep the act, and let pages that show badges be drawn again."""
    db.session.flush()
    by_id = by.user_id if by else None
    audit.record(
        act, now=now, by_id=by_id, site_id=member.site_id, person=member.user_id, **details
    )
    db.session.execute(
        sa.update(Site).where(Site.id == member.site_id).values(version=Site.version + 1)
    )
    changes.site(member.site_id)

"""Who may do what on which site."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts.models import User
from comments.db import db
from comments.errors import FactorNeeded, Forbidden, NotFound
from comments.sites.models import MODERATORS, Membership, Role, Site
from comments.sites.queries import KEY


def memberships_of(user: User) -> sa.Select[Membership]:
    return (
        sa.select(Membership)
        .join(Membership.site)
        .where(Membership.user_id == user.id)
        .options(sa.orm.contains_eager(Membership.site))
        .order_by(Site.name, Site.id)
    )


def sites_of(user: User, roles: frozenset[Role] = MODERATORS) -> sa.Select[int]:
    """The ids of the sites where this person has one of the roles, to narrow another select."""
    return sa.select(Membership.site_id).where(
        Membership.user_id == user.id, Membership.role.in_(roles)
    )


def membership(site: Site, user: User) -> Membership | None:
    return db.session.get(Membership, (site.id, user.id))


def role_on(site: Site, user: User | None) -> Role | None:
    found = membership(site, user) if user else None
    return found.role if found else None


def may_moderate(site: Site, user: User | None) -> bool:
    return role_on(site, user) in MODERATORS


def check(site_id: int, by: User | None, roles: frozenset[Role] = MODERATORS) -> None:
    """Look once more inside a transaction, since a role may have gone meanwhile.

    The operator, who is nobody here, may do everything. Raises Forbidden.
    """
    if by is None:
        return
    member = db.session.get(Membership, (site_id, by.id), populate_existing=True)
    if member is None or member.role not in roles:
        raise Forbidden(_("Your role on this site does not allow this."))


def the_membership(key: str, user: User, roles: frozenset[Role] = MODERATORS) -> Membership:
    """What this person is on the site of this key, with the site.

    Raises NotFound for strangers, who need not know that there is such a site, Forbidden for
    members without one of the roles, and FactorNeeded as `check_factor` does.
    """
    known = KEY.fullmatch(key) is not None
    found = db.session.scalar(memberships_of(user).where(Site.key == key)) if known else None
    if found is None:
        raise NotFound(_("There is no such site."))
    if found.role not in roles:
        raise Forbidden(_("Your role on this site does not allow this."))
    check_factor(found.site, user)
    return found


def check_factor(site: Site, moderator: User) -> None:
    """Raises FactorNeeded for one who has none where the site asks its moderators for one."""
    if site.settings.second_factor and not moderator.has_factor:
        words = _("%(site)s asks its moderators for a second factor. Set one up.", site=site.name)
        raise FactorNeeded(words)


def members_of(site: Site) -> sa.Select[Membership]:
    """The members of a site, by what they may do and by name."""
    rank = sa.case({role: place for place, role in enumerate(Role)}, value=Membership.role)
    return (
        sa.select(Membership)
        .join(Membership.user)
        .where(Membership.site_id == site.id)
        .options(sa.orm.contains_eager(Membership.user))
        .order_by(rank, User.name, User.id)
    )


def the_member(site: Site, user_id: int) -> Membership:
    """The membership of this person on this site. Raises NotFound."""
    found = db.session.get(Membership, (site.id, user_id))
    if found is None:
        raise NotFound(_("This person is no member any more."))
    return found


def check_origin(site: Site, origin: str) -> None:
    """Raises Forbidden where this site's comments may not appear."""
    if not site.allows(origin):
        raise Forbidden(
            _("%(origin)s is none of the web addresses of this site.", origin=origin),
            code="unknown-origin",
        )

"""What a site expects of tokens, and what it makes of their roles and badges."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from comments import audit, changes
from comments.accounts.models import User
from comments.db import db
from comments.errors import Forbidden
from comments.sites import access, members
from comments.sites.models import ADMINS, Role, Site
from comments.sites.sso.forms import EditedSso
from comments.sites.sso.models import Sso

TERMS = ("issuer", "audience", "url", "roles", "badges")


def of(site: Site) -> Sso:
    """What is in force; until somebody says otherwise, the site's own names."""
    return db.session.get(Sso, site.id) or _default(site)


def held(site: Site) -> Sso:
    """What is in force, which nobody changes before this transaction is over."""
    db.session.refresh(site, with_for_update={"of": Site, "key_share": True})
    return of(site)


def change(site: Site, form: EditedSso, by: User, now: datetime) -> None:
    """Put other terms in force.

    Where the mapping of roles changes, those that came by it end at once, and come again as their
    people sign in; badges are drawn by the new one. Raises Forbidden where `by` is no admin (any
    more), or maps admins and is no owner.
    """
    sso = held(site)
    access.check(site.id, by, ADMINS)
    _check_reach(sso, form, access.role_on(site, by))
    changed = _changed(sso, form)
    if form.url != sso.url:
        sso.keys, sso.failure, sso.fetched_at, sso.tried_at = {}, {}, None, None
        sso.due_at = now if form.url else None
    sso.issuer, sso.audience, sso.url = form.issuer, form.audience, form.url
    sso.roles, sso.badges = dict(form.roles), dict(form.badges)
    db.session.add(sso)
    db.session.flush()
    if changed:
        audit.record("sso", now=now, by_id=by.id, site_id=site.id, changed=changed)
    if "roles" in changed:
        members.end_vouched(site, now)
    if "badges" in changed:
        site.version = Site.version + 1
        changes.site(site.id)


def _check_reach(sso: Sso, form: EditedSso, own: Role | None) -> None:
    made = form.mapping.items() - sso.mapping.items()
    if own is not Role.OWNER and any(role is Role.ADMIN for _claimed, role in made):
        raise Forbidden(_("Only an owner can let a role of yours make admins."))


def _changed(sso: Sso, form: EditedSso) -> list[str]:
    return [name for name in TERMS if getattr(sso, name) != getattr(form, name)]


def _default(site: Site) -> Sso:
    issuer = site.addresses[0] if site.addresses else site.key
    return Sso(
        site_id=site.id,
        issuer=issuer,
        audience=f"comments:{site.key}",
        roles={},
        badges={},
        url=None,
        keys={},
        version=0,
        failure={},
    )

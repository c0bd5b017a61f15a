"""Making a site, and changing how it is called, where it appears and how it moderates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit, changes
from comments.accounts import sessions
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict
from comments.sites import access, members
from comments.sites.forms import EditedSite
from comments.sites.models import ADMINS, Origin, Role, Site, SiteSettings


def create(key: str, name: str, origins: Sequence[str], owner: User, now: datetime) -> Site:
    """Make a site and its first owner. Raises Conflict when the key is taken."""
    if db.session.scalar(sa.select(Site.id).where(Site.key == key)) is not None:
        raise Conflict(_("There is a site with this key already."), code="key-taken")
    site = Site(key=key, name=name, values=SiteSettings().model_dump(), created_at=now)
    site.origins = [Origin(address=address) for address in origins]
    db.session.add(site)
    db.session.flush()
    audit.record("site", now=now, by_id=None, site_id=site.id, key=key, origins=list(origins))
    members.add(site, owner, Role.OWNER, None, now)
    return site


def facts(site: Site) -> dict[str, Any]:
    """The settings in force, as a form shows them: the origins are lines."""
    origins = "\n".join(sorted(site.addresses))
    return {"name": site.name, "origins": origins, **site.settings.model_dump()}


def seen(site: Site) -> str:
    """A mark of the settings in force, by which a form knows whether they changed meanwhile."""
    return hashlib.sha256(json.dumps(facts(site), sort_keys=True).encode()).hexdigest()


def change(site: Site, form: EditedSite, by: User | None, now: datetime) -> None:
    """Put other settings in force. Raises Conflict when somebody changed them since `form.seen`,
    Forbidden where `by` is no admin (any more).

    Readers who are signed in on a page of an address that goes are signed out there.
    """
    db.session.refresh(site, with_for_update={"of": Site, "key_share": True})
    access.check(site.id, by, ADMINS)
    if form.seen != seen(site):
        message = _("Somebody else changed these settings meanwhile.")
        raise Conflict(message, code="settings-changed")
    before = facts(site)
    site.name, site.values = form.name, form.settings().model_dump()
    _replace_origins(site, form.origins)
    changed = sorted(name for name, value in facts(site).items() if before[name] != value)
    if changed:
        site.version = Site.version + 1
        changes.site(site.id)
        audit.record(
            "settings", now=now, by_id=by.id if by else None, site_id=site.id, changed=changed
        )
    db.session.flush()


def _replace_origins(site: Site, addresses: Sequence[str]) -> None:
    gone = [address for address in site.addresses if address not in addresses]
    new = [address for address in addresses if address not in site.addresses]
    site.origins = [row for row in site.origins if row.address in addresses]
    site.origins += [Origin(address=address) for address in new]
    sessions.end_on(site.id, gone)

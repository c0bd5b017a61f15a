"""The places a person may go on our own pages."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from comments.accounts.models import User
from comments.db import db
from comments.sites import access
from comments.sites.models import Site


@dataclass(frozen=True, slots=True)
class Entry:
    """A place, and the part of the product of which it stands for every page."""

    label: str
    endpoint: str
    section: str = ""


def entries(user: User | None) -> list[Entry]:
    """What stands in the header, the place of most work first."""
    if user is None:
        return []
    roles = [row.role for row in db.session.scalars(access.memberships_of(user))]
    found = []
    if any(role.moderates for role in roles):
        found.append(Entry(_("Moderation"), "moderation.desk", "moderation"))
    if roles:
        found.append(Entry(_("Sites"), "sites.index", "sites"))
    return [
        *found,
        Entry(_("Your comments"), "threads.mine"),
        Entry(_("Notifications"), "notifications.inbox", "notifications"),
        Entry(_("Account"), "accounts.account", "accounts"),
    ]


def of_site(site: Site, user: User | None) -> list[Entry]:
    """The pages of one site."""
    role = access.role_on(site, user)
    found = []
    if role and role.moderates:
        found += [
            Entry(_("Moderation"), "moderation.queue"),
            Entry(_("Articles"), "threads.article_list"),
            Entry(_("Sanctions"), "sites.sanction_list"),
        ]
    if role and role.administers:
        found += [
            Entry(_("Settings"), "sites.settings"),
            Entry(_("Members"), "sites.member_list"),
            Entry(_("Keys"), "sites.key_list"),
            Entry(_("Single sign-on"), "sso.terms"),
            Entry(_("Webhooks"), "hooks.hook_list"),
            Entry(_("E-mails"), "unsent.letters"),
        ]
    return found

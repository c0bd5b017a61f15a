"""The places a person may go on our own pages."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from comments.accounts.models import User
from comments.db import db
from comments.sites import access


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    endpoint: str


def entries(user: User | None) -> list[Entry]:
    if user is None:
        return []
    roles = [row.role for row in db.session.scalars(access.memberships_of(user))]
    found = [Entry(_("Moderation"), "moderation.desk")] if any(r.moderates for r in roles) else []
    if roles:
        found.append(Entry(_("Sites"), "sites.index"))
    mine = Entry(_("Your comments"), "threads.mine")
    return [*found, mine, Entry(_("Account"), "accounts.account")]

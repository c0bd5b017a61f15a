"""Reading sites."""

from __future__ import annotations

import re

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db, identity, table, taken
from comments.errors import NotFound
from comments.prepared import Prepared
from comments.sites.models import Origin, Site

KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9])?")

_HELD = Prepared(
    closing.HELD.add_columns(*table(Site).c).join(Site, Site.id == sa.bindparam("site"))
)
_OF_KEY = Prepared(sa.select(*table(Site).c).where(Site.key == sa.bindparam("key")))


def by_key(key: str) -> Site:
    """The site of this key. Raises NotFound."""
    row = _OF_KEY.row(key=key) if KEY.fullmatch(key) else None
    if row is None:
        raise NotFound(_("There is no site with this key."), code="unknown-site")
    return taken(Site, row)


def held(site: Site, person: User) -> None:
    """Read both afresh, and let what this person does come one after the other.

    Raises NotSignedIn once they left.
    """
    row = _HELD.row(person=identity(person), site=identity(site))
    width = len(table(User).c)
    taken(User, row[:width])
    taken(Site, row[width:])
    closing.check_open(person)


def knows_origin(address: str) -> bool:
    """Whether any site's comments may appear there."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Origin.address == address))))

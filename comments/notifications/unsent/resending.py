"""Sending again what could not be sent."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from comments import outbox
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.notifications.unsent import queries
from comments.outbox import Outgoing
from comments.sites import access
from comments.sites.models import ADMINS, Site


def again(site: Site, id: int, by: User, now: datetime) -> None:
    """Try this letter once more, as if it were new. Raises NotFound where it is tried already or
    not kept any more, Forbidden where `by` is no admin (any more)."""
    access.check(site.id, by, ADMINS)
    row = db.session.scalar(queries.of(site).where(Outgoing.id == id).with_for_update())
    if row is None:
        raise NotFound(_("This e-mail is sent again already, or is not kept any more."))
    outbox.again(row, now)

"""Ending invitations: the link is void, and its letter is not sent any more."""

from __future__ import annotations

import sqlalchemy as sa

from comments import mail, outbox
from comments.db import db
from comments.sites.models import Invitation

# Of which kind the letter is.
INVITED = "invited"


def take_away(which: sa.ColumnElement[bool]) -> set[int]:
    """Make these links void, and forget their letters with what a mail server said of them; the
    answer is whose."""
    ids = set(db.session.scalars(sa.delete(Invitation).where(which).returning(Invitation.id)))
    if ids:
        outbox.forget_those(mail.QUEUE, INVITED, lambda facts: facts["invitation"] in ids)
    return ids

"""What everybody reads beside the names of a publisher's readers.

Their tokens call the badges by words of the publisher's; the site says what these mean, and what it
says now is drawn, also beside what was written before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from comments.accounts.models import User
from comments.db import db
from comments.sites.sso.models import Sso

# In a statement that joins what their own site says; of most people there is nothing to read.
MEANINGS = sa.case((User.badges.is_not(None), Sso.badges))
OF_THEIR_SITE = Sso.site_id == User.site_id


def texts(words: Iterable[str] | None, meanings: Mapping[str, str] | None) -> tuple[str, ...]:
    known = meanings or {}
    return tuple(dict.fromkeys(known[word] for word in words or () if word in known))


def meanings(person: User) -> Mapping[str, str] | None:
    """What this person's own site says, if they have badges."""
    sso = db.session.get(Sso, person.site_id) if person.badges and person.site_id else None
    return sso.badges if sso else None

"""Who may comment on a site, and what somebody lacks who may not."""

from __future__ import annotations

from comments.screening.draft import Standing
from comments.sites.models import Commenters

NOBODY, SUBSCRIBERS, CONFIRMED = "nobody-may", "subscribers-only", "confirmed-only"
MEMBERS, HOME = "members-only", "other-site"


def lacking(person: Standing, allowed: Commenters) -> str | None:
    """What keeps this person from commenting, by its code. Staff always may."""
    if person.is_staff:
        return None
    if person.is_of_another_site:
        return HOME
    lacks_account = MEMBERS if person.is_guest else None
    return {
        Commenters.GUESTS: None,
        Commenters.MEMBERS: lacks_account,
        Commenters.CONFIRMED: lacks_account or (None if person.is_confirmed else CONFIRMED),
        Commenters.SUBSCRIBERS: None if person.is_subscriber else SUBSCRIBERS,
        Commenters.NOBODY: NOBODY,
    }[allowed]

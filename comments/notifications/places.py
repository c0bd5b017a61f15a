"""Where a letter leads, which depends on how whoever reads it comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urldefrag

from comments import settings
from comments.accounts import guests
from comments.accounts.models import User
from comments.notifications.queries import Told
from comments.sites.guests import coming


@dataclass(frozen=True, slots=True)
class Places:
    """Pages that one person can enter: what they wrote, and what they heard of.

    `is_private` says that whoever has these addresses can enter, too.
    """

    mine: str | None
    all: str | None
    is_private: bool = False
    is_at_publisher: bool = False

    def of(self, told: Told) -> str | None:
        """Where they read of this, if anywhere."""
        if self.is_at_publisher and told.url:
            return f"{urldefrag(told.url).url}#comment-{told.comment_id}"
        return settings.current().url + told.path if told.is_public else self.mine


def of(person: User, email: str, now: datetime) -> Places:
    """Guests come in by their private link, and who belongs to a site otherwise only there."""
    base = settings.current().url
    if person.site_id is None:
        return Places(f"{base}/mine", f"{base}/notifications")
    if guests.is_guest(person):
        link = coming.address(guests.mailed_link(person, email, now))
        return Places(link, f"{link}?next=/notifications", is_private=True)
    return Places(None, None, is_at_publisher=True)

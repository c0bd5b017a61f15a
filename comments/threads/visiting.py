"""The first comment of somebody without an account: the guest and what they say, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from comments.sites.guests import coming
from comments.sites.guests.coming import Came
from comments.sites.guests.forms import NewGuest
from comments.sites.models import Site
from comments.threads import posting
from comments.threads.forms import NewComment
from comments.threads.repeats import Posted
from comments.threads.writing import Written


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came, from which network, with the words of which form."""

    guest: NewGuest
    network: str
    form: NewComment
    key: str


def post(site: Site, visit: Visit, text: Written, now: datetime) -> tuple[Posted, Came]:
    """Let a guest in with what they say. The second click of a form finds the first one's guest.

    Raises what `coming.come` and `posting.post` do, with nothing stored.
    """
    came = coming.come(site, visit.guest, visit.network, now, visit.key)
    return posting.post(site, came.guest, visit.form, text, now, visit.key or None), came

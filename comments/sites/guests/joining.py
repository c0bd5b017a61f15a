"""From guest to account: the same person, with everything they wrote, and a way in of their own."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from comments.accounts import closing, guests, registration, sessions
from comments.accounts.models import User
from comments.accounts.sessions import SignedIn
from comments.errors import Conflict
from comments.sites.guests.forms import NewMember


def join(
    guest: User, form: NewMember, secret: str | None, here: SignedIn | None, now: datetime
) -> None:
    """Make an account of a guest; `secret` is the hash of the password, if there is one.

    Their private links are void from now on, and whoever came by them is out, but for the session
    `here`. Raises Conflict for who has an account, or whose
    confirmed address is another account's already, and Invalid for a taken name.
    """
    closing.held(guest)
    if not guests.is_guest(guest):
        raise Conflict(_("You have an account already."), code="account-already")
    sessions.end_all(guest, but=here, kinds=guests.BY_LINK)
    registration.take_in(guest, form.name, form.email, secret, now)

"""How far the token of a call reaches."""

from __future__ import annotations

from typing import TypeVar

from flask_babel import gettext as _

from comments.accounts.login import session_now, the_user
from comments.accounts.models import Kind, User
from comments.errors import Forbidden

T = TypeVar("T")


def reader(site_id: int) -> User:
    """The person, as a reader of this site.

    Raises NotSignedIn, and Forbidden when the token was made for another site.
    """
    user, session = the_user(), session_now()
    if session is not None and session.kind is Kind.BEARER and session.site_id != site_id:
        raise Forbidden(_("You are signed in for another site."), code="other-site")
    return user


def staff() -> User:
    """The person, with all their rights. Raises NotSignedIn, or Forbidden for a reader's token."""
    user, session = the_user(), session_now()
    if session is None or session.kind is not Kind.API:
        raise Forbidden(_("This takes a staff member's own token."), code="readers-token")
    return user

"""How far the token of a call reaches."""

from __future__ import annotations

from typing import TypeVar

from flask_babel import gettext as _
from werkzeug.datastructures import Authorization

from comments.accounts.login import session_now, the_user
from comments.accounts.models import Kind, User
from comments.accounts.sessions import SignedIn
from comments.errors import Forbidden, NotFound, NotSignedIn
from comments.sites import keys
from comments.sites.models import Site

T = TypeVar("T")


def session() -> SignedIn:
    """The session of the token. Raises NotSignedIn."""
    the_user()
    found = session_now()
    assert found is not None
    return found


def reader(site_id: int) -> User:
    """The person, as a reader of this site.

    Raises NotSignedIn, and Forbidden when the token was made for another site.
    """
    found = session()
    if found.kind is Kind.BEARER and found.site_id != site_id:
        raise Forbidden(_("You are signed in for another site."), code="other-site")
    return found.user


def staff() -> User:
    """The person, with all their rights. Raises NotSignedIn, or Forbidden for a reader's token."""
    found = session()
    if found.kind is not Kind.API:
        raise Forbidden(_("This takes a staff member's own token."), code="readers-token")
    return found.user


def publisher(authorization: Authorization | None) -> Site:
    """The site whose own program asks. Raises NotSignedIn without a site key."""
    given = authorization.token if authorization and authorization.type == "bearer" else None
    key = keys.find(given) if given else None
    if key is None:
        raise NotSignedIn(_("This takes a site key."))
    return key.site


def check_own(site: Site, key: str) -> None:
    """Raises NotFound for another site than that of the site key."""
    if site.key != key:
        raise NotFound(_("There is no site with this key."), code="unknown-site")

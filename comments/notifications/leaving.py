"""Links by which whoever has a letter ends letters, or has them come at other times."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer

from comments import settings
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.sites.models import Site


def address(person: User, site: Site, kind: str) -> str:
    """Where one ends letters of a kind from a site; it holds for as long as the account does."""
    token = _signer().dumps([person.id, site.id, kind])
    return f"{settings.current().url}/unsubscribe/{token}"


def owner(token: str) -> tuple[User, Site, str]:
    """Whose letters, of which site and kind, this is about. Raises NotFound."""
    try:
        person_id, site_id, kind = _signer().loads(token)
    except (BadData, ValueError, TypeError):
        raise _over() from None
    person, site = db.session.get(User, person_id), db.session.get(Site, site_id)
    if person is None or person.is_closed or site is None:
        raise _over()
    return person, site, kind


def _over() -> NotFound:
    return NotFound(_("This link is damaged, or its account is gone. No e-mails come by it."))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="unsubscribe")

"""What becomes of comments, and who people are on a site, in words."""

from __future__ import annotations

from functools import cache

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _

from comments.sites.models import Role
from comments.threads.models import Status


def said(status: Status) -> str:
    """What happens next, in plain words."""
    return _said(status, get_locale())


@cache
def _said(status: Status, _locale: Locale | None) -> str:
    return str(_SAID[status])


_SAID = {
    Status.PUBLISHED: _("Your comment is published."),
    Status.PENDING: _("Only you see this until a moderator has looked."),
    Status.REJECTED: _("Your comment was not published. A moderator can still change that."),
    Status.WITHDRAWN: _("Your comment is deleted."),
}


def status_name(status: Status) -> str:
    return str(_STATUS[status])


_STATUS = {
    Status.PENDING: _("Waiting"),
    Status.PUBLISHED: _("Published"),
    Status.REJECTED: _("Not published"),
    Status.WITHDRAWN: _("Deleted"),
}


def role_name(role: Role) -> str:
    """The badge of a member."""
    return str(_ROLES[role])


_ROLES = {
    Role.OWNER: _("Owner"),
    Role.ADMIN: _("Admin"),
    Role.MODERATOR: _("Moderator"),
    Role.STAFF: _("Staff"),
}

"""What is said to authors about what becomes of their comments."""

from __future__ import annotations

from functools import cache

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _

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

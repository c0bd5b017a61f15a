"""What letters are about, to whom they go and what was said of them, for those who run a site."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext

from comments.accounts.letters import GUEST
from comments.notifications import bundling, waiting
from comments.sites.invitations.ending import INVITED

KINDS = {
    INVITED: lazy_gettext("Invitation to work here"),
    GUEST: lazy_gettext("A guest’s private link"),
    bundling.KIND: lazy_gettext("Notifications to a reader"),
    waiting.KIND: lazy_gettext("Reminder to a moderator"),
}

_OUTSIDE = r"\s<>()\[\]\"',;:@"
_ADDRESS = re.compile(rf"(?<![^{_OUTSIDE}])([^{_OUTSIDE}])[^{_OUTSIDE}]*@(?=\w)")


def kind(kind: str) -> str:
    return str(KINDS[kind])


def masked(said: str) -> str:
    """The same, with no more than the first letter of a mailbox in it."""
    return _ADDRESS.sub(r"\1***@", said)

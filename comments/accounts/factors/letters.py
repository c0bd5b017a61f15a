"""The letter that says that a second factor came or went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from comments import mail, settings
from comments.accounts.factors import keeping
from comments.accounts.models import User
from comments.db import db
from comments.mail import Letter


def connect() -> None:
    mail.composers[keeping.LETTER] = _changed


def _changed(facts: dict[str, Any], _now: datetime) -> Letter | None:
    user = db.session.get(User, facts["person"])
    if user is None or user.is_closed:
        return None
    values = {
        "name": mail.unlinked(user.name),
        "what": _words(facts["act"], mail.unlinked(facts["name"])),
        "url": f"{settings.current().url}/account/factors",
    }
    return Letter(facts["email"], _("How you sign in has changed"), "factor", values)


def _words(act: str, name: str) -> str:
    return {
        "app-added": _("An authenticator app was set up. Its codes are asked for from now on."),
        "app-removed": _("The authenticator app was removed. Its codes count no more."),
        "passkey-added": _(
            "The passkey %(name)s was added. It signs you in from now on.", name=name
        ),
        "passkey-removed": _(
            "The passkey %(name)s was removed. It signs nobody in any more.", name=name
        ),
        "recovery-codes-renewed": _("New recovery codes were made. The old ones count no more."),
        "recovery-code-used": _("One of your recovery codes was used. It counts no more."),
        "factors-reset": _("Whoever runs the service removed all your second factors."),
    }[act]

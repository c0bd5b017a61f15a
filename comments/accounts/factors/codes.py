"""Proving by a code who one is: of one's app, or of recovery; and how often one may guess.

Only wrong codes count in the end. Whoever guesses knows the password already, so a person is
stopped from everywhere, for a while: a passkey still opens, as it can't be guessed.
"""

from __future__ import annotations

import re
from datetime import datetime

from flask_babel import gettext as _

from comments import limits
from comments.accounts.factors import apps, keeping, recovery
from comments.accounts.models import User
from comments.forms import refuse

FEW = limits.Limit("second-step", times=6, seconds=600)
MANY = limits.Limit("second-step-day", times=50, seconds=86400)


def count(user: User, now: datetime) -> None:
    """Count a try, in a transaction of its own. Raises TooMany."""
    for limit in (FEW, MANY):
        limits.hit(limit, str(user.id), now)


def check(user: User, typed: str, now: datetime, field: str = "code") -> None:
    """Spend a code that was counted. Raises Invalid for a wrong one, or one that was used."""
    code = re.sub(r"[\s-]", "", typed)
    if not apps.spend(user, code, now):
        if not recovery.spend(user, code):
            raise refuse(field, "wrong", _("This code is wrong, too old, or was used already."))
        keeping.tell(user, "recovery-code-used", now)
    for limit in (FEW, MANY):
        limits.take_back(limit, str(user.id), now)

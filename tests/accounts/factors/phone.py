"""An authenticator app, as it runs on somebody's phone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pyotp

from comments import clock
from comments.accounts.factors import apps
from comments.accounts.models import User
from comments.db import transaction


@dataclass
class Phone:
    secret: str
    recovery: list[str] = field(default_factory=list)

    def shows(self, later: int = 0) -> str:
        """What it shows now, or so many seconds later."""
        return pyotp.TOTP(self.secret).at(clock.now() + timedelta(seconds=later))

    def wrong(self) -> str:
        """Six digits that it does not show about now."""
        near = {self.shows(seconds) for seconds in (-30, 0, 30)}
        return next(code for n in range(10) if (code := f"{n:06}") not in near)


def set_up(user: User) -> Phone:
    """In some browser, so that none is signed in any more where this is their first factor."""
    made = Phone(apps.new_secret())
    then = clock.now() - timedelta(hours=1)
    step = apps.step_of(made.secret, pyotp.TOTP(made.secret).at(then), then)
    assert step is not None
    made.recovery = transaction(lambda: apps.keep(user, made.secret, step, then, None))
    return made

"""Authenticator apps: a secret that is shared once, and a code of it for every half minute."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

import pyotp
import segno
from flask_babel import gettext as _
from pyotp.exceptions import OTPVerificationError

from comments import sealing, settings
from comments.accounts import closing
from comments.accounts.factors import keeping, recovery
from comments.accounts.factors.models import App
from comments.accounts.models import User
from comments.accounts.sessions import SignedIn
from comments.db import db
from comments.errors import NotFound

# A clock may be wrong by so many half minutes.
WINDOW = 1
BORDER = 4


def new_secret() -> str:
    """160 random bits, as apps want them typed."""
    return pyotp.random_base32()


def address(user: User, secret: str) -> str:
    """What an app reads from a picture: the secret, whose it is, and for which service."""
    host = urlsplit(settings.current().url).hostname
    return pyotp.TOTP(secret, name=user.name, issuer=host).provisioning_uri()


def picture(address: str) -> tuple[int, str]:
    """A QR code: its width in squares, and the path of an SVG that fills the dark ones."""
    rows = list(segno.make(address, error="m", micro=False).matrix_iter(border=BORDER))
    runs = [
        f"M{run.start()} {y}h{run.end() - run.start()}v1h-{run.end() - run.start()}z"
        for y, row in enumerate(rows)
        for run in re.finditer("1+", "".join("1" if dark else "0" for dark in row))
    ]
    return len(rows), "".join(runs)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute to which this code belongs, if it is one of about now."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None


def keep(user: User, secret: str, step: int, now: datetime, here: SignedIn | None) -> list[str]:
    """Let codes of this secret count from the step after `step` on, and those of no other app.

    The answer is the person's recovery codes where these are new; `here` they stay signed in. For
    the same secret again, as by a second click, they are new ones: nobody saw the first answer.
    """
    closing.held(user)
    row = of(user) or App(user_id=user.id)
    if _secret(row) == secret:
        return recovery.renew(user)
    row.sealed, row.last_step, row.created_at = sealing.seal(secret.encode()), step, now
    db.session.add(row)
    return keeping.added(user, "app-added", now, here)


def remove(user: User, now: datetime) -> None:
    """Raises NotFound where there is none."""
    closing.held(user)
    row = of(user)
    if row is None:
        raise NotFound(_("This app is removed already."))
    db.session.delete(row)
    keeping.removed(user, "app-removed", now)


def spend(user: User, code: str, now: datetime) -> bool:
    """Whether this is a code that the person's app shows about now; from now on it is none."""
    row = db.session.get(App, user.id, with_for_update=True, populate_existing=True)
    secret = _secret(row) if row else None
    if row is None or secret is None:
        return False
    step = step_of(secret, code, now)
    if step is None or step <= row.last_step:
        return False
    row.last_step = step
    db.session.flush()
    return True


def _secret(row: App) -> str | None:
    """None where there is none yet, or it was sealed under another key of the service."""
    try:
        return sealing.unseal(row.sealed).decode() if row.sealed else None
    except sealing.Unreadable:
        return None


def of(user: User) -> App | None:
    return db.session.get(App, user.id)

"""Passkeys (WebAuthn): adding one, and proving by one who one is.

Who we are, for authenticators and browsers, follows from COMMENTS_URL and from nothing else.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from flask_babel import gettext as _
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from comments import addresses, settings
from comments.accounts import closing
from comments.accounts.factors import challenges, keeping
from comments.accounts.factors.challenges import Challenge
from comments.accounts.factors.forms import NewPasskey
from comments.accounts.factors.models import Passkey
from comments.accounts.models import User
from comments.accounts.sessions import SignedIn
from comments.db import db
from comments.errors import Conflict, Invalid, NotFound
from comments.forms import refuse
from comments.logs import log

T = TypeVar("T")

MOST = 20
PATIENCE = 300_000  # milliseconds
PREFERRED, REQUIRED = UserVerificationRequirement.PREFERRED, UserVerificationRequirement.REQUIRED


def is_offered() -> bool:
    """Browsers make passkeys for a name, and not for the address of a machine."""
    try:
        ipaddress.ip_address(_host())
    except ValueError:
        return True
    return False


def of(user: User) -> Sequence[Passkey]:
    return db.session.scalars(
        sa.select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)
    ).all()


def options_to_add(user: User, challenge: Challenge) -> str:
    """What a browser is asked, as JSON, to make a passkey of somebody."""
    known = of(user)
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=_host(),
        user_id=_handle(known, challenge),
        user_name=user.name,
        challenge=challenge.value,
        timeout=PATIENCE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=PREFERRED
        ),
        exclude_credentials=_named(known),
    )
    return webauthn.options_to_json(options)


def options_to_prove(user: User | None, challenge: Challenge) -> str:
    """What a browser is asked, as JSON, to prove who is there: `user`, or anybody who verifies."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(),
        challenge=challenge.value,
        timeout=PATIENCE,
        allow_credentials=_named(of(user)) if user else None,
        user_verification=PREFERRED if user else REQUIRED,
    )
    return webauthn.options_to_json(options)


def add(
    user: User, form: NewPasskey, challenge: Challenge, now: datetime, here: SignedIn | None
) -> list[str]:
    """Let the passkey that a browser made be one of this person's, who stays signed in `here`.

    The answer is the recovery codes where these are new. Raises Invalid, or Conflict for too many.
    """
    closing.held(user)
    known = of(user)
    if len(known) >= MOST:
        raise Conflict(_("These are too many passkeys. Remove one first."), code="many-passkeys")
    verified = _checked(
        lambda: webauthn.verify_registration_response(
            credential=form.credential,
            expected_challenge=challenge.value,
            expected_rp_id=_host(),
            expected_origin=_origin(),
        )
    )
    _spend(challenge, now)
    credential_id = bytes_to_base64url(verified.credential_id)
    if _with(credential_id) is not None:
        raise _wrong()
    row = Passkey(
        user_id=user.id,
        name=form.name,
        credential_id=credential_id,
        public_key=verified.credential_public_key,
        handle=_handle(known, challenge),
        sign_count=verified.sign_count,
        created_at=now,
    )
    db.session.add(row)
    return keeping.added(user, "passkey-added", now, here, name=form.name)


def remove(user: User, id: int, now: datetime) -> None:
    """Raises NotFound where it is gone, or somebody else's."""
    closing.held(user)
    row = db.session.get(Passkey, id)
    if row is None or row.user_id != user.id:
        raise NotFound(_("This passkey is removed already."))
    db.session.delete(row)
    keeping.removed(user, "passkey-removed", now, name=row.name)


def check(user: User | None, answer: str, challenge: Challenge, now: datetime) -> User:
    """Who answered the challenge: `user`, or whoever verified to their device that it is them.

    Raises Invalid, alike for an unknown passkey and for one that was copied.
    """
    credential = _checked(lambda: parse_authentication_credential_json(answer))
    row = _with(bytes_to_base64url(credential.raw_id))
    handle = credential.response.user_handle
    if row is None or (user and row.user_id != user.id) or handle not in (None, row.handle):
        raise _wrong()
    verified = _checked(
        lambda: webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.value,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=user is None,
        )
    )
    _spend(challenge, now)
    row.sign_count, row.used_at = verified.new_sign_count, now
    db.session.flush()
    return db.session.get_one(User, row.user_id)


def _handle(known: Sequence[Passkey], challenge: Challenge) -> bytes:
    """A first passkey takes one that is as random as its challenge, and tells nothing of that."""
    return known[0].handle if known else hashlib.sha256(b"handle\n" + challenge.value).digest()


def _checked(verify: Callable[[], T]) -> T:
    """What the library makes of an answer. It raises many things for bytes that are made up."""
    try:
        return verify()
    except Exception as error:
        log.info("passkey refused", error=type(error).__name__)
        raise _wrong() from error


def _spend(challenge: Challenge, now: datetime) -> None:
    if not challenges.spend(challenge, now):
        raise _wrong()


def _wrong() -> Invalid:
    return refuse("", "wrong", _("This passkey is not known here, or could not be checked."))


def _with(credential_id: str) -> Passkey | None:
    """Held, so that its count is looked at by one answer at a time."""
    return db.session.scalar(
        sa.select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    )


def _named(rows: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(row.credential_id)) for row in rows]


def _host() -> str:
    return str(urlsplit(settings.current().url).hostname)


def _origin() -> str:
    return addresses.origin(settings.current().url)

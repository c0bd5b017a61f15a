"""Second factors in one browser: half a sign-in, an app that is set up, a fresh proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import Any

from flask import g, json, request
from flask import session as cookie
from flask_babel import gettext as _

from comments import clock, sealing
from comments.accounts import login, passwords, sessions, steps, tokens
from comments.accounts.factors import apps, challenges, codes, passkeys
from comments.accounts.factors.challenges import FRESH_FOR, LIFE, Challenge
from comments.accounts.factors.forms import FreshProof, GivenCode, GivenPasskey, NewPasskey
from comments.accounts.forms import SignIn
from comments.accounts.models import User
from comments.db import transaction
from comments.forms import PROOF, parse, refuse

# In the cookie: the sealed secret of an app that is being set up, and whose it is.
APP = "app"
# In the cookie: what passkeys are to sign in this browser, by what for.
CHALLENGES = "challenges"
SIGN_IN, SECOND, PROVE, ADD = "sign-in", "second", "prove", "add"


def half_in() -> User | None:
    """Who is half signed in by this browser."""
    step = cookie.get(login.STEP)
    return steps.find(step["token"], clock.now()) if step else None


def by_password(form: SignIn, code: str | None, begin: Callable[[User], str]) -> str:
    """What `begin` makes for the person of this name and password, and of this code if one is due.

    Raises Invalid or TooMany.
    """
    found = login.by_password(form, lambda user: login.begun_or_half(user, begin))
    if isinstance(found, str):
        return found
    if code is None:
        words = _("This account has a second factor: send a code of its app, or of recovery.")
        raise refuse("code", "second-factor-needed", words)
    return _completed(found.token, code, begin)


def complete_by_code(form: GivenCode) -> str:
    """Begin the session of who is half signed in; the answer is where to go on.

    Raises Invalid for a wrong code, TooMany, or NotSignedIn where the first step is over.
    """
    step: dict[str, Any] = cookie.get(login.STEP, {})
    token = _completed(step.get("token", ""), form.code, login.begun)
    login.come_in(token, step["by_link"])
    return str(step["onward"])


def _completed(token: str, code: str, begin: Callable[[User], str]) -> str:
    now = clock.now()
    if user := steps.find(token, now):
        transaction(lambda: codes.count(user, now))

    def act() -> str:
        known = steps.finish(token, now)
        codes.check(known, code, now)
        return begin(known)

    return transaction(act)


def complete_by_passkey(form: GivenPasskey) -> str:
    """As `complete_by_code`, by an answer to the challenge of this browser."""
    step: dict[str, Any] = cookie.get(login.STEP, {})
    challenge, now = _awaited(SECOND), clock.now()

    def act() -> str:
        user = steps.finish(step.get("token", ""), now)
        return login.begun(passkeys.check(user, form.credential, challenge, now))

    login.come_in(transaction(act), step["by_link"])
    return str(step["onward"])


def sign_in_by_passkey(form: GivenPasskey) -> None:
    """Begin the session of whoever answers. Raises Invalid; nothing more is asked of them."""
    challenge, now = _awaited(SIGN_IN), clock.now()
    login.come_in(
        transaction(lambda: login.begun(passkeys.check(None, form.credential, challenge, now)))
    )


def add_passkey(user: User, form: NewPasskey) -> list[str]:
    """The recovery codes where these are new. Raises Invalid or Conflict."""
    challenge, now, here = _awaited(ADD), clock.now(), login.session_now()
    return transaction(lambda: passkeys.add(user, form, challenge, now, here))


def options(purpose: str) -> str:
    """What the script of a page asks the browser for; nothing where there are no passkeys."""
    user = half_in() if purpose == SECOND else login.signed_in()
    if not passkeys.is_offered() or (
        purpose in (SECOND, PROVE) and not (user and passkeys.of(user))
    ):
        return ""
    challenge = _challenge(purpose)
    if purpose == ADD and user:
        return passkeys.options_to_add(user, challenge)
    return passkeys.options_to_prove(None if purpose == SIGN_IN else user, challenge)


def _challenge(purpose: str) -> Challenge:
    """The one that this browser has for this purpose, or another."""
    now, kept = clock.now(), dict(cookie.get(CHALLENGES, {}))
    found = Challenge(*kept[purpose]) if purpose in kept else None
    if found and found.bound == _bound(purpose) and found.is_younger_than(FRESH_FOR, now):
        return found
    made = challenges.new(_bound(purpose), now)
    cookie[CHALLENGES] = {**kept, purpose: astuple(made)}
    return made


def _awaited(purpose: str) -> Challenge:
    """The challenge that is to be answered, once. Raises Invalid."""
    kept = dict(cookie.get(CHALLENGES, {}))
    given = kept.pop(purpose, None)
    cookie[CHALLENGES] = kept
    found = Challenge(*given) if given else None
    if not found or found.bound != _bound(purpose) or not found.is_younger_than(LIFE, clock.now()):
        raise refuse("", "too-late", _("That took too long. Please try again."))
    return found


def _bound(purpose: str) -> str:
    if purpose == SIGN_IN:
        return ""
    if purpose == SECOND:
        return tokens.hashed(cookie.get(login.STEP, {}).get("token", ""))
    session = login.session_now()
    return str(session.id) if session else ""


def secret_to_come(user: User) -> str:
    """The secret of the app that this person is setting up here; it counts once they confirm it."""
    found = _unsealed()
    if found.get("person") == user.id:
        return str(found["secret"])
    secret = apps.new_secret()
    cookie[APP] = sealing.seal(json.dumps({"person": user.id, "secret": secret}).encode())
    return secret


def app_is_set_up() -> None:
    cookie.pop(APP, None)


def _unsealed() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(sealing.unseal(cookie.get(APP, "")))
    except sealing.Unreadable:
        return {}
    return found


def is_proof_given() -> bool:
    return request.method == "POST" and any(name.startswith(PROOF) for name in request.form)


def take_proof() -> None:
    """Note that the person who asks has just proved who they are by what the form holds.

    Raises NotSignedIn, Invalid for what proves nothing, or TooMany.
    """
    user, session, now = login.the_user(), login.session_now(), clock.now()
    assert session is not None
    given = {name: value for name, value in request.form.items() if name.startswith(PROOF)}
    form = parse(FreshProof, given)
    if form.proof_passkey:
        challenge = _awaited(PROVE)
        transaction(lambda: passkeys.check(user, form.proof_passkey, challenge, now))
    elif form.proof_code or user.has_factor:
        transaction(lambda: codes.count(user, now))
        transaction(lambda: codes.check(user, form.proof_code, now, "proof_code"))
    else:
        login.check_password(user, form.proof_password, "proof_password")
    transaction(lambda: sessions.proved(session.id, now))
    g.pop("_login_user", None)  # or it would still be the session as it was


def ways_to_prove(user: User) -> dict[str, Any]:
    """What the page that asks for a proof offers: no password to who has more than that."""
    return {
        "has_password": not user.has_factor and passwords.secret_of(user) is not None,
        "has_codes": user.has_factor,
    }

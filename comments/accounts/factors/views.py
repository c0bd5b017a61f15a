"""Pages for second factors: setting them up, being asked for one, and a fresh proof."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock
from comments.accounts import login as signing
from comments.accounts.factors import apps, keeping, login, passkeys, recovery
from comments.accounts.factors.forms import GivenCode, GivenPasskey, NewPasskey
from comments.accounts.login import ProofNeeded
from comments.accounts.models import User
from comments.answers import again, refused
from comments.db import transaction
from comments.errors import DomainError, FactorNeeded, NotSignedIn
from comments.forms import Filled, parse, refuse, sent
from comments.security import is_cookieless, own_path

factors = Blueprint("factors", __name__)

LIST, PROVE, SECOND = (f"accounts/factors/{name}.html" for name in ("list", "prove", "second_step"))


PASSKEY = "accounts/factors/passkey.html"


@factors.app_context_processor
def _passkeys() -> dict[str, Any]:
    return {"passkey_options": login.options}


@factors.before_app_request
def _proof() -> AnyResponse | None:
    """A fresh proof may come with any form of our pages, which then goes on."""
    if is_cookieless() or not login.is_proof_given():
        return None
    try:
        login.take_proof()
    except NotSignedIn:
        return None
    except DomainError as error:
        return again(error, PROVE, **_to_prove())
    return None


@factors.app_errorhandler(ProofNeeded)
def _ask_for_proof(_error: ProofNeeded) -> AnyResponse:
    """A form that was sent is kept, and sent again together with the proof."""
    if request.method != "POST":
        return redirect(url_for("factors.prove", next=request.full_path.rstrip("?")))
    return Response(render_template(PROVE, form=Filled(), **_to_prove()), 403)


@factors.app_errorhandler(FactorNeeded)
def _lead_to_factors(error: FactorNeeded) -> AnyResponse:
    if is_cookieless() or request.method != "GET":
        return refused(error)
    flash(error.message)
    return redirect(url_for("factors.overview"))


@factors.get("/account/prove")
def prove() -> str:
    return render_template(PROVE, form=Filled(), **_to_prove())


@factors.post("/account/prove")
def proved() -> AnyResponse:
    signing.the_user()
    signing.check_proved()
    return redirect(own_path(request.args.get("next", "/account")), 303)


@factors.get("/sign-in/second")
def second_step() -> AnyResponse | str:
    user = login.half_in()
    if user is None:
        return _begin_again()
    return render_template(SECOND, form=Filled(), **_to_complete(user))


@factors.post("/sign-in/second")
def complete() -> AnyResponse:
    user = login.half_in()
    try:
        return redirect(login.complete_by_code(parse(GivenCode, sent(request.form))), 303)
    except NotSignedIn:
        return _begin_again()
    except DomainError as error:
        return again(error, SECOND, **_to_complete(user)) if user else _begin_again()


@factors.post("/sign-in/second/passkey")
def complete_by_passkey() -> AnyResponse:
    user = login.half_in()
    try:
        form = parse(GivenPasskey, sent(request.form))
        return redirect(login.complete_by_passkey(form), 303)
    except NotSignedIn:
        return _begin_again()
    except DomainError as error:
        return again(error, SECOND, **_to_complete(user)) if user else _begin_again()


@factors.post("/sign-in/passkey")
def enter() -> AnyResponse:
    passing = {name: request.args[name] for name in ("next", "site") if name in request.args}
    try:
        login.sign_in_by_passkey(parse(GivenPasskey, sent(request.form)))
    except DomainError as error:
        return again(error, "accounts/sign_in.html", passing=passing)
    return redirect(own_path(request.args.get("next", "/")), 303)


@factors.get("/account/factors")
def overview() -> str:
    return render_template(LIST, **_listed(signing.the_user()))


@factors.get("/account/factors/app")
def app() -> str:
    user = signing.the_user()
    signing.check_proved()
    return render_template("accounts/factors/app.html", form=Filled(), **_app_page(user))


@factors.post("/account/factors/app")
def set_up_app() -> AnyResponse | str:
    """Shows the recovery codes of a first factor at once, and this once only."""
    user, now = signing.the_user(), clock.now()
    signing.check_proved()
    try:
        code = parse(GivenCode, sent(request.form)).code.replace(" ", "")
        secret = login.secret_to_come(user)
        step = apps.step_of(secret, code, now)
        if step is None:
            raise refuse("code", "wrong", _("The app shows another code for this key just now."))
        here = signing.session_now()
        new = transaction(lambda: apps.keep(user, secret, step, now, here))
    except DomainError as error:
        return again(error, "accounts/factors/app.html", **_app_page(user))
    login.app_is_set_up()
    return _came(_("Your authenticator app is set up."), new)


@factors.post("/account/factors/app/remove")
def remove_app() -> AnyResponse:
    user = signing.the_user()
    signing.check_proved()
    transaction(lambda: apps.remove(user, clock.now()))
    flash(_("The authenticator app is removed."))
    return redirect(url_for("factors.overview"), 303)


@factors.get("/account/factors/passkey")
def passkey() -> str:
    user = signing.the_user()
    signing.check_proved()
    return render_template(PASSKEY, form=Filled({"name": _("Passkey")}), user=user)


@factors.post("/account/factors/passkey")
def add_passkey() -> AnyResponse | str:
    """Shows the recovery codes of a first factor, as `set_up_app` does."""
    user = signing.the_user()
    signing.check_proved()
    try:
        new = login.add_passkey(user, parse(NewPasskey, sent(request.form)))
    except DomainError as error:
        return again(error, PASSKEY, user=user)
    return _came(_("The passkey is added."), new)


@factors.post("/account/factors/passkeys/<int:id>/remove")
def remove_passkey(id: int) -> AnyResponse:
    user = signing.the_user()
    signing.check_proved()
    transaction(lambda: passkeys.remove(user, id, clock.now()))
    flash(_("The passkey is removed."))
    return redirect(url_for("factors.overview"), 303)


@factors.post("/account/factors/codes")
def renew_codes() -> AnyResponse | str:
    """Shows the new codes at once, and this once only."""
    user = signing.the_user()
    signing.check_proved()
    new = transaction(lambda: keeping.renew_codes(user, clock.now()))
    return _added(_("Here are new recovery codes. The old ones count no more."), new)


def _came(words: str, new: list[str]) -> AnyResponse | str:
    ending = _("You are signed out everywhere else.")
    return _added(f"{words} {ending}" if new else words, new)


def _added(words: str, new: list[str]) -> AnyResponse | str:
    if new:
        return render_template("accounts/factors/codes.html", words=words, codes=new)
    flash(words)
    return redirect(url_for("factors.overview"), 303)


def _listed(user: User) -> dict[str, Any]:
    return {
        "user": user,
        "app": apps.of(user),
        "passkeys": passkeys.of(user),
        "offers_passkeys": passkeys.is_offered(),
        "codes_left": recovery.left(user),
    }


def _app_page(user: User) -> dict[str, Any]:
    secret = login.secret_to_come(user)
    address = apps.address(user, secret)
    return {
        "key": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "address": address,
        "picture": apps.picture(address),
    }


def _to_prove() -> dict[str, Any]:
    user = signing.the_user()
    kept = sent(request.form).items()
    return {"kept": kept, "action": request.full_path.rstrip("?"), **login.ways_to_prove(user)}


def _to_complete(user: User) -> dict[str, Any]:
    return {"user": user, "has_app": apps.of(user) is not None}


def _begin_again() -> AnyResponse:
    flash(_("This sign-in took too long. Please begin again."))
    return redirect(url_for("accounts.sign_in"), 303)

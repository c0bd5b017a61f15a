"""Pages for people: coming in, going out, and what is theirs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock
from comments.accounts import (
    closing,
    copies,
    letters,
    links,
    login,
    passwords,
    registration,
    sessions,
    ways,
)
from comments.accounts.forms import (
    ChangedPassword,
    Farewell,
    Known,
    NewEmail,
    NewName,
    Proof,
    SignIn,
    SignUp,
    Texts,
    refuse_easy,
)
from comments.accounts.models import Session
from comments.answers import again, kept
from comments.db import db, transaction
from comments.errors import DomainError, NotFound
from comments.forms import Filled, parse, sent
from comments.security import client_address, own_path

accounts = Blueprint("accounts", __name__)


@accounts.get("/sign-up")
def sign_up() -> AnyResponse | str:
    return _coming_in("accounts/sign_up.html")


@accounts.post("/sign-up")
def join() -> AnyResponse:
    try:
        login.join(parse(SignUp, sent(request.form)))
    except DomainError as error:
        return again(error, "accounts/sign_up.html", passing=_passing())
    return redirect(own_path(request.args.get("next", "/")), 303)


@accounts.get("/sign-in")
def sign_in() -> AnyResponse | str:
    return _coming_in("accounts/sign_in.html")


@accounts.post("/sign-in")
def enter() -> AnyResponse:
    try:
        login.sign_in_by_password(parse(SignIn, sent(request.form)))
    except DomainError as error:
        return again(error, "accounts/sign_in.html", passing=_passing())
    return redirect(own_path(request.args.get("next", "/")), 303)


@accounts.post("/sign-out")
def sign_out() -> AnyResponse:
    login.sign_out()
    flash(_("You are signed out."))
    return redirect(url_for("accounts.sign_in", **_passing()), 303)


@accounts.get("/link/<token>")
def link(token: str) -> Response:
    """Only asks: mail programs and chats look at links before people do."""
    user = links.find(token, clock.now())
    response = Response(render_template("accounts/link.html", user=user))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@accounts.post("/link/<token>")
def use_link(token: str) -> AnyResponse:
    user = transaction(lambda: links.use(token, clock.now()))
    is_new = passwords.secret_of(user) is None
    onward = url_for("accounts.password" if is_new else "accounts.account")
    login.sign_in(user, by_link=True, onward=onward)
    if is_new:
        flash(_("You are signed in. Choose a password for the next time."))
    else:
        flash(_("You are signed in. If you forgot your password, choose another one now."))
    return redirect(onward, 303)


@accounts.get("/recover")
def recover() -> AnyResponse | str:
    return _coming_in("accounts/recover.html")


@accounts.post("/recover")
def mail_link() -> AnyResponse | str:
    try:
        login, network = parse(Known, sent(request.form)).login, client_address()
        transaction(lambda: letters.ask_for_link(login, network, clock.now()))
    except DomainError as error:
        return again(error, "accounts/recover.html", passing=_passing())
    return render_template("accounts/recovering.html", passing=_passing())


@accounts.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Only asks, as `link` does."""
    user, email = letters.claim_of(token, clock.now())
    page = render_template("accounts/confirm.html", user=user, email=email)
    return Response(page, headers={"Referrer-Policy": "no-referrer"})


@accounts.post("/confirm/<token>")
def confirmed(token: str) -> AnyResponse:
    transaction(lambda: registration.confirm_by_letter(token, clock.now()))
    flash(_("Your e-mail address is confirmed. You can sign in by it."))
    return redirect(url_for("accounts.account"), 303)


@accounts.get("/account")
def account() -> str:
    return render_template("accounts/account.html", **ways.shown(login.the_user()))


@accounts.get("/account/name")
def name() -> str:
    user = login.the_user()
    return _form("accounts/name.html", Filled({"name": user.name}))


@accounts.post("/account/name")
def rename() -> AnyResponse:
    login.the_user()
    try:
        form = parse(NewName, sent(request.form))
        user = login.prove(form)
        transaction(lambda: registration.rename(user, form.name, clock.now()))
    except DomainError as error:
        return again(error, "accounts/name.html", **_asking())
    flash(_("Your name is changed."))
    return redirect(url_for("accounts.account"), 303)


@accounts.get("/account/email")
def email() -> str:
    user = login.the_user()
    return _form("accounts/email.html", Filled({"email": user.email}))


@accounts.post("/account/email")
def change_email() -> AnyResponse:
    login.the_user()
    try:
        form = parse(NewEmail, sent(request.form))
        user = login.prove(form)
        transaction(lambda: registration.change_email(user, form.email, clock.now()))
    except DomainError as error:
        return again(error, "accounts/email.html", **_asking())
    flash(_("Your e-mail address is changed.") if not form.email else _asked_to_confirm())
    return redirect(url_for("accounts.account"), 303)


@accounts.get("/account/password")
def password() -> str:
    login.the_user()
    return _form("accounts/password.html", Filled())


@accounts.post("/account/password")
def change_password() -> AnyResponse:
    user = login.the_user()
    try:
        form = parse(ChangedPassword, sent(request.form))
        refuse_easy(form.password, user)
        login.prove(form)
        secret = passwords.hashed(form.password)
        transaction(lambda: passwords.change(user, secret, clock.now()))
    except DomainError as error:
        return again(error, "accounts/password.html", **_asking())
    login.go_on(user)
    flash(_("Your password is changed, and you are signed out everywhere else."))
    return redirect(url_for("accounts.account"), 303)


@accounts.get("/account/sessions")
def session_list() -> str:
    rows = db.session.scalars(sessions.of(login.the_user())).all()
    return render_template("accounts/sessions.html", rows=rows, current=login.session_now())


@accounts.post("/account/sessions/<int:id>/end")
def end_session(id: int) -> AnyResponse:
    user = login.the_user()
    session = db.session.scalar(sessions.of(user).where(Session.id == id))
    if session is None:
        raise NotFound(_("This session has ended already."))
    transaction(lambda: sessions.end(id))
    flash(_("Signed out there."))
    return redirect(url_for("accounts.session_list"), 303)


@accounts.post("/account/sessions/end")
def end_other_sessions() -> AnyResponse:
    user, current = login.the_user(), login.session_now()
    transaction(lambda: sessions.end_all(user, but=current))
    flash(_("You are signed out everywhere else."))
    return redirect(url_for("accounts.session_list"), 303)


@accounts.get("/account/data")
def data() -> str:
    login.the_user()
    return _form("accounts/data.html", Filled())


@accounts.post("/account/data")
def download() -> AnyResponse:
    login.the_user()
    try:
        user = login.prove(parse(Proof, sent(request.form)))
    except DomainError as error:
        return again(error, "accounts/data.html", **_asking())
    return kept(copies.of(user, clock.now()))


@accounts.get("/account/delete")
def farewell() -> str:
    login.the_user()
    return _form("accounts/delete.html", Filled({"texts": Texts.KEEP}))


@accounts.post("/account/delete")
def close() -> AnyResponse:
    login.the_user()
    try:
        form = parse(Farewell, sent(request.form))
        user, erase = login.prove(form), form.texts is Texts.ERASE
        transaction(lambda: closing.close(user, erase=erase, now=clock.now()))
    except DomainError as error:
        return again(error, "accounts/delete.html", **_asking())
    login.sign_out()
    flash(_("Your account is deleted."))
    return redirect(url_for("accounts.sign_in"), 303)


def _coming_in(template: str) -> AnyResponse | str:
    if login.signed_in() is not None:
        return redirect(own_path(request.args.get("next", "/")), 303)
    return render_template(template, form=Filled(), passing=_passing())


def _passing() -> dict[str, Any]:
    """What goes along between signing in and signing up: where to go next, for which site."""
    return {name: request.args[name] for name in ("next", "site") if name in request.args}


def _asking() -> dict[str, Any]:
    return {"needs_proof": login.needs_proof(login.the_user())}


def _asked_to_confirm() -> str:
    return _("Your e-mail address is changed. A letter is on its way there, to confirm it by.")


def _form(template: str, form: Filled) -> str:
    return render_template(template, form=form, **_asking())

"""Pages for publishers whose own accounts sign their readers in: terms, keys, and a trial."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from comments import clock
from comments.accounts import login
from comments.answers import again
from comments.db import db, transaction
from comments.errors import DomainError, Fault, Invalid
from comments.forms import Filled, parse, refuse, sent
from comments.sites import access
from comments.sites.models import ADMINS, Membership, Role, Site
from comments.sites.sso import configuring, jwks, keys, public_keys, trying, words
from comments.sites.sso.forms import EditedSso, NewPublicKey, TriedToken
from comments.sites.sso.public_keys import Public, Unusable

PAGE = "sites/sso.html"

sso = Blueprint("sso", __name__)


@sso.get("/sites/<key>/sso")
def terms(key: str) -> str:
    own = _own(key)
    return render_template(PAGE, form=_filled(own.site), adding=Filled(), **_page(own))


@sso.post("/sites/<key>/sso")
def change_terms(key: str) -> Response:
    own = _own(key)
    login.check_proved()
    try:
        form = parse(EditedSso, sent(request.form))
        transaction(lambda: configuring.change(own.site, form, own.user, clock.now()))
    except DomainError as error:
        return again(error, PAGE, adding=Filled(), **_page(own))
    return _back(own, _("The terms are saved."))


@sso.post("/sites/<key>/sso/secrets")
def make_secret(key: str) -> Response | str:
    """Shows the new secret at once, and this once only."""
    own = _own(key)
    login.check_proved()
    try:
        secret = transaction(lambda: keys.make(own.site, own.user, clock.now()))
    except DomainError as error:
        return _refused(own, error)
    page = {"form": _filled(own.site), "adding": Filled(), "secret": secret}
    return render_template(PAGE, **page, **_page(own))


@sso.post("/sites/<key>/sso/keys")
def add_key(key: str) -> Response:
    own = _own(key)
    login.check_proved()
    try:
        public = _public(parse(NewPublicKey, sent(request.form)).material)
        transaction(lambda: keys.add(own.site, public, own.user, clock.now()))
    except DomainError as error:
        return _refused(own, error)
    return _back(own, _("The key is added."))


@sso.post("/sites/<key>/sso/keys/<int:id>/retire")
def retire_key(key: str, id: int) -> Response:
    own = _own(key)
    login.check_proved()
    row = keys.the_key(own.site, id)
    transaction(lambda: keys.retire(row, own.user, clock.now()))
    return _back(own, _("The key is retired, and proves nothing any more."))


@sso.post("/sites/<key>/sso/fetch")
def fetch(key: str) -> Response:
    own = _own(key)
    transaction(lambda: jwks.want(own.site, clock.now()))
    return _back(own, _("The keys are fetched again within a minute."))


@sso.get("/sites/<key>/sso/test")
def trial(key: str) -> str:
    own = _own(key)
    return render_template("sites/sso_test.html", site=own.site, form=Filled())


@sso.post("/sites/<key>/sso/test")
def try_token(key: str) -> Response | str:
    own = _own(key)
    try:
        token = parse(TriedToken, sent(request.form)).token.strip()
    except DomainError as error:
        return again(error, "sites/sso_test.html", site=own.site)
    found = trying.tried(own.site, token, clock.now())
    form = Filled({"token": token})
    return render_template("sites/sso_test.html", site=own.site, form=form, trial=found)


def _own(key: str) -> Membership:
    return access.the_membership(key, login.the_user(), ADMINS)


def _back(own: Membership, words: str) -> Response:
    flash(words)
    return redirect(url_for("sso.terms", key=own.site.key), 303)


def _public(text: str) -> Public:
    try:
        return public_keys.of_text(text)
    except Unusable as error:
        raise refuse("material", error.code, words.unusable(error.code)) from None


def _filled(site: Site) -> Filled:
    found = configuring.of(site)
    return Filled(
        {
            "issuer": found.issuer,
            "audience": found.audience,
            "url": found.url,
            "roles": _lines(found.roles),
            "badges": _lines(found.badges),
        }
    )


def _lines(mapping: dict[str, str]) -> str:
    return "\n".join(f"{claimed} = {meant}" for claimed, meant in mapping.items())


def _refused(own: Membership, error: DomainError) -> Response:
    """The page again, with what is wrong beside the keys."""
    faults = error.faults if isinstance(error, Invalid) else [Fault("", error.code, error.message)]
    page = {"form": _filled(own.site), "adding": Filled(sent(request.form), faults)}
    return Response(render_template(PAGE, **page, **_page(own)), error.status, mimetype="text/html")


def _page(own: Membership) -> dict[str, Any]:
    found = configuring.of(own.site)
    return {
        "site": own.site,
        "keys": db.session.scalars(keys.of(own.site)).all(),
        "most": keys.MOST,
        "sso": found,
        "fetched": keys.fetched(found),
        "failure": words.failure(found.failure),
        "makes_admins": own.role is Role.OWNER,
    }

"""Going to a provider and coming back: to sign in, to join, or to link an account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock, limits
from comments.accounts import login, registration, ways
from comments.accounts.forms import Proof
from comments.accounts.oidc import entering, providers
from comments.accounts.oidc import login as journeys
from comments.accounts.oidc.forms import Answer, Newcomer
from comments.accounts.oidc.login import Aim
from comments.accounts.oidc.people import Person
from comments.answers import again
from comments.db import transaction
from comments.errors import DomainError
from comments.forms import Filled, parse, sent
from comments.security import client_address, own_path
from comments.settings import Provider

oidc = Blueprint("oidc", __name__)


@oidc.app_context_processor
def _offered() -> dict[str, Any]:
    return {"providers": providers.offered}


@oidc.post("/sign-in/with/<provider>")
def depart(provider: str) -> AnyResponse | str:
    given = providers.by_key(provider)
    aim = Aim(own_path(request.args.get("next", "/")), request.args.get("site", "")[:60])
    try:
        return _going(given, journeys.depart(provider, given, aim))
    except DomainError as error:
        journeys.note(provider, error)
        return again(error, "accounts/sign_in.html", passing=aim.passing)


@oidc.get("/sign-in/with/<provider>/callback")
def back(provider: str) -> Response:
    """Only hands on what came back: looking at an address does nothing."""
    given = providers.by_key(provider)
    answer = parse(Answer, request.args)
    passing = journeys.aim_of(answer.state).passing
    page = render_template(
        "accounts/returned.html",
        provider=given,
        answer=answer,
        action=url_for("oidc.arrive", provider=provider, **passing),
    )
    return Response(page, headers={"Referrer-Policy": "no-referrer"})


@oidc.post("/sign-in/with/<provider>/callback")
def arrive(provider: str) -> AnyResponse:
    given, aim = providers.by_key(provider), Aim()
    try:
        answer = parse(Answer, sent(request.form))
        trip, aim = journeys.spend(provider, answer.state)
        person = journeys.arrive(given, trip, answer)
        if aim.person_id is not None:
            return _linked(aim, person, given)
        return _entered(provider, aim, person, given)
    except DomainError as error:
        journeys.note(provider, error)
        if aim.person_id is not None and (user := login.signed_in()):
            return again(error, "accounts/account.html", **ways.shown(user))
        return again(error, "accounts/sign_in.html", passing=aim.passing)


@oidc.get("/sign-up/with/<provider>")
def newcomer(provider: str) -> AnyResponse | str:
    given = providers.by_key(provider)
    try:
        person = journeys.arrived(provider)
    except DomainError as error:
        return again(error, "accounts/sign_in.html", passing=_passing())
    name = registration.free_name(person.name or (person.email or "").partition("@")[0], "reader")
    form = Filled({"name": name})
    shown = {"provider": given, "person": person, "action": request.full_path.rstrip("?")}
    return render_template("accounts/newcomer.html", form=form, passing=_passing(), **shown)


@oidc.post("/sign-up/with/<provider>")
def join(provider: str) -> AnyResponse:
    given = providers.by_key(provider)
    person = None
    try:
        person = journeys.arrived(provider)
        name = parse(Newcomer, sent(request.form)).name
        now, network = clock.now(), client_address()
        transaction(lambda: limits.hit(registration.SIGN_UPS, network, now))
        login.sign_in(transaction(lambda: entering.join(person, given, name, now)))
    except DomainError as error:
        template = "accounts/newcomer.html" if person else "accounts/sign_in.html"
        action = request.full_path.rstrip("?")
        shown: dict[str, Any] = {"provider": given, "person": person, "action": action}
        return again(error, template, passing=_passing(), **shown)
    return redirect(own_path(request.args.get("next", "/")), 303)


@oidc.get("/account/ways/with/<provider>")
def link(provider: str) -> str:
    login.the_user()
    return _asking("accounts/link_way.html", provider=providers.by_key(provider))


@oidc.post("/account/ways/with/<provider>")
def set_out(provider: str) -> AnyResponse | str:
    user = login.the_user()
    given = providers.by_key(provider)
    try:
        login.prove(parse(Proof, sent(request.form)))
        return _going(given, journeys.depart(provider, given, Aim(person_id=user.id)))
    except DomainError as error:
        journeys.note(provider, error)
        return _again(error, "accounts/link_way.html", provider=given)


@oidc.get("/account/ways/<int:id>/remove")
def removal(id: int) -> str:
    return _asking("accounts/remove_way.html", entry=ways.by_id(login.the_user(), id))


@oidc.post("/account/ways/<int:id>/remove")
def remove(id: int) -> AnyResponse:
    user = login.the_user()
    entry = ways.by_id(user, id)
    try:
        login.prove(parse(Proof, sent(request.form)))
        transaction(lambda: ways.remove(user, id))
    except DomainError as error:
        return _again(error, "accounts/remove_way.html", entry=entry)
    flash(_("%(name)s does not sign you in any more.", name=entry.name))
    return redirect(url_for("accounts.account"), 303)


def _going(provider: Provider, url: str) -> str:
    """A page that leads on. To redirect a form to where nobody knows is against our own policy,
    and every hop that the provider may add would have to be allowed as well."""
    return render_template("accounts/going.html", provider=provider, url=url)


def _entered(key: str, aim: Aim, person: Person, provider: Provider) -> AnyResponse:
    user = entering.known(person)
    if user is not None:
        login.sign_in(user)
        return redirect(own_path(aim.next), 303)
    entering.check_new(person, provider)
    journeys.remember(key, person)
    return redirect(url_for("oidc.newcomer", provider=key, **aim.passing), 303)


def _linked(aim: Aim, person: Person, provider: Provider) -> AnyResponse:
    user = login.the_user()
    journeys.check_still(aim, user)
    transaction(lambda: entering.link(user, person, provider, clock.now()))
    flash(_("You can sign in by %(name)s from now on.", name=provider.name))
    return redirect(url_for("accounts.account"), 303)


def _passing() -> dict[str, Any]:
    return {name: request.args[name] for name in ("next", "site") if name in request.args}


def _asking(template: str, **shown: Any) -> str:
    needs_proof = login.needs_proof(login.the_user())
    return render_template(template, form=Filled(), needs_proof=needs_proof, **shown)


def _again(error: DomainError, template: str, **shown: Any) -> AnyResponse:
    return again(error, template, needs_proof=login.needs_proof(login.the_user()), **shown)

"""Pages for publishers whose servers want to hear what happens on their site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from comments import clock
from comments.accounts import login
from comments.answers import again
from comments.db import db, transaction
from comments.errors import DomainError, Fault
from comments.forms import Filled, parse, sent
from comments.hooks import configuring, queries, queueing, words
from comments.hooks.forms import FIELDS, EditedHook, NewHook
from comments.hooks.models import Hook, State
from comments.outbox import Receiver
from comments.sites import access
from comments.sites.models import ADMINS, Membership

LIST, ONE = "hooks/index.html", "hooks/hook.html"

hooks = Blueprint("hooks", __name__)


@hooks.get("/sites/<key>/hooks")
def hook_list(key: str) -> str:
    form = Filled({"published": True, "format": "json"})
    return render_template(LIST, form=form, **_list(_own(key)))


@hooks.post("/sites/<key>/hooks")
def add(key: str) -> Response | str:
    """Shows the new receiver with its secret at once, and that this once only."""
    own = _own(key)
    login.check_proved()
    try:
        form = parse(NewHook, sent(request.form))
        hook, secret = transaction(lambda: configuring.add(own.site, form, own.user, clock.now()))
    except DomainError as error:
        return again(error, LIST, **_list(own))
    if secret is None:
        return _back(own, hook, _("The receiver is set up."))
    return render_template(ONE, form=_filled(hook), secret=secret, **_page(own, hook))


@hooks.get("/sites/<key>/hooks/<int:id>")
def hook(key: str, id: int) -> str:
    own = _own(key)
    found = queries.the_hook(own.site, id)
    return render_template(ONE, form=_filled(found), **_page(own, found))


@hooks.post("/sites/<key>/hooks/<int:id>")
def change(key: str, id: int) -> Response:
    own = _own(key)
    login.check_proved()
    found = queries.the_hook(own.site, id)
    try:
        form = parse(EditedHook, sent(request.form))
        transaction(lambda: configuring.change(found, form, own.user, clock.now()))
    except DomainError as error:
        return again(error, ONE, **_page(own, found))
    return _back(own, found, _("The receiver is changed."))


@hooks.post("/sites/<key>/hooks/<int:id>/remove")
def remove(key: str, id: int) -> Response:
    own = _own(key)
    found = queries.the_hook(own.site, id)
    transaction(lambda: configuring.remove(found, own.user, clock.now()))
    flash(_("The receiver is removed."))
    return redirect(url_for("hooks.hook_list", key=key), 303)


@hooks.post("/sites/<key>/hooks/<int:id>/start")
def start(key: str, id: int) -> Response:
    own = _own(key)
    found = queries.the_hook(own.site, id)
    transaction(lambda: configuring.start(found, own.user, clock.now()))
    return _back(own, found, _("The receiver is told again of what happens from now on."))


@hooks.post("/sites/<key>/hooks/<int:id>/secrets")
def make_secret(key: str, id: int) -> Response | str:
    own = _own(key)
    login.check_proved()
    found = queries.the_hook(own.site, id)
    try:
        secret = transaction(lambda: configuring.make_secret(found, own.user, clock.now()))
    except DomainError as error:
        return _refused(own, found, error)
    return render_template(ONE, form=_filled(found), secret=secret, **_page(own, found))


@hooks.post("/sites/<key>/hooks/<int:id>/secrets/retire")
def retire_secret(key: str, id: int) -> Response:
    own = _own(key)
    login.check_proved()
    found = queries.the_hook(own.site, id)
    transaction(lambda: configuring.retire_secret(found, own.user, clock.now()))
    return _back(own, found, _("The older secret is retired, and signs nothing any more."))


@hooks.post("/sites/<key>/hooks/<int:id>/test")
def test(key: str, id: int) -> Response:
    own = _own(key)
    found = queries.the_hook(own.site, id)
    try:
        transaction(lambda: queueing.test(found, own.user, clock.now()))
    except DomainError as error:
        return _refused(own, found, error)
    return _back(own, found, _("A test is sent within seconds. Load this page again to see it."))


@hooks.post("/sites/<key>/deliveries/<int:id>/again")
def send_again(key: str, id: int) -> Response:
    own = _own(key)
    row = queries.the_delivery(own.site, id)
    try:
        transaction(lambda: queueing.again(row, own.user, clock.now()))
    except DomainError as error:
        return _refused(own, row.hook, error)
    return _back(own, row.hook, _("It is sent again within seconds."))


def _own(key: str) -> Membership:
    return access.the_membership(key, login.the_user(), ADMINS)


def _back(own: Membership, hook: Hook, said: str) -> Response:
    flash(said)
    return redirect(url_for("hooks.hook", key=own.site.key, id=hook.id), 303)


def _refused(own: Membership, hook: Hook, error: DomainError) -> Response:
    """The page again, as it is, with why nothing was done."""
    form = replace(_filled(hook), faults=[Fault("", error.code, error.message)])
    return Response(
        render_template(ONE, form=form, **_page(own, hook)), error.status, mimetype="text/html"
    )


def _list(own: Membership) -> dict[str, Any]:
    return {
        "site": own.site,
        "hooks": db.session.scalars(queries.of(own.site)).all(),
        "most": configuring.MOST,
        "formats": words.formats(),
        **_events(),
    }


def _page(own: Membership, hook: Hook) -> dict[str, Any]:
    receiver = db.session.get(Receiver, hook.receiver)
    return {
        "site": own.site,
        "hook": hook,
        "rests_until": receiver.rests_until
        if receiver and receiver.rests_until > clock.now()
        else None,
        "deliveries": queries.deliveries(hook, request.args.get("after")),
        "state_in_words": words.state,
        "outcome_in_words": words.outcome,
        "states": State,
        **_events(),
    }


def _events() -> dict[str, Any]:
    known = words.events()
    return {
        "choices": [(name, known[event]) for name, event in FIELDS.items()],
        "event_in_words": words.event,
        "fields": FIELDS,
    }


def _filled(hook: Hook) -> Filled:
    chosen = {name: hook.wants(event) for name, event in FIELDS.items()}
    return Filled({"url": configuring.address_of(hook), **chosen})

"""Pages for publishers: settings, members, keys and sanctions of their sites."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from comments import clock, i18n
from comments import settings as service
from comments.accounts import login
from comments.accounts import queries as people
from comments.accounts.models import User
from comments.answers import again
from comments.db import db, transaction
from comments.errors import Conflict, DomainError, Fault, NotFound
from comments.forms import Filled, parse, refuse, sent
from comments.sites import (
    access,
    embedding,
    keys,
    managing,
    members,
    navigation,
    queries,
    sanctions,
    words,
)
from comments.sites.forms import ChangedRole, EditedSite, NewKey, NewMember
from comments.sites.invitations import inviting
from comments.sites.models import ADMINS, Commenters, Membership, Role, Site, Votes

SANCTIONS = 50

sites = Blueprint("sites", __name__)


@sites.before_app_request
def _for_a_site() -> None:
    """People who come from a site's page to sign in or up see whose it is, in its language."""
    key = request.args.get("site")
    if request.blueprint in ("accounts", "factors", "oidc") and key:
        try:
            g.site = queries.by_key(key)
        except NotFound:
            return
        i18n.prefer(g.site.settings.language)


@sites.app_context_processor
def _surroundings() -> dict[str, Any]:
    return {
        "site": g.get("site"),
        "navigation": LocalProxy(lambda: navigation.entries(login.signed_in())),
        "pages_of": lambda site: navigation.of_site(site, login.signed_in()),
    }


@sites.get("/")
def home() -> Response:
    """Where this person's work is."""
    user = login.signed_in()
    if user is None:
        return redirect(url_for("accounts.sign_in"))
    return redirect(url_for(navigation.entries(user)[0].endpoint))


@sites.get("/sites")
def index() -> str:
    mine = db.session.scalars(access.memberships_of(login.the_user())).all()
    return render_template("sites/index.html", memberships=mine)


@sites.get("/sites/<key>/settings")
def settings(key: str) -> str:
    site = access.the_membership(key, login.the_user(), ADMINS).site
    form = Filled({**managing.facts(site), "seen": managing.seen(site)})
    return render_template("sites/settings.html", form=form, **_settings_page(site))


@sites.post("/sites/<key>/settings")
def change_settings(key: str) -> Response:
    user = login.the_user()
    site = access.the_membership(key, user, ADMINS).site
    login.check_proved()
    try:
        form = parse(EditedSite, sent(request.form))
        transaction(lambda: managing.change(site, form, user, clock.now()))
    except Conflict as error:
        return _overtaken(site, error)
    except DomainError as error:
        return again(error, "sites/settings.html", **_settings_page(site))
    flash(_("The settings are saved."))
    return redirect(url_for("sites.settings", key=key), 303)


@sites.get("/sites/<key>/members")
def member_list(key: str) -> str:
    own = access.the_membership(key, login.the_user(), ADMINS)
    return render_template("sites/members.html", **members_page(own))


@sites.post("/sites/<key>/members")
def add_member(key: str) -> Response:
    own = access.the_membership(key, login.the_user(), ADMINS)
    login.check_proved()
    try:
        form = parse(NewMember, sent(request.form))
        person = _person(form.name)
        transaction(lambda: members.add(own.site, person, form.role, own, clock.now()))
    except DomainError as error:
        return again(error, "sites/members.html", **members_page(own))
    flash(_("%(name)s is a member now.", name=person.name))
    return redirect(url_for("sites.member_list", key=key), 303)


@sites.post("/sites/<key>/members/<int:id>")
def change_member(key: str, id: int) -> Response:
    own = access.the_membership(key, login.the_user(), ADMINS)
    login.check_proved()
    member = access.the_member(own.site, id)
    try:
        form = parse(ChangedRole, sent(request.form))
        transaction(lambda: members.change_role(member, form.role, own, clock.now()))
    except DomainError as error:
        return again(error, "sites/members.html", **members_page(own))
    flash(_("The role is changed."))
    return redirect(url_for("sites.member_list", key=key), 303)


@sites.post("/sites/<key>/members/<int:id>/remove")
def remove_member(key: str, id: int) -> Response:
    own = access.the_membership(key, login.the_user(), ADMINS)
    login.check_proved()
    member = access.the_member(own.site, id)
    try:
        transaction(lambda: members.remove(member, own, clock.now()))
    except DomainError as error:
        return again(error, "sites/members.html", **members_page(own))
    flash(_("The member is removed."))
    if member is own:
        return redirect(url_for("sites.index"), 303)
    return redirect(url_for("sites.member_list", key=key), 303)


@sites.get("/sites/<key>/keys")
def key_list(key: str) -> str:
    site = access.the_membership(key, login.the_user(), ADMINS).site
    return render_template("sites/keys.html", form=Filled(), **_keys_page(site))


@sites.post("/sites/<key>/keys")
def make_key(key: str) -> Response | str:
    """Shows the new key at once, and this once only."""
    user = login.the_user()
    site = access.the_membership(key, user, ADMINS).site
    login.check_proved()
    try:
        form = parse(NewKey, sent(request.form))
    except DomainError as error:
        return again(error, "sites/keys.html", **_keys_page(site))
    token = transaction(lambda: keys.make(site, form.name, user, clock.now()))
    return render_template("sites/keys.html", form=Filled(), token=token, **_keys_page(site))


@sites.post("/sites/<key>/keys/<int:id>/revoke")
def revoke_key(key: str, id: int) -> Response:
    user = login.the_user()
    site = access.the_membership(key, user, ADMINS).site
    login.check_proved()
    row = keys.the_key(site, id)
    transaction(lambda: keys.revoke(row, user, clock.now()))
    flash(_("The key is revoked."))
    return redirect(url_for("sites.key_list", key=key), 303)


@sites.get("/sites/<key>/sanctions")
def sanction_list(key: str) -> str:
    site = access.the_membership(key, login.the_user()).site
    page = sanctions.page(site, request.args.get("after"), SANCTIONS)
    return render_template("sites/sanctions.html", site=site, page=page, now=clock.now())


@sites.post("/sites/<key>/sanctions/<int:id>/lift")
def lift(key: str, id: int) -> Response:
    user = login.the_user()
    site = access.the_membership(key, user).site
    sanction = sanctions.the_sanction(site, id)
    transaction(lambda: sanctions.lift(sanction, user, clock.now()))
    flash(_("The sanction is lifted."))
    return redirect(url_for("sites.sanction_list", key=key), 303)


def _settings_page(site: Site) -> dict[str, Any]:
    code = embedding.code(site.key, service.current().url)
    votes = {Votes.BOTH: _("Up and down"), Votes.UP: _("Up only"), Votes.OFF: _("None")}
    return {
        "site": site,
        "code": code,
        "languages": i18n.LANGUAGES.items(),
        "votes": votes.items(),
        "commenters": _commenters().items(),
    }


def _commenters() -> dict[Commenters, str]:
    return {
        Commenters.GUESTS: _("Everybody, also without an account"),
        Commenters.MEMBERS: _("Everybody with an account"),
        Commenters.CONFIRMED: _("Everybody with a confirmed e-mail address"),
        Commenters.SUBSCRIBERS: _("Subscribers, as your own sign-in says"),
        Commenters.NOBODY: _("Nobody else"),
    }


def _overtaken(site: Site, error: Conflict) -> Response:
    """What was typed, beside what somebody else put in force meanwhile; to send again wins."""
    typed = {name: text.replace("\r\n", "\n") for name, text in sent(request.form).items()}
    faults = [Fault("", error.code, error.message)]
    for name, value in managing.facts(site).items():
        if typed.get(name, "") != _as_typed(value):
            faults.append(
                Fault(name, "changed", _("In force now: %(value)s", value=_in_words(value)))
            )
    form = Filled({**typed, "seen": managing.seen(site)}, faults)
    page = render_template("sites/settings.html", form=form, **_settings_page(site))
    return Response(page, error.status, mimetype="text/html")


def _as_typed(value: object) -> str:
    return ("true" if value else "") if isinstance(value, bool) else str(value)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) or _("nothing")


def members_page(own: Membership) -> dict[str, Any]:
    """Who works on a site, who is invited to, and what `own` may do about it."""
    rows = db.session.scalars(access.members_of(own.site)).all()
    invited = db.session.scalars(inviting.open_on(own.site, clock.now())).all()
    roles = [role for role in Role if own.role.gives(role)]
    choices = [(role.value, words.powers(role)) for role in reversed(roles)]
    return {
        "site": own.site,
        "own": own,
        "members": rows,
        "invitations": invited,
        "form": Filled(),
        "inviting": Filled({"invited_as": Role.MODERATOR}),
        "roles": roles,
        "role_choices": choices,
    }


def _person(name: str) -> User:
    person = db.session.scalar(people.called(name))
    if person is None:
        raise refuse("name", "unknown", _("There is nobody with this name."))
    return person


def _keys_page(site: Site) -> dict[str, Any]:
    return {"site": site, "keys": db.session.scalars(keys.of(site)).all()}

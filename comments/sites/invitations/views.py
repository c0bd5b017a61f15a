"""Pages for who invites somebody to work on a site, and for who is invited."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock
from comments.accounts import login
from comments.answers import again
from comments.db import transaction
from comments.errors import DomainError
from comments.forms import parse, sent
from comments.sites import access, words
from comments.sites.invitations import inviting, letters
from comments.sites.invitations.forms import NewInvitation
from comments.sites.models import ADMINS
from comments.sites.views import members_page

PAGE = "sites/members.html"

invitations = Blueprint("invitations", __name__)


@invitations.post("/sites/<key>/invitations")
def invite(key: str) -> AnyResponse | str:
    """A link that is not mailed is shown at once, and this once only."""
    own = access.the_membership(key, login.the_user(), ADMINS)
    login.check_proved()
    try:
        form = parse(NewInvitation, sent(request.form))
        token = transaction(lambda: inviting.invite(own.site, form, own, clock.now()))
    except DomainError as error:
        return again(error, PAGE, name="inviting", **members_page(own))
    if form.email is None:
        return render_template(PAGE, link=letters.link(token), **members_page(own))
    flash(_("A letter with the link is on its way to %(email)s.", email=form.email))
    return redirect(url_for("sites.member_list", key=key), 303)


@invitations.post("/sites/<key>/invitations/<int:id>/revoke")
def revoke(key: str, id: int) -> AnyResponse:
    own = access.the_membership(key, login.the_user(), ADMINS)
    transaction(lambda: inviting.revoke(own.site, id, own, clock.now()))
    flash(_("The invitation is revoked."))
    return redirect(url_for("sites.member_list", key=key), 303)


@invitations.get("/invitations/<token>")
def invitation(token: str) -> Response:
    """Only asks: mail programs and chats look at links before people do."""
    row = inviting.find(token, clock.now())
    g.site, user = row.site, login.signed_in()
    page = render_template(
        "sites/invitation.html",
        row=row,
        powers=words.powers(row.role),
        role=access.role_on(row.site, user),
        here=request.path,
    )
    return Response(page, headers={"Referrer-Policy": "no-referrer"})


@invitations.post("/invitations/<token>")
def accept(token: str) -> AnyResponse:
    user = login.the_user()
    member = transaction(lambda: inviting.accept(token, user, clock.now()))
    flash(_("You work on %(site)s now.", site=member.site.name))
    return redirect(url_for("sites.home"), 303)

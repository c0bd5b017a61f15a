"""The private link of a guest, and what they can do who came by it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock, i18n, limits
from comments.accounts import guests as people
from comments.accounts import login, passwords, registration
from comments.accounts.models import User
from comments.answers import again
from comments.db import db, transaction
from comments.errors import DomainError, Forbidden
from comments.forms import Filled, parse, sent
from comments.security import client_address, own_path
from comments.sites.guests import coming, joining
from comments.sites.guests.forms import NewMember
from comments.sites.models import Site

# What takes an account: by blueprint below /account, and by page.
FOR_MEMBERS = frozenset({"factors", "oidc"})
PAGES_FOR_MEMBERS = frozenset(
    {
        "accounts.account",
        "accounts.name",
        "accounts.rename",
        "accounts.password",
        "accounts.change_password",
        "invitations.accept",
    }
)

guests = Blueprint("guests", __name__)


@guests.before_app_request
def _lead_guests() -> AnyResponse | None:
    """Guests find their own page where others find that of their account."""
    is_theirs = request.blueprint in FOR_MEMBERS and request.path.startswith("/account/")
    if not is_theirs and request.endpoint not in PAGES_FOR_MEMBERS:
        return None
    user = login.signed_in()
    if user is None or not people.is_guest(user):
        return None
    if request.method == "GET":
        return redirect(url_for("guests.overview"), 303)
    raise Forbidden(_("This takes an account. Make one of what you wrote first."))


@guests.get("/guest/<token>")
def private_link(token: str) -> Response:
    """Only asks: mail programs and chats look at links before people do."""
    link = people.find(token)
    g.site = _home(link.user)
    page = render_template("sites/guests/link.html", link=link)
    return Response(page, headers={"Referrer-Policy": "no-referrer"})


@guests.post("/guest/<token>")
def come_back(token: str) -> AnyResponse:
    login.sign_in(transaction(lambda: people.use(token, clock.now())))
    return redirect(own_path(request.args.get("next", url_for("threads.mine"))), 303)


@guests.get("/account/guest")
def overview() -> AnyResponse | str:
    user = login.the_user()
    if not people.is_guest(user):
        return redirect(url_for("accounts.account"), 303)
    return _overview(user)


@guests.post("/account/guest/link")
def new_link() -> str:
    """Shows it at once, and this once only."""
    guest, here = _the_guest(), login.session_now()
    token = transaction(lambda: people.new_link(guest, here, clock.now()))
    return _overview(guest, coming.address(token))


@guests.get("/account/join")
def joining_form() -> AnyResponse | str:
    user = login.the_user()
    if not people.is_guest(user):
        return redirect(url_for("accounts.account"), 303)
    g.site = _home(user)
    form = Filled({"name": user.name.partition(" (")[0], "email": user.email})
    return render_template("sites/guests/join.html", form=form)


@guests.post("/account/join")
def join() -> AnyResponse:
    guest = _the_guest()
    g.site = _home(guest)
    try:
        form, now = parse(NewMember, sent(request.form)), clock.now()
        network, here = client_address(), login.session_now()
        transaction(lambda: limits.hit(registration.SIGN_UPS, network, now))
        secret = passwords.hashed(form.password) if form.password else None
        transaction(lambda: joining.join(guest, form, secret, here, now))
    except DomainError as error:
        return again(error, "sites/guests/join.html")
    flash(_("You have an account now. Everything you wrote is yours."))
    return redirect(url_for("accounts.account"), 303)


def _the_guest() -> User:
    """Who asks. Raises NotSignedIn, or Forbidden for who has an account."""
    user = login.the_user()
    if not people.is_guest(user):
        raise Forbidden(_("You have an account already."))
    return user


def _home(guest: User) -> Site:
    """The site where they write, whose language the page speaks."""
    site = db.session.get_one(Site, guest.site_id)
    i18n.prefer(site.settings.language)
    return site


def _overview(guest: User, link: str | None = None) -> str:
    g.site = _home(guest)
    return render_template("sites/guests/overview.html", user=guest, link=link)

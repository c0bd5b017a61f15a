"""What a publisher's reader does with what is kept of them; the address says who asks.

No cookie is set on the way: who has the address may do all this, so that a form needs no token of
its own.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from comments import clock, i18n
from comments.accounts import closing, copies
from comments.accounts.forms import Farewell, Texts
from comments.accounts.models import User
from comments.answers import again, kept
from comments.db import db, transaction
from comments.errors import DomainError
from comments.forms import Filled, parse, sent
from comments.sites.models import Site
from comments.sites.yours import addressing

yours = Blueprint("yours", __name__, url_prefix="/yours/<token>")


@yours.after_request
def _unspoken(response: Response) -> Response:
    """The address is a secret, which no other page is told."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@yours.get("")
def overview(token: str) -> str:
    return _page("overview", _owner(token), token)


@yours.get("/data")
def data(token: str) -> str:
    return _page("data", _owner(token), token)


@yours.post("/data")
def download(token: str) -> AnyResponse:
    return kept(copies.of(_owner(token), clock.now()))


@yours.get("/delete")
def farewell(token: str) -> str:
    return _page("delete", _owner(token), token)


@yours.post("/delete")
def close(token: str) -> AnyResponse | str:
    user = _owner(token)
    try:
        erase = parse(Farewell, sent(request.form)).texts is Texts.ERASE
        transaction(lambda: closing.close(user, erase=erase, now=clock.now()))
    except DomainError as error:
        return again(error, "sites/yours/delete.html", **_values(user, token))
    return render_template("sites/yours/gone.html")


def _owner(token: str) -> User:
    """Who asks; the answer speaks the language of their site."""
    user = addressing.owner(token, clock.now())
    g.site = db.session.get_one(Site, user.site_id)
    i18n.prefer(g.site.settings.language)
    return user


def _page(name: str, user: User, token: str) -> str:
    form = Filled({"texts": Texts.KEEP})
    return render_template(f"sites/yours/{name}.html", form=form, **_values(user, token))


def _values(user: User, token: str) -> dict[str, Any]:
    return {"user": user, "token": token, "needs_proof": False}

"""Pages for publishers: settings, members, keys and sanctions of their sites."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, g, redirect, request, url_for
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from comments import i18n
from comments.accounts import login
from comments.errors import NotFound
from comments.sites import navigation, queries

sites = Blueprint("sites", __name__)


@sites.before_app_request
def _for_a_site() -> None:
    """People who come from a site's page to sign in or up see whose it is, in its language."""
    key = request.args.get("site")
    if request.blueprint == "accounts" and key:
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
        "has_page": lambda endpoint: endpoint in current_app.view_functions,
    }


@sites.get("/")
def home() -> Response:
    """Where this person's work is."""
    user = login.signed_in()
    if user is None:
        return redirect(url_for("accounts.sign_in"))
    entry = navigation.entries(user)[0]
    return redirect(url_for(entry.endpoint))

"""Pages for publishers: settings, members, keys and sanctions of their sites."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from werkzeug.local import LocalProxy

from comments.accounts import login
from comments.sites import navigation

sites = Blueprint("sites", __name__)


@sites.app_context_processor
def _navigation() -> dict[str, Any]:
    return {
        "navigation": LocalProxy(lambda: navigation.entries(login.signed_in())),
        "has_page": lambda endpoint: endpoint in current_app.view_functions,
    }

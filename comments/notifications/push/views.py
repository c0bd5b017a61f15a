"""The page where people choose to hear in their browsers, and what it takes in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock, settings, vapid
from comments.accounts.login import session_now, the_user
from comments.answers import public
from comments.db import db, transaction
from comments.errors import NotFound
from comments.forms import parse_json
from comments.notifications.push import browsers
from comments.notifications.push.forms import Given
from comments.security import OWN_POLICY

# The one policy of push.js knows the one address of the service worker.
POLICY = OWN_POLICY.replace("trusted-types 'none'", "trusted-types push")

push = Blueprint("push", __name__)


@push.app_context_processor
def _surroundings() -> dict[str, Any]:
    return {"pushes": settings.current().push_key is not None}


@push.before_request
def _is_set_up() -> None:
    if settings.current().push_key is None:
        raise NotFound(_("There is nothing here."))


@push.get("/notifications/browsers")
def overview() -> AnyResponse:
    user, session, key = the_user(), session_now(), settings.current().push_key
    page = render_template(
        "notifications/browsers.html",
        rows=db.session.scalars(browsers.of(user)).all(),
        here=session.id if session else None,
        key=vapid.public_key(key.get_secret_value()) if key else "",
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


@push.post("/notifications/browsers")
def keep() -> AnyResponse:
    """What the page's script sends. Raises Invalid; refusals are problem+json."""
    user, session = the_user(), session_now()
    assert session is not None
    form = parse_json(Given, request.get_data())
    transaction(lambda: browsers.keep(form, user, session.id, clock.now()))
    flash(_("You hear in this browser from now on."))
    return Response(status=201)


@push.post("/notifications/browsers/<int:id>/remove")
def remove(id: int) -> AnyResponse:
    browser = browsers.the_browser(id, the_user())
    transaction(lambda: browsers.remove(browser.id))
    flash(_("Nothing is shown there any more."))
    return redirect(url_for("push.overview"), 303)


@push.get("/notifications/worker.js")
def worker() -> AnyResponse:
    """The service worker; it may only be at work below where it comes from."""
    body = Path(current_app.static_folder or "", "push-worker.js").read_bytes()
    return public(body, "text/javascript", "no-cache")

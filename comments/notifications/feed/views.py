"""The feed of what a person is answered, and the page where they get the link to it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from comments import clock, settings
from comments.accounts.login import the_user
from comments.db import transaction
from comments.notifications.feed import keys
from comments.threads import feeds

# Asked about again each time, and kept by nobody else.
CACHE = "private, max-age=0"

reply_feed = Blueprint("reply_feed", __name__)


@reply_feed.get("/account/feed")
def overview() -> str:
    return render_template("notifications/feed.html", key=keys.of(the_user()), links=())


@reply_feed.post("/account/feed")
def make() -> str:
    """Shows the links at once, and this once only."""
    user = the_user()
    key = transaction(lambda: keys.make(user, clock.now()))
    base = settings.current().url
    links = [base + url_for("reply_feed.feed", token=key, kind=kind) for kind in ("atom", "rss")]
    return render_template("notifications/feed.html", key=keys.of(user), links=links)


@reply_feed.post("/account/feed/end")
def end() -> AnyResponse:
    user = the_user()
    transaction(lambda: keys.end(user))
    flash(_("The link leads nowhere any more."))
    return redirect(url_for("reply_feed.overview"), 303)


@reply_feed.get("/feeds/replies/<token>/atom", defaults={"kind": "atom"})
@reply_feed.get("/feeds/replies/<token>/rss", defaults={"kind": "rss"})
def feed(token: str, kind: str) -> AnyResponse:
    found = feeds.of_replies(keys.reader(token))
    xml = feeds.written(found, kind, request.path)
    response = Response(xml, mimetype=f"application/{kind}+xml")
    response.headers["Cache-Control"] = CACHE
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return response.make_conditional(request)

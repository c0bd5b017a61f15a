"""The slot on a publisher's page: its script, its comments, and signing in from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any
from urllib.parse import urldefrag, urlencode

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from comments import clock, cors, forms, i18n, settings
from comments.accounts.login import session_now, signed_in, the_user
from comments.accounts.models import User
from comments.answers import public
from comments.db import transaction
from comments.errors import NotFound, NotSignedIn
from comments.notifications import choosing, leaving
from comments.notifications import queries as hearing
from comments.notifications import reading as reading_told
from comments.notifications.bundling import KIND as LETTERS
from comments.notifications.forms import Follow
from comments.notifications.queries import Told
from comments.security import OWN_POLICY, client_address
from comments.sites import access
from comments.sites import queries as sites
from comments.sites.models import Site
from comments.sites.yours import addressing
from comments.threads import (
    articles,
    editions,
    feeds,
    lately,
    queries,
    reading,
    seeing,
    standing,
)
from comments.threads.editions import NONE_YET
from comments.threads.forms import FeedQuery, LatelyQuery, PageQuery, Seen
from comments.threads.models import Article, State
from comments.threads.reading import View
from comments.widget import connecting, files, watching, words
from comments.widget.forms import EventsQuery, Exchange, FragmentQuery, ToPage, ToWindow

# So many notifications are listed in the slot.
HEARD = 10
SCRIPT_CACHE = "public, max-age=300"
RELEASE_CACHE = "public, max-age=31536000, immutable"

widget = Blueprint("widget", __name__)
widget.add_app_template_filter(format_datetime, "rfc822")


@widget.app_url_defaults
def _release(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "widget.stylesheet":
        values.setdefault("release", files.RELEASE)


@widget.get("/embed.js")
def script() -> Response:
    response = public(files.script().encode(), "text/javascript", SCRIPT_CACHE)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@widget.get(f"/embed/<release>/<any({', '.join(map(repr, files.MODULES))}):name>")
def module(release: str, name: str) -> Response:
    _open_to_known()
    return public(files.TEXTS[name].encode(), "text/javascript", _cache_of(release))


@widget.get("/embed/<release>/thread.css")
def stylesheet(release: str) -> Response:
    response = public(files.TEXTS["thread.css"].encode(), "text/css", _cache_of(release))
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@widget.get("/embed/thread")
def fragment() -> Response:
    query = forms.parse(FragmentQuery, request.args)
    site = _site(query.site)
    view = View(query.sort, query.after, query.comment)
    thread = reading.read(site, query.name, view, clock.now())
    html = render_template(
        "widget/fragment.html",
        thread=thread,
        query=query,
        base=settings.current().url,
        words=words.script_words(),
        complaints=words.complaints(),
        has_streams=watching.hub_of(current_app).room > 0,
    )
    return public(html.encode(), "text/html")


@widget.get("/embed/articles")
def article_list() -> Response:
    query = forms.parse(LatelyQuery, request.args)
    site = _site(query.site)
    found = lately.articles(site, query.order, query.limit)
    base = settings.current().url
    html = render_template("widget/articles.html", site=site, found=found, query=query, base=base)
    return public(html.encode(), "text/html")


@widget.get("/feeds/atom", defaults={"kind": "atom"})
@widget.get("/feeds/rss", defaults={"kind": "rss"})
def feed(kind: str) -> Response:
    query = forms.parse(FeedQuery, request.args)
    site = _site(query.site)
    feed = feeds.of_article(site, query.name) if query.name else feeds.of_site(site)
    own = url_for("widget.feed", kind=kind, site=site.key, article=feed.article)
    return public(feeds.written(feed, kind, own), f"application/{kind}+xml")


@widget.get("/embed/events")
def events() -> Response:
    asked = {name: request.args.getlist(name) for name in ("article", "url")}
    query = forms.parse(EventsQuery, {**request.args.to_dict(), **asked})
    site, address = _site(query.site), _counted_address()
    hub = watching.hub_of(current_app)
    hub.check_room(address)
    places = {editions.place(site, name): NONE_YET for name in query.names}
    now = editions.current(places, clock.now())
    stream = () if request.method == "HEAD" else hub.join(now, address)
    return Response(stream, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


@widget.get("/embed/me")
def me() -> str:
    query = forms.parse(PageQuery, request.args)
    site = _site(query.site)
    user, now, base = _reader(site), clock.now(), settings.current().url
    article = articles.find(site, query.name)
    return render_template(
        "widget/me.html",
        site=site,
        key=query.article,
        moderate=f"{base}/moderation/comments/" if access.may_moderate(site, user) else None,
        lacks=standing.lacking(site, user),
        own=reading.own(site, article.id, user) if article else (),
        editable=queries.editable(site, article.id, user, now) if article else {},
        unread=seeing.unread(article.id, user) if article else seeing.Unread(),
        votes=queries.votes(article.id, user) if article else {},
        **_hearing(user, site, article),
    )


@widget.post("/embed/follow")
def follow() -> str:
    form = forms.parse_json(Follow, request.get_data())
    site = _site(form.site)
    user, article = _reader(site), articles.find(site, form.name)
    if article is None or article.state is State.HIDDEN:
        raise NotFound(_("There is no such article."))
    if form.follow:
        transaction(lambda: choosing.follow(article, user, clock.now()))
    else:
        transaction(lambda: choosing.unfollow(article.id, user))
    return _heard(user, site, article, hearing.latest(user, site, HEARD))


@widget.post("/embed/heard")
def heard() -> str:
    """List what is new to a reader on this site; what is listed counts as read from now on."""
    form = forms.parse_json(Follow, request.get_data())
    site = _site(form.site)
    user, article = _reader(site), articles.find(site, form.name)
    told = hearing.latest(user, site, HEARD)
    transaction(lambda: reading_told.see_those(told, user, clock.now()))
    return _heard(user, site, article, told)


def _heard(user: User, site: Site, article: Article | None, told: Sequence[Told]) -> str:
    session = session_now()
    yours = addressing.address(session, clock.now()) if session else None
    values = {**_hearing(user, site, article), "told": told, "yours": yours}
    return render_template("widget/heard.html", **values)


def _hearing(user: User, site: Site, article: Article | None) -> dict[str, Any]:
    """What a reader hears of here; those of the publisher's sign-in have no page of ours."""
    base = settings.current().url
    foreign = user.site_id is not None
    return {
        "user": user,
        "more": leaving.address(user, site, LETTERS) if foreign else f"{base}/notifications",
        "article": article,
        "is_followed": article is not None and hearing.follows(user, article.id),
        "new": hearing.unseen(user, site),
        "told": None,
        "yours": None,
        "base": base,
    }


@widget.post("/embed/seen")
def seen() -> tuple[str, int]:
    """The thread was in view, with everything up to what `me` had told."""
    form = forms.parse_json(Seen, request.get_data())
    site = _site(form.site)
    user, now = _reader(site), clock.now()
    if article := articles.find(site, form.name):
        transaction(lambda: seeing.mark(article, form.upto, user, now))
    return "", 204


@widget.get("/connect")
def connect() -> Response | tuple[str, int, dict[str, str]]:
    asked = _asked(request.args)
    site = _at_home(asked.site)
    access.check_origin(site, asked.origin)
    if signed_in() is None:
        return redirect(url_for("accounts.sign_in", site=site.key, next=_here()))
    page = render_template("widget/connect.html", site=site, asked=asked, here=_here())
    return page, 200, {"Content-Security-Policy": _policy_towards(asked.origin)}


@widget.post("/connect")
def connected() -> Response | str:
    user, now = the_user(), clock.now()
    asked = _asked(request.form)
    site = _at_home(asked.site)
    if isinstance(asked, ToWindow):
        token = transaction(lambda: connecting.token(site, asked.origin, user, now))
        return render_template("widget/handed.html", site=site, asked=asked, token=token)
    code = transaction(lambda: connecting.code(site, asked.origin, asked.challenge, user, now))
    fragment = urlencode({"comments-code": code, "state": asked.state})
    return redirect(f"{urldefrag(asked.back).url}#{fragment}", 303)


@widget.post("/embed/token")
def exchange() -> dict[str, str]:
    form = forms.parse_json(Exchange, request.get_data())
    origin = _open_to_known()
    token = transaction(lambda: connecting.exchange(form.code, form.verifier, origin, clock.now()))
    return {"token": token}


def _open_to_known() -> str:
    """The origin that asks, which may read the answer if any site names it."""
    origin = request.headers.get("Origin", "")
    if sites.knows_origin(origin):
        cors.open_to([origin])
    return origin


def _site(key: str) -> Site:
    """The site, to whose pages the answer is open, and whose language it speaks."""
    site = _at_home(key)
    cors.open_to(site.addresses)
    return site


def _at_home(key: str) -> Site:
    """The site, whose language the answer speaks."""
    site = sites.by_key(key)
    i18n.prefer(site.settings.language)
    return site


def _reader(site: Site) -> User:
    """Who asks, by a token for this site. Raises NotSignedIn."""
    user, session = the_user(), session_now()
    if session is None or session.site_id != site.id:
        raise NotSignedIn(_("You are signed in for another site."))
    return user


def _counted_address() -> str | None:
    """Whose streams are counted: nobody's on this machine, where whoever asks is a proxy."""
    address = client_address()
    return None if address in settings.LOOPBACK else address


def _asked(given: Mapping[str, str]) -> ToWindow | ToPage:
    asked = {name: value for name, value in given.items() if name not in ("csrf_token", "locale")}
    return forms.parse(ToPage, asked) if "back" in asked else forms.parse(ToWindow, asked)


def _here() -> str:
    return request.full_path.rstrip("?")


def _policy_towards(origin: str) -> str:
    """Our policy, but for the form: its answer may lead back to the page that asked."""
    return OWN_POLICY.replace("form-action 'self'", f"form-action 'self' {origin}")


def _cache_of(release: str) -> str:
    return RELEASE_CACHE if release == files.RELEASE else SCRIPT_CACHE

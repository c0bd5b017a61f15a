"""The calls: each parses, lets one rule act, and answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue as Answer
from flask_babel import gettext as _
from markupsafe import Markup

from comments import answers, clock, cors, forms, i18n, settings
from comments.accounts import login, sessions
from comments.accounts.factors import login as factors
from comments.accounts.login import the_user
from comments.accounts.models import Kind, User
from comments.api import asking, callers, document, judging, shapes
from comments.api.forms import (
    ArticlesQuery,
    CommentsQuery,
    CountsQuery,
    NewAccount,
    NewPreview,
    NewSession,
    NewSsoSession,
    QueueQuery,
)
from comments.db import transaction
from comments.errors import Fault, Invalid
from comments.moderation import deciding, desk, reporting
from comments.moderation import queries as moderation
from comments.moderation.forms import Complained, Judgement
from comments.screening import words
from comments.security import client_address
from comments.sites import access
from comments.sites import queries as sites
from comments.sites.guests import coming
from comments.sites.guests.forms import LEAST_KEY, NewGuest
from comments.sites.models import Site
from comments.sites.sso import entering, jwks
from comments.sites.sso.entering import KeyAwaited
from comments.threads import articles, lately, posting, queries, reading, voting, writing
from comments.threads.drawing import Drawn
from comments.threads.forms import ArticleFacts, ArticleName, Ballot, EditedComment, NewComment
from comments.threads.models import Status
from comments.threads.reading import View
from comments.threads.repeats import Posted
from comments.threads.words import said
from comments.turns import in_turn

COMMENT = "/comments/<int:id>"

api = Blueprint("api", __name__, url_prefix="/api/v1")


@api.get("/comments")
def comments() -> Answer:
    query = asking.query(CommentsQuery, request.args)
    site = _public_site(query.site)
    view = View(query.sort, query.after, size=query.limit)
    return _public(shapes.comments(reading.read(site, query.name, view, clock.now())))


@api.get("/counts")
def counts() -> Answer:
    query = asking.query(CountsQuery, request.args)
    site = _public_site(query.site)
    return _public(shapes.Counts(reading.counts(site, query.names)))


@api.get("/articles")
def article_list() -> Answer:
    query = asking.query(ArticlesQuery, request.args)
    site = _public_site(query.site)
    found = lately.articles(site, query.order, query.limit)
    return _public(shapes.articles(found, site.key))


@api.post("/comments")
def post() -> Answer:
    request.get_data()  # now, so that nobody waits for a slow line
    with in_turn():
        return _told(_posted(), 201)


def _posted() -> Posted:
    the_user()
    form, key = asking.body(NewComment, request), asking.idempotency_key(request)
    site = sites.by_key(form.site)
    author, now = callers.reader(site.id), clock.now()
    text = writing.written(form.body)
    return transaction(lambda: posting.post(site, author, form, text, now, key))


@api.patch(COMMENT)
def edit(id: int) -> Answer:
    comment = queries.written_by(the_user(), id)
    author, now = callers.reader(comment.site_id), clock.now()
    text = writing.written(asking.body(EditedComment, request).body)
    site = queries.place_of(comment)[0]
    return _told(transaction(lambda: posting.edit(site, comment, author, text, now)), 200)


@api.delete(COMMENT)
def withdraw(id: int) -> Answer:
    comment = queries.written_by(the_user(), id)
    author, now = callers.reader(comment.site_id), clock.now()
    transaction(lambda: posting.withdraw(comment, author, now))
    return _told(Posted(comment, comment.status), 200)


@api.put(f"{COMMENT}/vote")
def vote(id: int) -> Answer:
    the_user()
    comment = queries.published(id)
    by, now = callers.reader(comment.site_id), clock.now()
    ballot = asking.body(Ballot, request)
    transaction(lambda: voting.vote(comment, ballot.value, by, now))
    if answers.wants_html():
        standing = {"value": ballot.value, "ups": comment.ups, "downs": comment.downs}
        return _html("voted", 200, **standing)
    return jsonify(shapes.Vote(str(id), ballot.value, comment.ups, comment.downs))


@api.post(f"{COMMENT}/reports")
def report(id: int) -> Answer:
    the_user()
    comment = moderation.reportable(id)
    by, now = callers.reader(comment.site_id), clock.now()
    form = asking.body(Complained, request)
    reported = transaction(lambda: reporting.report(comment, form, by, now))
    code, message = 201 if reported.is_new else 200, _("Thank you. A moderator will look at it.")
    if answers.wants_html():
        return _html("said", code, message=message)
    return jsonify(shapes.Report(str(reported.report.id), str(comment.id), message)), code


@api.get("/moderation/queue")
def queue() -> Answer:
    judge = callers.staff()
    query = asking.query(QueueQuery, request.args)
    viewer = access.the_membership(query.site, judge)
    return jsonify(judging.queue(desk.page(viewer, query.queue, clock.now()), query.site))


@api.post(f"{COMMENT}/decisions")
def decide(id: int) -> Answer:
    judge, now = callers.staff(), clock.now()
    comment, _viewer = moderation.for_review(judge, id)
    form = asking.body(Judgement, request)
    decided = transaction(lambda: deciding.decide(comment, form, judge, now))
    return jsonify(judging.decision(decided.decision)), 201 if decided.is_new else 200


@api.post("/preview")
def preview() -> Answer:
    the_user()
    form = asking.body(NewPreview, request)
    site = sites.by_key(form.site)
    callers.reader(site.id)
    text = writing.written(form.body)
    posting.check_length(site, text)
    if answers.wants_html():
        return _html("preview", 200, html=Markup(text.rendered.html))  # noqa: S704 - by markup.py
    return jsonify(shapes.Preview(text.rendered.html))


@api.put("/articles/<path:key>", merge_slashes=False)
def describe(key: str) -> Answer:
    site, now = callers.publisher(request.authorization), clock.now()
    facts = asking.body(ArticleFacts, request)
    callers.check_own(site, facts.site)
    name = forms.parse(ArticleName, {"key": key}).key
    article = transaction(lambda: articles.describe(site, name, facts, None, now))
    return jsonify(shapes.article(article, site.key))


@api.post("/accounts")
def sign_up() -> Answer:
    form = asking.body(NewAccount, request)
    site = sites.by_key(form.site)
    person = login.sign_up(form)
    return jsonify(shapes.Token(transaction(lambda: _begun(person, site)))), 201


@api.post("/guests")
def come() -> Answer:
    origin, now = _page_that_asks(), clock.now()
    form, key = asking.body(NewGuest, request), asking.idempotency_key(request, LEAST_KEY)
    site = _public_site(form.site)
    asked = coming.Asked(origin, client_address(), key or "")
    token, came = transaction(lambda: coming.enter(site, form, asked, now))
    if answers.wants_html():
        return _html("guest", 201, token=token, link=came.link)
    return jsonify(shapes.Guest(token, came.guest.name, came.link)), 201


@api.post("/sessions")
def sign_in() -> Answer:
    form = asking.body(NewSession, request)
    site = sites.by_key(form.site)
    token = factors.by_password(form, form.code, lambda person: _begun(person, site))
    return jsonify(shapes.Token(token))


@api.post("/sessions/sso")
def sign_in_by_publisher() -> Answer:
    form = asking.body(NewSsoSession, request)
    site, now = _public_site(form.site), clock.now()
    try:
        proved = entering.proved(site, form.token, now)
    except KeyAwaited:
        transaction(lambda: jwks.want(site, now))
        raise
    origin = request.headers.get("Origin")
    return jsonify(shapes.Token(transaction(lambda: entering.enter(site, proved, origin, now))))


@api.delete("/sessions/current")
def sign_out() -> Answer:
    session = callers.session()
    transaction(lambda: sessions.end(session.id))
    return "", 204


@api.get("/openapi.json")
def openapi() -> Answer:
    return _public(document.document(current_app.url_map))


def _told(posted: Posted, done: int) -> Answer:
    """What became of somebody's own comment, and what happens next; what waits is only accepted."""
    one, status = posted.one or reading.one(posted.comment), posted.status
    if status is Status.REJECTED:
        raise _rejected(one.comment)
    code, message = 202 if status is Status.PENDING else done, said(status)
    if answers.wants_html():
        return _html("answer", code, one=one, message=message, base=settings.current().url)
    return jsonify(shapes.own_comment(one, message)), code


def _html(name: str, code: int, **values: Any) -> Answer:
    """The answer as the widget wants it: a piece of a page."""
    return Response(render_template(f"widget/{name}.html", **values), code, mimetype="text/html")


def _rejected(drawn: Drawn) -> Invalid:
    """The comment is kept, for a moderator to see, and refused all the same."""
    why = Fault("body", drawn.reason or "other", words.reason(drawn.reason))
    message = said(Status.REJECTED)
    return Invalid(message, [why], code="rejected", id=drawn.id, reason=drawn.reason)


def _begun(person: User, site: Site) -> str:
    """A token with a reader's rights on this site, for a program that is no page."""
    return sessions.begin(person, sessions.Scope(Kind.BEARER, site.id), clock.now())


def _public_site(key: str) -> Site:
    """The site of a read that is the same for everybody, and that its own pages may read."""
    site = sites.by_key(key)
    cors.open_to(site.addresses)
    i18n.prefer(site.settings.language)
    return site


def _page_that_asks() -> str | None:
    """The origin of the page that asks, if one does; a page of any site reads what is wrong."""
    origin = request.headers.get("Origin")
    if origin is not None and sites.knows_origin(origin):
        cors.open_to([origin])
    return origin


def _public(shape: Any) -> Answer:
    """The same bytes for everybody, under an entity tag."""
    return answers.public(current_app.json.dumps(shape).encode(), "application/json")

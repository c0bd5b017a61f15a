"""Every route, tried by everybody: the table of rights in ARCHITECTURE.md, run.

kim is staff of the gazette without any right; nobody is not signed in. A route that is missing
from the table fails, and so does one that is no more. What differs for people of one site is tried
in `test_access_of_guests.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.accounts.models import User
from comments.db import db, transaction
from comments.hooks import queueing
from comments.notifications.models import Notification
from comments.sites import sanctions
from comments.sites.models import Measure, Role, SiteKey
from comments.sites.sso import keys as sso_keys
from comments.sites.sso.models import SsoKey
from comments.widget import watching
from tests import factories, oidc_provider
from tests.conftest import PUBLISHER, Cast
from tests.hooks import receiving
from tests.notifications import acts as notified
from tests.notifications import pushing
from tests.notifications.pushing import Browser

PEOPLE = ("nobody", "rae", "kim", "mo", "ada", "sam")
# yes: in, whatever the form then says; sign in: 401, or the way to the sign-in page.
YES, SIGN_IN, NO, GONE = "yes", "sign in", "403", "404"

EVERYBODY = (YES,) * 6
MEMBERS_OF_THE_SERVICE = (SIGN_IN, YES, YES, YES, YES, YES)
MODERATORS = (SIGN_IN, GONE, NO, YES, YES, GONE)
ADMINS = (SIGN_IN, GONE, NO, NO, YES, GONE)
AUTHOR = (SIGN_IN, YES, GONE, GONE, GONE, GONE)


@dataclass(frozen=True)
class Try:
    """Who gets in, and what is sent; `{…}` in the address is filled from the world."""

    rights: tuple[str, ...]
    values: dict[str, str] = field(default_factory=dict)
    query: str = ""
    data: dict[str, str] | None = None
    json: Any = None


def comment(rights: tuple[str, ...], **fields: Any) -> Try:
    return Try(rights, {"id": "comment"}, **fields)


POSTED = {"site": "gazette", "article": "a1", "body": "Hello."}
THREAD = "?site=gazette&article=a1"
CONNECT = f"?site=gazette&origin={PUBLISHER}&nonce=0123456789abcdef"

TABLE: dict[str, Try] = {
    "GET /": Try((SIGN_IN, YES, YES, YES, YES, YES)),
    "GET /account": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/data": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/data": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/delete": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/delete": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/email": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/email": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/factors": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/factors/app": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/factors/app": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/factors/app/remove": Try((SIGN_IN, GONE, GONE, GONE, GONE, GONE)),
    "POST /account/factors/codes": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/factors/passkey": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/factors/passkey": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/factors/passkeys/<int:id>/remove": Try(
        (SIGN_IN, YES, GONE, GONE, GONE, GONE), {"id": "passkey"}
    ),
    "GET /account/feed": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/feed": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/feed/end": Try(MEMBERS_OF_THE_SERVICE),
    "GET /feeds/replies/<token>/atom": Try((GONE,) * 6),
    "GET /feeds/replies/<token>/rss": Try((GONE,) * 6),
    "GET /account/name": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/name": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/password": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/password": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/prove": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/prove": Try(MEMBERS_OF_THE_SERVICE),
    "GET /account/sessions": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/sessions/<int:id>/end": Try(
        (SIGN_IN, YES, GONE, GONE, GONE, GONE), {"id": "session"}
    ),
    "POST /account/sessions/end": Try(MEMBERS_OF_THE_SERVICE),
    "GET /sign-in": Try(EVERYBODY),
    "POST /sign-in": Try(EVERYBODY, data={"login": "nobody here", "password": "x" * 12}),
    "POST /sign-in/passkey": Try(EVERYBODY),
    "POST /sign-in/second/passkey": Try((SIGN_IN,) * 6),
    "GET /sign-in/second": Try((SIGN_IN,) * 6),
    "POST /sign-in/second": Try((SIGN_IN,) * 6),
    "POST /sign-out": Try(EVERYBODY),
    "GET /sign-up": Try(EVERYBODY),
    "POST /sign-up": Try(EVERYBODY),
    "GET /recover": Try(EVERYBODY),
    "POST /recover": Try(EVERYBODY, data={"login": "nobody here"}),
    "GET /confirm/<token>": Try((GONE,) * 6),
    "POST /confirm/<token>": Try((GONE,) * 6),
    "GET /link/<token>": Try((GONE,) * 6),
    "POST /link/<token>": Try((GONE,) * 6),
    "POST /sign-in/with/<provider>": Try((GONE,) * 6, {"provider": "unknown"}),
    "GET /sign-in/with/<provider>/callback": Try(EVERYBODY),
    "POST /sign-in/with/<provider>/callback": Try((NO,) * 6),
    "GET /sign-up/with/<provider>": Try((NO,) * 6),
    "POST /sign-up/with/<provider>": Try((NO,) * 6),
    "GET /account/guest": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/guest/link": Try((SIGN_IN, NO, NO, NO, NO, NO)),
    "GET /account/join": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/join": Try((SIGN_IN, NO, NO, NO, NO, NO)),
    "GET /yours/<token>": Try((GONE,) * 6),
    "GET /yours/<token>/data": Try((GONE,) * 6),
    "POST /yours/<token>/data": Try((GONE,) * 6),
    "GET /yours/<token>/delete": Try((GONE,) * 6),
    "POST /yours/<token>/delete": Try((GONE,) * 6, data={"texts": "erase"}),
    "GET /guest/<token>": Try((GONE,) * 6),
    "POST /guest/<token>": Try((GONE,) * 6),
    "GET /account/ways/with/<provider>": Try(MEMBERS_OF_THE_SERVICE),
    "POST /account/ways/with/<provider>": Try(
        (SIGN_IN, GONE, GONE, GONE, GONE, GONE), {"provider": "unknown"}
    ),
    "GET /account/ways/<int:id>/remove": Try(AUTHOR, {"id": "way"}),
    "POST /account/ways/<int:id>/remove": Try(
        AUTHOR, {"id": "way"}, data={"current": "nothing right"}
    ),
    "GET /sites": Try(MEMBERS_OF_THE_SERVICE),
    "GET /sites/<key>/articles": Try(MODERATORS),
    "POST /sites/<key>/articles/<int:id>": Try(
        MODERATORS, {"id": "article"}, data={"state": "closed"}
    ),
    "GET /invitations/<token>": Try((GONE,) * 6),
    "POST /invitations/<token>": Try((SIGN_IN, GONE, GONE, GONE, GONE, GONE)),
    "POST /sites/<key>/invitations": Try(ADMINS),
    "POST /sites/<key>/invitations/<int:id>/revoke": Try(ADMINS, {"id": "invitation"}),
    "POST /sites/<key>/deliveries/<int:id>/again": Try(ADMINS, {"id": "delivery"}),
    "GET /sites/<key>/hooks": Try(ADMINS),
    "POST /sites/<key>/hooks": Try(ADMINS),
    "GET /sites/<key>/hooks/<int:id>": Try(ADMINS, {"id": "hook"}),
    "POST /sites/<key>/hooks/<int:id>": Try(ADMINS, {"id": "hook"}),
    "POST /sites/<key>/hooks/<int:id>/remove": Try(ADMINS, {"id": "hook"}),
    "POST /sites/<key>/hooks/<int:id>/secrets": Try(ADMINS, {"id": "hook"}),
    "POST /sites/<key>/hooks/<int:id>/secrets/retire": Try(ADMINS, {"id": "hook"}),
    "POST /sites/<key>/hooks/<int:id>/start": Try(ADMINS, {"id": "hook"}),
    "POST /sites/<key>/hooks/<int:id>/test": Try(ADMINS, {"id": "hook"}),
    "GET /sites/<key>/keys": Try(ADMINS),
    "POST /sites/<key>/keys": Try(ADMINS),
    "POST /sites/<key>/keys/<int:id>/revoke": Try(ADMINS, {"id": "key"}),
    "GET /sites/<key>/letters": Try(ADMINS),
    "POST /sites/<key>/letters/<int:id>/again": Try(ADMINS, {"id": "letter"}),
    "GET /sites/<key>/members": Try(ADMINS),
    "POST /sites/<key>/members": Try(ADMINS),
    "POST /sites/<key>/members/<int:id>": Try(ADMINS, {"id": "kim"}, data={"role": "staff"}),
    "POST /sites/<key>/members/<int:id>/remove": Try(ADMINS, {"id": "kim"}),
    "GET /sites/<key>/moderation": Try(MODERATORS),
    "GET /sites/<key>/sanctions": Try(MODERATORS),
    "POST /sites/<key>/sanctions/<int:id>/lift": Try(MODERATORS, {"id": "sanction"}),
    "GET /sites/<key>/settings": Try(ADMINS),
    "GET /sites/<key>/sso": Try(ADMINS),
    "POST /sites/<key>/sso": Try(ADMINS),
    "POST /sites/<key>/sso/fetch": Try(ADMINS),
    "POST /sites/<key>/sso/keys": Try(ADMINS),
    "POST /sites/<key>/sso/keys/<int:id>/retire": Try(ADMINS, {"id": "sso_key"}),
    "POST /sites/<key>/sso/secrets": Try(ADMINS),
    "GET /sites/<key>/sso/test": Try(ADMINS),
    "POST /sites/<key>/sso/test": Try(ADMINS),
    "POST /sites/<key>/settings": Try(ADMINS),
    "GET /thread": Try(EVERYBODY, query=THREAD),
    "POST /thread": Try(MEMBERS_OF_THE_SERVICE, data=POSTED),
    "POST /thread/seen": Try(
        MEMBERS_OF_THE_SERVICE, data={"site": "gazette", "article": "a1", "upto": "1"}
    ),
    "GET /mine": Try(MEMBERS_OF_THE_SERVICE),
    "GET /notifications": Try(MEMBERS_OF_THE_SERVICE),
    "POST /notifications/<int:id>": Try(AUTHOR, {"id": "notification"}),
    "POST /notifications/read": Try(
        MEMBERS_OF_THE_SERVICE, data={"upto": "2026-03-14T09:26:53+00:00"}
    ),
    "GET /notifications/browsers": Try(MEMBERS_OF_THE_SERVICE),
    "POST /notifications/browsers": Try(MEMBERS_OF_THE_SERVICE, json={}),
    "POST /notifications/browsers/<int:id>/remove": Try(AUTHOR, {"id": "browser"}),
    "GET /notifications/worker.js": Try(EVERYBODY),
    "GET /notifications/settings": Try(MEMBERS_OF_THE_SERVICE),
    "GET /notifications/settings/<key>": Try(MEMBERS_OF_THE_SERVICE),
    "POST /notifications/settings/<key>": Try(MEMBERS_OF_THE_SERVICE, data={}),
    "POST /thread/follow": Try(
        MEMBERS_OF_THE_SERVICE, data={"site": "gazette", "article": "a1", "follow": "true"}
    ),
    "GET /unsubscribe/<token>": Try((GONE,) * 6),
    "POST /unsubscribe/<token>": Try((GONE,) * 6),
    "POST /letters/<token>": Try((GONE,) * 6),
    "GET /review/<token>": Try((GONE,) * 6),
    "POST /review/<token>": Try((GONE,) * 6),
    "GET /comments/<int:id>": comment(EVERYBODY),
    "GET /comments/<int:id>/delete": comment(AUTHOR),
    "POST /comments/<int:id>/delete": comment(AUTHOR),
    "GET /comments/<int:id>/edit": comment(AUTHOR),
    "POST /comments/<int:id>/edit": comment(AUTHOR, data={"body": "Other."}),
    "GET /comments/<int:id>/report": comment(MEMBERS_OF_THE_SERVICE),
    "POST /comments/<int:id>/report": comment(
        (SIGN_IN, NO, YES, YES, YES, YES), data={"reason": "spam"}
    ),
    "GET /comments/<int:id>/vote": comment(MEMBERS_OF_THE_SERVICE),
    "POST /comments/<int:id>/vote": comment((SIGN_IN, NO, YES, YES, YES, YES), data={"value": "1"}),
    "GET /moderation": Try((SIGN_IN, GONE, GONE, YES, YES, YES)),
    "GET /moderation/comments/<int:id>": comment(MODERATORS),
    "POST /moderation/comments/<int:id>/decisions": comment(MODERATORS),
    "POST /moderation/comments/<int:id>/sanctions": comment(MODERATORS),
    "GET /connect": Try(MEMBERS_OF_THE_SERVICE, query=CONNECT),
    "POST /connect": Try(
        MEMBERS_OF_THE_SERVICE,
        data={"site": "gazette", "origin": PUBLISHER, "nonce": "0123456789abcdef"},
    ),
    # What publishers' pages and programs ask, with a person's own API token.
    "GET /embed.js": Try(EVERYBODY),
    "GET /embed/thread": Try(EVERYBODY, query=THREAD),
    "GET /embed/articles": Try(EVERYBODY, query="?site=gazette"),
    "GET /feeds/atom": Try(EVERYBODY, query="?site=gazette"),
    "GET /feeds/rss": Try(EVERYBODY, query="?site=gazette"),
    "GET /embed/events": Try(EVERYBODY, query=THREAD),
    "GET /embed/me": Try((SIGN_IN,) * 6, query=THREAD),
    "POST /embed/seen": Try((SIGN_IN,) * 6, json={"site": "gazette", "article": "a1", "upto": "1"}),
    "POST /embed/follow": Try(
        (SIGN_IN,) * 6, json={"site": "gazette", "article": "a1", "follow": True}
    ),
    "POST /embed/heard": Try((SIGN_IN,) * 6, json={"site": "gazette", "article": "a1"}),
    "POST /embed/token": Try((NO,) * 6, json={"code": "x" * 43, "verifier": "y" * 43}),
    "GET /api/v1/comments": Try(EVERYBODY, query=THREAD),
    "POST /api/v1/comments": Try(MEMBERS_OF_THE_SERVICE, json=POSTED),
    "PATCH /api/v1/comments/<int:id>": comment(AUTHOR, json={"body": "Other."}),
    "DELETE /api/v1/comments/<int:id>": comment(AUTHOR),
    "PUT /api/v1/comments/<int:id>/vote": comment(
        (SIGN_IN, NO, YES, YES, YES, YES), json={"value": 1}
    ),
    "POST /api/v1/comments/<int:id>/reports": comment(
        (SIGN_IN, NO, YES, YES, YES, YES), json={"reason": "spam"}
    ),
    "POST /api/v1/comments/<int:id>/decisions": comment(
        MODERATORS, json={"action": "approve", "revision": 1, "seen": None}
    ),
    "GET /api/v1/moderation/queue": Try(MODERATORS, query="?site=gazette&view=waiting"),
    "GET /api/v1/counts": Try(EVERYBODY, query=THREAD),
    "GET /api/v1/articles": Try(EVERYBODY, query="?site=gazette"),
    "GET /api/v1/openapi.json": Try(EVERYBODY),
    "POST /api/v1/preview": Try(MEMBERS_OF_THE_SERVICE, json={"site": "gazette", "body": "*a*"}),
    "POST /api/v1/accounts": Try(EVERYBODY, json={}),
    "POST /api/v1/guests": Try((NO,) * 6, json={"site": "gazette", "name": "Wren"}),
    "POST /api/v1/sessions": Try(EVERYBODY, json={}),
    "POST /api/v1/sessions/sso": Try((SIGN_IN,) * 6, json={"site": "gazette", "token": "x"}),
    "DELETE /api/v1/sessions/current": Try(MEMBERS_OF_THE_SERVICE),
    "PUT /api/v1/articles/<path:key>": Try((SIGN_IN,) * 6, {"key": "a1"}, json={"site": "gazette"}),
    "GET /livez": Try(EVERYBODY),
    "GET /readyz": Try(EVERYBODY),
    "GET /metrics": Try(EVERYBODY),
}
# Files of a release are the same for everybody and need no site.
FILES = ("/assets/", "/embed/<release>/")


def routes(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(FILES)
    }


def test_every_route_is_in_the_table(app: Flask) -> None:
    assert routes(app) == set(TABLE)


@dataclass(frozen=True)
class World:
    cast: Cast
    kim: User
    ids: dict[str, int]

    def person(self, name: str) -> User | None:
        people = {"rae": self.cast.rae, "mo": self.cast.mo, "ada": self.cast.ada}
        return {**people, "sam": self.cast.sam, "kim": self.kim}.get(name)


@pytest.fixture
def world(app: Flask, cast: Cast) -> Iterator[World]:
    """One of everything on the gazette: a comment of rae's, a member, a key, a sanction."""
    acme = oidc_provider.configured("Acme", "https://acme.example")
    with oidc_provider.offered(app, acme=acme), pushing.set_up(app):
        yield _made(app, cast)


def _made(app: Flask, cast: Cast) -> World:
    watching.hub_of(app).room = 1
    kim, zoe = factories.user("kim"), factories.user("zoe")
    factories.member(cast.gazette, kim, Role.STAFF)
    article = factories.article(cast.gazette, "a1")
    row = factories.comment(article, cast.rae)
    ban = transaction(
        lambda: sanctions.impose(
            cast.gazette, zoe, (Measure.BAN, None, "Threats."), cast.ada, clock.now()
        )
    )
    factories.comment(article, cast.mo, parent=row)
    notified.tell()
    factories.site_key(cast.gazette)
    transaction(lambda: sso_keys.make(cast.gazette, None, clock.now()))
    hook, _secret = receiving.hook(cast.gazette, "https://gazette.example/hook")
    delivery = transaction(lambda: queueing.test(hook, None, clock.now()))
    pushing.keep(Browser("https://push.example/1"), cast.rae)
    ids = {
        "browser": pushing.kept()[0].id,
        "comment": row.id,
        "hook": hook.id,
        "delivery": delivery.id,
        "article": article.id,
        "kim": kim.id,
        "letter": factories.unsent(cast.gazette, cast.rae),
        "sanction": ban.id,
        "key": db.session.scalars(sa.select(SiteKey)).one().id,
        "invitation": factories.invitation(cast.gazette).id,
        "passkey": factories.passkey(cast.rae).id,
        "session": factories.session(cast.rae).id,
        "way": factories.way(cast.rae, "https://acme.example").id,
        "notification": db.session.scalars(sa.select(Notification.id)).one(),
        "sso_key": db.session.scalars(sa.select(SsoKey)).one().id,
    }
    return World(cast, kim, ids)


def attempt(
    world: World, browser: FlaskClient, who: User | None, route: str, token: str | None = None
) -> TestResponse:
    method, rule = route.split(" ", 1)
    tried = TABLE[route]
    address = rule.replace("<token>", "no-such-token").replace("<path:key>", "a1")
    address = address.replace("<key>", "gazette")
    address = address.replace("<provider>", tried.values.get("provider", "acme"))
    if "id" in tried.values:
        address = address.replace("<int:id>", str(world.ids[tried.values["id"]]))
    sent: dict[str, Any] = {}
    if tried.json is not None:
        sent["json"] = tried.json
        sent["headers"] = {"X-CSRFToken": browser.csrf_token}
    if tried.data is not None:
        sent = {"data": tried.data}
    if rule.startswith(("/api/", "/embed")) and who is not None:
        sent["headers"] = {"Authorization": f"Bearer {token or factories.api_token(who)}"}
    return browser.open(address + tried.query, method=method, **sent)


def outcome(response: TestResponse) -> str:
    status = response.status_code
    if status in (301, 302, 303) and "/sign-in" in response.location:
        return SIGN_IN
    assert status < 500, response.text
    return {401: SIGN_IN, 403: NO, 404: GONE}.get(status, YES)


# Signing in wrongly answers 401 to everybody, and leaving leads to the sign-in page: that is in.
IN_ANYWAY = {"POST /sign-in", "POST /sign-out", "POST /api/v1/sessions"}


def is_let_in(route: str, who: str) -> bool:
    return TABLE[route].rights[PEOPLE.index(who)] == YES


def check(world: World, as_: Callable[..., FlaskClient], route: str, who: str) -> None:
    with closing(attempt(world, as_(world.person(who)), world.person(who), route)) as response:
        found = outcome(response)
    if route in IN_ANYWAY and found == SIGN_IN:
        found = YES
    assert found == TABLE[route].rights[PEOPLE.index(who)], f"{who}: {route}"


# Whoever only looks changes nothing: all may share a world.
LOOKS = [route for route in TABLE if route.startswith("GET ")]
ACTS = [route for route in TABLE if route not in LOOKS]


@pytest.mark.parametrize("who", PEOPLE)
def test_each_sees_what_the_table_says(
    world: World, as_: Callable[..., FlaskClient], who: str
) -> None:
    for route in LOOKS:
        check(world, as_, route, who)


@pytest.mark.parametrize("route", ACTS)
def test_who_may_acts_and_others_are_turned_away(
    world: World, as_: Callable[..., FlaskClient], route: str
) -> None:
    """Those who may not come first, since they change nothing."""
    for who in sorted(PEOPLE, key=lambda who: is_let_in(route, who)):
        check(world, as_, route, who)


STAFF_ROUTES = [route for route, tried in TABLE.items() if tried.rights in (MODERATORS, ADMINS)]


def test_a_widgets_token_has_a_readers_rights_only(world: World, client: FlaskClient) -> None:
    token = factories.bearer(world.cast.ada, world.cast.gazette)
    headers = {"Authorization": f"Bearer {token}", "Origin": PUBLISHER}
    tried = [route for route in STAFF_ROUTES if " /api/" in route]
    for route in tried:
        method, rule = route.split(" ", 1)
        address = rule.replace("<int:id>", str(world.ids["comment"])) + TABLE[route].query
        response = client.open(address, method=method, headers=headers, json=TABLE[route].json)
        assert response.status_code == 403, route
    assert tried


PAGES = [
    route
    for route, tried in TABLE.items()
    if route.startswith("GET ")
    and tried.rights[0] == SIGN_IN
    and not route.startswith(("GET /api/", "GET /embed"))
]


def test_a_bearer_is_nobody_on_our_pages(world: World, client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {factories.api_token(world.cast.ada)}"}
    for route in PAGES:
        address = route.removeprefix("GET ").replace("<key>", "gazette")
        address = address.replace("<int:id>", str(world.ids["comment"])) + TABLE[route].query
        address = address.replace("<provider>", "acme")
        response = client.get(address, headers=headers)
        assert response.status_code in (302, 303), route
        assert "/sign-in" in response.location

"""Sessions and roles that are taken away: gone with the next request, also from open pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, Page, expect

from comments import clock
from comments.accounts.models import Session, User
from comments.db import db, transaction
from comments.sites import members
from comments.sites.models import Membership, Role
from comments.threads.models import Status
from comments.widget.live import PING, Hub
from tests import factories, live
from tests.conftest import PUBLISHER, Cast, Statements
from tests.sites.sso import publisher as sso
from tests.widget import reader
from tests.widget.publisher import Publisher, slot

As = Callable[[User | None], FlaskClient]
ME = "/embed/me?site=gazette&article=tides"


@dataclass
class Place:
    """Somewhere somebody is signed in: what they ask for there, and as what that is known."""

    browser: FlaskClient
    address: str
    headers: dict[str, str]

    def is_in(self) -> bool:
        return self.browser.get(self.address, headers=self.headers).status_code == 200


@pytest.fixture(params=["cookie", "bearer", "api", "sso"])
def place(request: pytest.FixtureRequest, app: Flask, cast: Cast, as_: As) -> Place:
    if request.param == "cookie":
        return Place(as_(cast.rae), "/account", {})
    client = app.test_client()
    if request.param == "api":
        factories.member(cast.gazette, cast.rae, Role.MODERATOR)
        address = "/api/v1/moderation/queue?site=gazette&view=waiting"
        return Place(client, address, authorized(factories.api_token(cast.rae)))
    if request.param == "bearer":
        token = factories.bearer(cast.rae, cast.gazette)
    else:
        signed = sso.signed(sso.claims(), sso.secret(cast.gazette).text)
        body = {"site": "gazette", "token": signed}
        entered = client.post("/api/v1/sessions/sso", json=body, headers={"Origin": PUBLISHER})
        token = entered.json["token"]
    return Place(client, ME, authorized(token) | {"Origin": PUBLISHER})


def authorized(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def last_session() -> Session:
    return db.session.scalars(sa.select(Session).order_by(Session.id.desc()).limit(1)).one()


def test_a_session_that_is_ended_is_over_at_once(place: Place, as_: As) -> None:
    """By its person on our pages; whom a publisher signs in can only go where they are."""
    assert place.is_in()
    session = last_session()
    if session.user.site_id is None:
        answer = as_(session.user).post(f"/account/sessions/{session.id}/end")
        assert answer.status_code == 303
    else:
        answer = place.browser.delete("/api/v1/sessions/current", headers=place.headers)
        assert answer.status_code == 204
    assert not place.is_in()


def test_who_is_signed_out_everywhere_is_in_nowhere(place: Place) -> None:
    assert place.is_in()
    factories.end_sessions(last_session().user)
    assert not place.is_in()


# Roles


@pytest.mark.parametrize("role", [None, Role.STAFF], ids=["removed", "demoted"])
def test_a_role_that_is_lost_is_lost_at_once(
    app: Flask, cast: Cast, as_: As, client: FlaskClient, role: Role | None
) -> None:
    comment = factories.comment(factories.article(cast.gazette, "tides"), cast.rae)
    program, widget = factories.api_token(cast.mo), factories.bearer(cast.mo, cast.gazette)
    desk = as_(cast.mo)

    def answers() -> list[int]:
        queue = "/api/v1/moderation/queue?site=gazette&view=waiting"
        decided = {"action": "approve", "revision": 1, "seen": str(comment.decided_id)}
        path = f"/api/v1/comments/{comment.id}/decisions"
        return [
            desk.get("/sites/gazette/moderation").status_code,
            desk.get(f"/moderation/comments/{comment.id}").status_code,
            client.get(queue, headers=authorized(program)).status_code,
            client.post(path, json=decided, headers=authorized(program)).status_code,
        ]

    def moderates() -> str | None:
        headers = authorized(widget) | {"Origin": PUBLISHER}
        text = client.get(ME, headers=headers).text.split('application/json">')[1]
        found: str | None = json.loads(text.split("</script>")[0])["moderate"]
        return found

    assert answers() == [200, 200, 200, 201]
    assert moderates()

    def act() -> None:
        member = db.session.get_one(Membership, (cast.gazette.id, cast.mo.id))
        if role is None:
            members.remove(member, None, clock.now())
        else:
            members.change_role(member, role, None, clock.now())

    transaction(act)
    assert answers() == [404 if role is None else 403] * 4
    assert not moderates()


# Streams


def test_a_stream_knows_nobody(
    client: FlaskClient, cast: Cast, hub: Hub, statements: Statements
) -> None:
    """So there is nothing of a person's in it that would have to end with their session."""
    factories.comment(factories.article(cast.gazette, "tides"), cast.rae, to=Status.PENDING)
    address = "/embed/events?site=gazette&article=tides"
    token = factories.bearer(cast.rae, cast.gazette)
    first = []
    for headers in (authorized(token), authorized("ended"), {}):
        statements.clear()
        answer = client.get(address, headers={**headers, "Origin": PUBLISHER})
        assert answer.status_code == 200
        assert not [each for each in statements if "sessions" in each or "users" in each]
        parts = iter(answer.response)
        told = next(part for part in parts if part != PING)
        first.append([line for line in told.splitlines() if not line.startswith(b"retry")])
        answer.close()
    assert first[0] == first[1] == first[2]
    (data,) = [line for line in first[0] if line.startswith(b"data: ")]
    assert json.loads(data.removeprefix(b"data: ")) == {
        "article": "tides",
        "version": 1,
        "open": True,
    }


# On a publisher's page


@pytest.mark.browser
def test_a_page_that_is_open_falls_back_and_keeps_what_was_typed(
    page: Page,
    context: BrowserContext,
    app: Flask,
    publisher: Publisher,
    cast: Cast,
) -> None:
    """What waits was for its author's eyes alone, and goes; an edit of it comes again with them."""
    article = factories.article(cast.gazette, "tides")
    factories.comment(article, cast.rae, "Only mine, so far.", to=Status.PENDING)
    reader.without_cache(page)
    reader.arrive(page, publisher.page(slot() + slot("dunes")), cast.rae, cast.gazette)
    mine = page.locator(".comment", has_text="Only mine, so far.")
    mine.get_by_role("link", name="Edit").click()
    page.get_by_label("Your comment").fill("Mine, and better.")
    page.get_by_role("link", name="Write a comment").last.click()
    page.get_by_label("Your comment").last.fill("Typed in the meantime.")
    factories.end_sessions(cast.rae)
    factories.comment(article, cast.sam, "News that make the page look.")
    reader.look_again(page)
    expect(page.get_by_role("button", name="Sign in or sign up")).to_have_count(2)
    expect(page.get_by_text("Only mine, so far.")).to_have_count(0)
    expect(page.get_by_text("Signed in as rae")).to_have_count(0)
    field = page.get_by_label("Your comment").last
    expect(field).to_have_value("Typed in the meantime.")
    expect(page.get_by_role("button", name="Sign in and post")).to_be_visible()
    kept = page.evaluate("JSON.parse(localStorage.getItem('comments:gazette'))")
    assert "token" not in kept

    live.sign_in(context, app, publisher.service, cast.rae)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in or sign up").first.click()
    opened.value.get_by_role("button", name="Continue as rae").click()
    expect(page.get_by_label("Your comment").first).to_have_value("Mine, and better.")
    expect(page.get_by_label("Your comment").last).to_have_value("Typed in the meantime.")

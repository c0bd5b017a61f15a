"""The page on which people choose to hear in their browsers, and what a browser does with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.test import TestResponse

from comments import security, vapid
from comments.accounts.models import User
from comments.notifications.push import browsers
from tests import axe, factories, live, servers
from tests.conftest import Cast
from tests.notifications import pushing
from tests.notifications.pushing import Browser, kept

As = Callable[[User | None], FlaskClient]
PLACE = "/notifications/browsers"
SERVICE = "https://push.example/send/"


def sent(client: FlaskClient, given: Any) -> TestResponse:
    assert client.csrf_token  # type: ignore[attr-defined]
    headers = {"X-CSRFToken": client.csrf_token}  # type: ignore[attr-defined]
    return client.post(PLACE, json=given, headers=headers)


def test_one_begins_and_ends_to_hear_in_a_browser(cast: Cast, as_: As, pushes: None) -> None:
    rae, made = as_(cast.rae), Browser(f"{SERVICE}1")
    assert PLACE in rae.get("/notifications/settings").text
    page = rae.get(PLACE).text
    assert f'data-push="{vapid.public_key(pushing.KEY)}"' in page
    assert sent(rae, made.given).status_code == 201
    (row,) = kept()
    assert (row.user_id, row.endpoint) == (cast.rae.id, made.endpoint)
    page = rae.get(PLACE).text
    assert "This browser" in page
    assert "<bdi>push.example</bdi>" in page
    assert "data-push=" not in page
    elsewhere = as_(cast.rae).get(PLACE).text
    assert "Another browser" in elsewhere
    assert "data-push=" in elsewhere
    assert as_(cast.sam).post(f"{PLACE}/{row.id}/remove").status_code == 404
    assert rae.post(f"{PLACE}/{row.id}/remove").location == PLACE
    assert kept() == []


def test_the_same_browser_twice_is_one(cast: Cast, as_: As, pushes: None) -> None:
    rae, made = as_(cast.rae), Browser(f"{SERVICE}1")
    before = [sent(rae, made.given).status_code and kept()[0].id for _ in range(2)]
    assert before[0] == before[1]
    fresh = Browser(f"{SERVICE}2")
    sent(rae, fresh.given)
    assert [row.endpoint for row in kept()] == [fresh.endpoint]


def test_a_browser_belongs_to_who_signed_in_there_last(cast: Cast, as_: As, pushes: None) -> None:
    made = Browser(f"{SERVICE}1")
    for person in (cast.rae, cast.sam):
        assert sent(as_(person), made.given).status_code == 201
    assert [row.user_id for row in kept()] == [cast.sam.id]


def test_there_are_ten_at_most(cast: Cast, as_: As, pushes: None) -> None:
    for number in range(browsers.MOST):
        pushing.keep(Browser(f"{SERVICE}{number}"), cast.rae)
    answer = sent(as_(cast.rae), Browser(f"{SERVICE}more").given)
    assert (answer.status_code, answer.json["code"]) == (409, "ten-browsers")
    assert len(kept()) == browsers.MOST


GOOD = Browser(f"{SERVICE}1").given
POINT = GOOD["keys"]["p256dh"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({**GOOD, "endpoint": "http://push.example/1"}, "endpoint"),
        ({**GOOD, "endpoint": "https://user@push.example/1"}, "endpoint"),
        ({**GOOD, "endpoint": "https://[::1]/1"}, "endpoint"),
        ({**GOOD, "endpoint": "https://push.example/\r\nX: y"}, "endpoint"),
        ({**GOOD, "endpoint": "https://push.example/" + "x" * 1000}, "endpoint"),
        ({**GOOD, "endpoint": 1}, "endpoint"),
        ({**GOOD, "more": 1}, "more"),
        ({"endpoint": GOOD["endpoint"]}, "keys"),
        ({**GOOD, "keys": {**GOOD["keys"], "auth": "AAAA"}}, "keys.auth"),
        ({**GOOD, "keys": {**GOOD["keys"], "auth": "é" * 22}}, "keys.auth"),
        ({**GOOD, "keys": {**GOOD["keys"], "p256dh": POINT[:-4]}}, "keys.p256dh"),
        ({**GOOD, "keys": {**GOOD["keys"], "p256dh": "B" + "A" * 86}}, "keys.p256dh"),
        ({**GOOD, "keys": {**GOOD["keys"], "p256dh": "x" * 200}}, "keys.p256dh"),
        ([], ""),
    ],
)
def test_what_no_browser_gives_is_named(
    cast: Cast, as_: As, pushes: None, given: Any, field: str
) -> None:
    answer = sent(as_(cast.rae), given)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert [fault["field"] for fault in answer.json["faults"]] == [field]
    assert kept() == []


def test_refusals_of_what_a_script_sends_are_problems(cast: Cast, as_: As, pushes: None) -> None:
    answers = [as_(None).post(PLACE, json=GOOD), sent(as_(None), GOOD)]
    answers.append(as_(cast.rae).post(PLACE, json=GOOD))
    assert [answer.status_code for answer in answers] == [403, 401, 403]
    assert {answer.mimetype for answer in answers} == {"application/problem+json"}
    assert kept() == []


def test_without_a_key_there_is_nothing(cast: Cast, as_: As) -> None:
    rae = as_(cast.rae)
    assert PLACE not in rae.get("/notifications/settings").text
    for place in (PLACE, "/notifications/worker.js"):
        assert rae.get(place).status_code == 404
    assert sent(rae, GOOD).status_code == 404
    assert rae.post(f"{PLACE}/1/remove").status_code == 404


def test_the_page_loosens_its_policy_by_one_name_alone(cast: Cast, as_: As, pushes: None) -> None:
    policy = as_(cast.rae).get(PLACE).headers["Content-Security-Policy"]
    assert policy.replace("trusted-types push", "trusted-types 'none'") == security.OWN_POLICY
    worker = as_(None).get("/notifications/worker.js")
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Content-Security-Policy"] == security.OWN_POLICY


def test_a_session_that_is_over_keeps_nothing(cast: Cast, as_: As, pushes: None) -> None:
    rae = as_(cast.rae)
    factories.end_sessions(cast.rae)
    assert sent(rae, GOOD).status_code == 401


TOLD = {"title": "sam answered you", "body": "High water", "url": "http://127.0.0.1:8000/mine"}
# The browser's own part: no push service can be reached from here.
GIVES = """
  PushManager.prototype.subscribe = async function (asked) {
    window.asked = asked;
    return { toJSON: () => ({ ...GIVEN, expirationTime: null }) };
  };
"""
# Nor does every browser without a window show a notification.
SHOWS = """
  () => ServiceWorkerRegistration.prototype.showNotification = async (title, { body, data }) => {
    self.shown = { title, body, url: data };
  }
"""


@pytest.fixture
def context(app: Flask, address: str, chromium: Chromium, cast: Cast) -> Iterator[BrowserContext]:
    with pushing.set_up(app):
        made = chromium.new_context(permissions=["notifications"])
        live.sign_in(made, app, address, cast.rae)
        yield made
        made.close()


@pytest.mark.browser
def test_the_page_hands_on_what_the_browser_gives(
    context: BrowserContext, address: str, cast: Cast
) -> None:
    context.add_init_script(GIVES.replace("GIVEN", json.dumps(GOOD)))
    page = context.new_page()
    page.goto(address + PLACE)
    assert axe.violations(page) == []
    page.get_by_role("button", name="Notify me in this browser").click()
    expect(page.get_by_text("You hear in this browser from now on.")).to_be_visible()
    assert [row.endpoint for row in kept()] == [GOOD["endpoint"]]
    assert axe.violations(page) == []
    assert shown_by_the_worker(page, address) == TOLD
    page.get_by_role("button", name="Remove This browser").click()
    expect(page.get_by_text("Nothing is shown there any more.")).to_be_visible()
    assert kept() == []


def shown_by_the_worker(page: Page, address: str) -> dict[str, Any]:
    """What the service worker makes of a message that a push service brings."""
    devtools = page.context.new_cdp_session(page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (worker,) = page.context.service_workers
    worker.evaluate(SHOWS)
    message = {"origin": address, "registrationId": found[0], "data": json.dumps(TOLD)}
    devtools.send("ServiceWorker.deliverPushMessage", message)
    servers.wait_for(lambda: worker.evaluate("self.shown") is not None)
    shown: dict[str, Any] = worker.evaluate("self.shown")
    return shown


@pytest.mark.browser
@pytest.mark.parametrize("lacks", ["push", "script"])
def test_where_a_browser_can_not_there_is_no_button(
    app: Flask, address: str, chromium: Chromium, cast: Cast, pushes: None, lacks: str
) -> None:
    context = chromium.new_context(java_script_enabled=lacks != "script")
    live.sign_in(context, app, address, cast.rae)
    context.add_init_script("delete window.PushManager")
    page = context.new_page()
    page.goto(address + PLACE)
    expect(page.get_by_text("This browser can't show notifications of ours")).to_be_visible()
    expect(page.get_by_role("button", name="Notify me")).to_have_count(0)
    context.close()


@pytest.mark.browser
def test_a_browser_that_refuses_says_what_to_do(context: BrowserContext, address: str) -> None:
    context.add_init_script("PushManager.prototype.subscribe = () => Promise.reject(new Error())")
    page = context.new_page()
    page.goto(address + PLACE)
    page.get_by_role("button", name="Notify me in this browser").click()
    expect(page.get_by_role("alert")).to_contain_text("Allow notifications from this page")
    assert axe.violations(page) == []
    assert kept() == []

"""Passkeys: who they sign in, and every answer that is not good."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.test import TestResponse

from comments import clock, settings
from comments.accounts import closing, copies, sessions
from comments.accounts.factors.models import Passkey, RecoveryCode, SpentChallenge
from comments.accounts.models import User
from comments.db import db, transaction
from tests import axe, factories, forms, live
from tests.accounts.factors.authenticator import PRESENT, Authenticator
from tests.conftest import HOST, PASSWORD, Cast

As = Callable[[User | None], FlaskClient]
ORIGIN, NAME = "https://talk.example", "talk.example"
ADD, SECOND = "/account/factors/passkey", "/sign-in/second"


@pytest.fixture
def named(app: Flask) -> Iterator[None]:
    """The service is known by a name, as browsers want it for passkeys."""
    known = settings.current_of(app)
    app.extensions["comments"] = known.model_copy(update={"url": ORIGIN})
    yield
    app.extensions["comments"] = known


@pytest.fixture
def key(named: None) -> Authenticator:
    return Authenticator(ORIGIN, NAME)


@pytest.fixture
def own(key: Authenticator, mo: User, as_: As) -> Authenticator:
    """A passkey of mo's."""
    assert added(as_(mo), key).status_code == 200
    return key


def options(page: str) -> str:
    found = re.search(r'data-passkey="([^"]+)"', page)
    assert found, "the page asks for no passkey"
    return html.unescape(found[1])


def added(browser: FlaskClient, key: Authenticator, name: str = "Laptop") -> TestResponse:
    answer = key.made(options(browser.get(ADD).text))
    return browser.post(ADD, data={"name": name, "credential": answer})


def signed_in_by(browser: FlaskClient, key: Authenticator) -> TestResponse:
    page = browser.get("/sign-in?next=/mine").text
    return send(browser, page, "/sign-in/passkey?next=/mine", key.proof(options(page)))


def send(browser: FlaskClient, page: str, to: str, credential: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    return browser.post(to, data={"csrf_token": token[1], "credential": credential})


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/account").status_code == 200


def half(app: Flask) -> FlaskClient:
    """A browser that gave mo's password."""
    browser = app.test_client()
    answer = forms.send(browser, "/sign-in?next=/mine", login="mo", password=PASSWORD)
    assert answer.location == SECOND
    return browser


# Adding and removing


def test_a_first_passkey_brings_recovery_codes(as_: As, mo: User, key: Authenticator) -> None:
    answer = added(as_(mo), key)
    assert len(re.findall(r"<li>[a-z2-9-]{19}</li>", answer.text)) == 10
    row = db.session.scalars(sa.select(Passkey)).one()
    assert (row.user_id, row.name, row.sign_count) == (mo.id, "Laptop", 0)
    second = Authenticator(ORIGIN, NAME)
    assert added(as_(mo), second, "Phone").status_code == 303
    assert second.handle == key.handle
    page = as_(mo).get("/account/factors").text
    assert "Laptop" in page
    assert "Phone" in page


def test_a_passkey_is_removed_by_its_owner(as_: As, cast: Cast, mo: User, own: Any) -> None:
    row = db.session.scalars(sa.select(Passkey)).one()
    path = f"/account/factors/passkeys/{row.id}/remove"
    assert as_(cast.rae).post(path).status_code == 404
    assert as_(mo).post(path).status_code == 303
    db.session.refresh(mo)
    assert not mo.has_factor
    assert db.session.scalars(sa.select(RecoveryCode)).all() == []


def test_the_same_passkey_is_added_once(as_: As, cast: Cast, own: Authenticator) -> None:
    assert added(as_(cast.rae), own).status_code == 422


def test_there_is_an_end_to_passkeys(as_: As, mo: User, named: None) -> None:
    browser = as_(mo)
    for _ in range(20):
        assert added(browser, Authenticator(ORIGIN, NAME)).status_code in (200, 303)
    assert added(browser, Authenticator(ORIGIN, NAME)).status_code == 409


def test_the_address_of_a_machine_has_no_passkeys(as_: As, mo: User) -> None:
    assert "data-passkey" not in as_(mo).get(ADD).text
    assert "data-passkey" not in as_(None).get("/sign-in").text


@pytest.mark.parametrize(
    "told",
    [{"origin": "https://evil.example"}, {"origin": "http://talk.example"}, {"host": "example"}],
)
def test_a_passkey_that_was_made_elsewhere_is_not_added(
    as_: As, mo: User, key: Authenticator, told: dict[str, str]
) -> None:
    assert added(as_(mo), replace(key, **told)).status_code == 422
    assert db.session.scalars(sa.select(Passkey)).all() == []


# Signing in


def test_a_passkey_alone_signs_in(app: Flask, own: Authenticator, mo: User) -> None:
    browser = app.test_client()
    answer = signed_in_by(browser, own)
    assert (answer.status_code, answer.location) == (303, "/mine")
    assert "Signed in as <bdi>mo</bdi>" in browser.get("/account").text
    assert db.session.scalars(sa.select(Passkey)).one().used_at == clock.now()


def test_alone_it_must_have_verified_its_owner(app: Flask, own: Authenticator) -> None:
    browser = app.test_client()
    assert signed_in_by(browser, replace(own, flags=PRESENT)).status_code == 422
    assert not is_in(browser)


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://talk.example.evil.example"},
        {"host": "evil.example"},
        {"flags": 0},
        {"handle": b"somebody else"},
        {"id": b"unknown"},
        {"key": Authenticator("", "").key},
    ],
)
def test_an_answer_that_is_not_good_signs_nobody_in(
    app: Flask, own: Authenticator, told: dict[str, Any]
) -> None:
    browser = app.test_client()
    answer = signed_in_by(browser, replace(own, **told))
    assert answer.status_code == 422
    assert "could not be checked" in answer.text
    assert not is_in(browser)
    assert signed_in_by(browser, own).status_code == 303


def test_an_answer_counts_once(app: Flask, own: Authenticator) -> None:
    browser = app.test_client()
    page = browser.get("/sign-in").text
    with browser.session_transaction(base_url=HOST) as cookie:
        kept = dict(cookie)
    answer = own.proof(options(page))
    assert send(browser, page, "/sign-in/passkey", answer).status_code == 303
    thief = app.test_client()
    with thief.session_transaction(base_url=HOST) as cookie:
        cookie.update(kept)
    assert send(thief, page, "/sign-in/passkey", answer).status_code == 422
    assert not is_in(thief)


def test_an_answer_counts_in_the_browser_that_was_asked(app: Flask, own: Authenticator) -> None:
    page = app.test_client().get("/sign-in").text
    other = app.test_client()
    fresh = other.get("/sign-in").text
    assert send(other, fresh, "/sign-in/passkey", own.proof(options(page))).status_code == 422


def test_an_answer_that_took_too_long_does_not_count(app: Flask, own: Authenticator) -> None:
    browser = app.test_client()
    page = browser.get("/sign-in").text
    clock.freeze(clock.now() + timedelta(minutes=10))
    answer = send(browser, page, "/sign-in/passkey", own.proof(options(page)))
    assert (answer.status_code, "took too long" in answer.text) == (422, True)


def test_what_one_purpose_asked_is_no_answer_to_another(
    app: Flask, as_: As, mo: User, own: Authenticator
) -> None:
    answer = own.proof(options(as_(mo).get("/account/prove").text))
    browser = app.test_client()
    page = browser.get("/sign-in").text
    assert send(browser, page, "/sign-in/passkey", answer).status_code == 422


def test_a_copy_is_told_by_its_count(app: Flask, as_: As, mo: User, named: None) -> None:
    own = Authenticator(ORIGIN, NAME, count=7)
    added(as_(mo), own)
    copy = replace(own)
    assert signed_in_by(app.test_client(), own).status_code == 303
    assert signed_in_by(app.test_client(), own).status_code == 303
    assert signed_in_by(app.test_client(), copy).status_code == 422
    assert signed_in_by(app.test_client(), own).status_code == 303


@pytest.mark.parametrize(
    "answer",
    ["", "x", "{}", "[]", "null", "[" * 9000, '{"id":1}', "\\u0000", "x" * 16_001]
    + [
        json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": each})
        for each in ({}, 1, {"clientDataJSON": "%", "authenticatorData": "", "signature": ""})
    ],
)
def test_whatever_is_no_answer_is_refused(
    app: Flask, as_: As, mo: User, key: Authenticator, answer: str
) -> None:
    browser = app.test_client()
    page = browser.get("/sign-in").text
    assert send(browser, page, "/sign-in/passkey", answer).status_code == 422
    own = as_(mo)
    own.get(ADD)
    assert own.post(ADD, data={"name": "x", "credential": answer}).status_code == 422


# As a second step, and as a proof


def test_a_passkey_is_a_second_step(app: Flask, own: Authenticator, mo: User) -> None:
    browser = half(app)
    page = browser.get(SECOND).text
    silent = replace(own, flags=PRESENT)
    answer = send(browser, page, f"{SECOND}/passkey", silent.proof(options(page)))
    assert (answer.status_code, answer.location) == (303, "/mine")
    assert is_in(browser)


def test_the_second_step_takes_ones_own_passkey(
    app: Flask, as_: As, cast: Cast, own: Authenticator
) -> None:
    raes = Authenticator(ORIGIN, NAME)
    added(as_(cast.rae), raes)
    browser = half(app)
    page = browser.get(SECOND).text
    answer = send(browser, page, f"{SECOND}/passkey", raes.proof(options(page)))
    assert answer.status_code == 422
    assert not is_in(browser)
    assert len(db.session.scalars(sa.select(SpentChallenge)).all()) == 2, "of adding two"


def test_without_the_passkey_there_are_recovery_codes(
    app: Flask, as_: As, mo: User, key: Authenticator
) -> None:
    shown = re.findall(r"<li>([a-z2-9-]{19})</li>", added(as_(mo), key).text)
    browser = half(app)
    assert forms.send(browser, SECOND, code=shown[0]).status_code == 303


def test_a_passkey_is_a_fresh_proof(as_: As, mo: User, own: Authenticator) -> None:
    browser = as_(mo)
    clock.freeze(clock.now() + timedelta(minutes=11))
    page = browser.post("/account/factors/codes").text
    proof = own.proof(options(page))
    answer = browser.post("/account/factors/codes", data={"proof_passkey": proof})
    assert "Here are new recovery codes" in answer.text
    proved = {session.proved_at for session in db.session.scalars(sessions.of(mo))}
    assert clock.now() in proved


def test_a_copy_of_ones_data_names_them_and_who_leaves_leaves_none(
    mo: User, own: Authenticator
) -> None:
    names = [each["name"] for each in copies.of(mo, clock.now())["second_factors"]["passkeys"]]
    assert names == ["Laptop"]
    transaction(lambda: closing.close(mo, erase=False, now=clock.now()))
    assert db.session.scalars(sa.select(Passkey)).all() == []


# In a browser


@pytest.fixture
def context(app: Flask, chromium: Browser, cast: Cast) -> Iterator[tuple[BrowserContext, str]]:
    with live.service(app, "localhost") as address:
        context = chromium.new_context(base_url=address)
        yield context, address
        context.close()


def with_authenticator(page: Page) -> Page:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return page


@pytest.mark.browser
def test_a_passkey_is_made_used_and_removed(
    app: Flask, cast: Cast, gives: Callable[[User], User], context: tuple[BrowserContext, str]
) -> None:
    factories.settle(cast.gazette, second_factor=True)
    browser, address = context
    mo = gives(cast.mo)
    live.sign_in(browser, app, address, mo)
    page = with_authenticator(browser.new_page())
    page.add_init_script(
        "if (!sessionStorage.offered) PublicKeyCredential.isConditionalMediationAvailable = null"
    )
    page.goto("/sites/gazette/moderation")
    page.get_by_text("Gazette asks its moderators for a second factor").wait_for()
    page.click("text=Add a passkey")
    page.fill("#field-name", "This laptop")
    assert axe.violations(page) == []
    page.click("text=Make the passkey")
    page.click("text=I have kept them")
    page.get_by_text("This laptop").first.wait_for()
    assert axe.violations(page) == []

    page.click("text=Sign out")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("Nothing waits.").wait_for()

    page.click("text=Sign out")
    page.fill("#field-login", "mo")
    page.fill("#field-password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/sign-in/second")
    assert axe.violations(page) == []
    page.click("text=Use a passkey")
    page.get_by_text("Signed in as").wait_for()

    # Offered among what the browser fills in, where this authenticator takes it at once.
    page.evaluate("sessionStorage.offered = 1")
    with page.expect_response("**/sign-in/passkey*") as answer:
        page.click("text=Sign out")
    assert answer.value.status == 303
    page.get_by_text("Signed in as").wait_for()
    page.evaluate("sessionStorage.clear()")

    page.goto("/account/factors")
    page.get_by_role("button", name="Remove This laptop").click()
    page.get_by_text("The passkey is removed.").wait_for()
    page.click("text=Sign out")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("not known here").wait_for()

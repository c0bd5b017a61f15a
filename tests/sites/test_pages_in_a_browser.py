"""Every page of accounts and sites in a real browser, narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from comments import clock
from comments.accounts import letters, links, passwords
from comments.accounts.models import User
from comments.db import transaction
from comments.notifications.unsent import words
from comments.sites import keys, sanctions
from comments.sites.models import Measure, Role
from tests import factories, live, oidc_provider
from tests.accounts.factors import phone
from tests.axe import wherever
from tests.conftest import Cast
from tests.hooks import receiving
from tests.sites.sso import publisher

pytestmark = pytest.mark.browser

PASSWORD = "a quiet lamp on tuesday"
KIM = "kim@example.com"


@dataclass
class Place:
    app: Flask
    address: str
    cast: Cast
    browser: Browser
    context: BrowserContext

    def page(self, user: User | None, path: str) -> Page:
        self.context.clear_cookies()
        if user is not None:
            live.sign_in(self.context, self.app, self.address, user)
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        page.goto(self.address + path)
        return page


@pytest.fixture
def place(app: Flask, address: str, chromium: Browser, cast: Cast) -> Iterator[Place]:
    context = chromium.new_context(viewport={"width": 360, "height": 800})
    yield Place(app, address, cast, chromium, context)
    context.close()


def test_pages_for_everybody(place: Place) -> None:
    factories.settle(
        place.cast.gazette,
        rules="Be kind.",
        rules_url="https://gazette.example/rules",
        privacy_url="https://gazette.example/privacy",
        contact="mailto:talk@gazette.example",
    )
    token = transaction(lambda: links.make(place.cast.rae, clock.now()))
    claim = letters.confirmation(factories.user("kim", email=KIM), KIM, clock.now())
    for path in (
        "/sign-in",
        "/sign-up?site=gazette",
        f"/link/{token}",
        f"/confirm/{claim}",
        "/nowhere",
        "/recover",
    ):
        assert wherever(place.page(None, path)) == []
    page = place.context.pages[0]
    page.fill("#field-login", "rae")
    page.click("main button")
    page.get_by_role("heading", name="Look into your mail").wait_for()
    assert wherever(page) == []


def test_to_a_provider_and_back(place: Place, provider: oidc_provider.Running) -> None:
    acme = oidc_provider.configured("Acme", provider.issuer)
    with oidc_provider.offered(place.app, acme=acme):
        page = place.page(None, "/sign-in")
        page.route(f"{provider.issuer}/**", lambda route: route.fulfill(status=204))
        page.route("**/returned.js*", lambda route: route.abort())
        page.get_by_role("button", name="Continue with Acme").click()
        page.get_by_role("heading", name="On to Acme").wait_for()
        assert wherever(page) == []
        assert wherever(place.page(None, "/sign-in/with/acme/callback?code=x&state=y")) == []


def test_a_guest_on_our_page(place: Place) -> None:
    factories.settle(place.cast.gazette, commenters="guests")
    page = place.page(None, "/thread?site=gazette&article=tides&guest=1")
    assert wherever(page) == []
    page.get_by_label("Your comment").fill("Spring tide.")
    page.get_by_label("Your name").fill("Admin")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator("[name=name]")).to_be_focused()
    assert page.get_attribute("#field-body", "aria-invalid") is None
    assert wherever(page) == []
    page.get_by_label("Your name").fill("Wren")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_label("This is your private link.").wait_for()
    assert wherever(page) == []


def test_a_form_with_faults_is_named_and_focused(place: Place) -> None:
    page = place.page(None, "/sign-up")
    page.fill("#field-name", "!")
    page.fill("#field-password", "password")
    page.click("main button")
    expect(page.get_by_role("alert")).to_be_focused()
    assert page.input_value("#field-name") == "!"
    assert page.input_value("#field-password") == ""
    described = page.get_attribute("#field-name", "aria-describedby")
    assert described == "hint-name fault-name-1"
    assert wherever(page) == []
    page.click("[role=alert] a >> nth=0")
    expect(page.locator("#field-name")).to_be_focused()


def test_pages_of_an_account(place: Place) -> None:
    rae = place.cast.rae
    secret = passwords.hashed(PASSWORD)
    transaction(lambda: passwords.keep(rae, secret, clock.now()))
    factories.bearer(rae, place.cast.gazette)
    paths = ("", "/name", "/email", "/password", "/sessions", "/feed", "/data", "/delete")
    for path in paths:
        assert wherever(place.page(rae, f"/account{path}")) == []


def test_pages_of_second_factors(place: Place) -> None:
    mo = place.cast.mo
    for path in ("factors", "factors/app", "prove"):
        assert wherever(place.page(mo, f"/account/{path}")) == []
    phone.set_up(mo)
    for path in ("factors", "prove"):
        assert wherever(place.page(mo, f"/account/{path}")) == []
    page = place.page(mo, "/account/factors")
    page.click("text=Make new codes")
    page.wait_for_selector(".recovery")
    assert wherever(page) == []
    page = place.page(None, f"/link/{transaction(lambda: links.make(mo, clock.now()))}")
    page.click("main button")
    page.fill("#field-code", "000000")
    page.click("main button")
    page.wait_for_selector("[role=alert]")
    assert wherever(page) == []


def test_pages_of_a_site(place: Place) -> None:
    gazette, now = place.cast.gazette, clock.now()
    terms = (Measure.BAN, None, "Spam, again and again.")
    factories.member(place.cast.notes, place.cast.ada, Role.STAFF)
    transaction(lambda: sanctions.impose(gazette, place.cast.rae, terms, place.cast.mo, now))
    transaction(lambda: keys.make(gazette, "The content system", place.cast.ada, now))
    hook = receiving.laid_out(gazette)
    mo = factories.user("moira", email="moira@example.com")
    for kind in words.KINDS:
        factories.unsent(gazette, mo, kind, f"550-5.1.1 {'x' * 80} <moira@example.com> is nobody")
    for path in (
        "hooks",
        f"hooks/{hook.id}",
        "letters",
        "settings",
        "members",
        "keys",
        "sanctions",
        "sso",
        "sso/test",
    ):
        assert wherever(place.page(place.cast.ada, f"/sites/gazette/{path}")) == []
    assert wherever(place.page(place.cast.ada, "/sites")) == []


def test_pages_of_a_publishers_reader(place: Place) -> None:
    yours = factories.yours(factories.reader_of(place.cast.gazette), place.cast.gazette)
    for path in (f"{yours}/data", yours):
        assert wherever(place.page(None, path)) == []
    page = place.page(place.cast.rae, f"{yours}/delete")
    assert wherever(page) == []
    page.click("text=Delete what I wrote too")
    page.click("text=Delete the account")
    page.wait_for_selector("text=Your account is deleted.")
    assert wherever(page) == []
    assert "Signed in as" not in page.content()


def test_an_invitation(place: Place) -> None:
    page = place.page(place.cast.ada, "/sites/gazette/members")
    page.fill("#field-email", "lou@example.com")
    page.click("text=Invite >> nth=-1")
    page.wait_for_selector("text=on its way to lou@example.com")
    page.click("main button.primary")
    page.wait_for_selector("input.code")
    link = page.input_value("input.code").removeprefix(place.address)
    assert wherever(page) == []
    for user in (None, place.cast.ada, place.cast.rae):
        assert wherever(place.page(user, link)) == []


def test_a_new_key_and_overtaken_settings(place: Place) -> None:
    page = place.page(place.cast.ada, "/sites/gazette/keys")
    page.fill("#field-name", "cms")
    page.click("main button.primary")
    page.wait_for_selector("input.code")
    assert wherever(page) == []
    page = place.page(place.cast.ada, "/sites/gazette/settings")
    factories.settle(place.cast.gazette, hold_first=7)
    page.fill("#field-links_allowed", "9")
    page.click("main button.primary")
    page.wait_for_selector("text=In force now: 7")
    assert page.input_value("#field-links_allowed") == "9"
    assert wherever(page) == []


def test_a_sign_in_of_the_publishers_own(place: Place) -> None:
    url = "https://gazette.example/keys.json"
    failure = {"code": "status", "status": 404}
    publisher.settle(place.cast.gazette, url=url, failure=failure, roles={"press": "staff"})
    page = place.page(place.cast.ada, "/sites/gazette/sso")
    page.click("text=Make a secret")
    secret = page.input_value("input.code")
    assert wherever(page) == []
    page.click("summary")
    page.fill("#field-material", "no key")
    page.click("text=Add the key")
    page.wait_for_selector("#fault-material-1")
    assert wherever(page) == []
    page = place.page(place.cast.ada, "/sites/gazette/sso/test")
    said = publisher.claims(iss="http://else.example", roles=["press", "king"])
    for issuer in ("http://else.example", "https://gazette.example"):
        page.fill("#field-token", publisher.signed({**said, "iss": issuer}, secret))
        page.click("main button.primary")
        page.wait_for_selector("main .note")
        assert wherever(page) == []
    assert page.inner_text("main .note strong") == "This token is good. It would sign in Ann."


def test_a_page_can_be_walked_by_keys(place: Place) -> None:
    page = place.page(place.cast.rae, "/account")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[href='/account/name']")).to_be_focused()


def test_a_page_that_is_written_from_the_right_is_mirrored(place: Place, marked: str) -> None:
    page = place.page(place.cast.rae, f"/account?locale={marked}")
    assert page.get_attribute("html", "dir") == "rtl"
    brand, who = (page.locator(each).bounding_box() for each in (".brand", "form.who"))
    assert brand
    assert who
    assert brand["x"] > who["x"]
    assert wherever(page) == []

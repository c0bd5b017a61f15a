"""Signing in by another service, in the window that a publisher's page opened and in an account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from tests import axe, live, oidc_provider
from tests.conftest import Cast
from tests.oidc_provider import Running
from tests.widget import reader
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def offers(app: Flask, publisher: Publisher, provider: Running) -> Iterator[None]:
    with oidc_provider.offered(app, acme=oidc_provider.configured("Acme", provider.issuer)):
        yield


def consent(page: Page, subject: str) -> None:
    """What somebody does at the provider."""
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_a_visitor_comes_by_a_provider_in_the_window_and_the_comment_is_posted(
    page: Page, publisher: Publisher, provider: Running, asked: list[Asked]
) -> None:
    provider.knows("window", name="Jenny Wren", email="jenny@example.com", email_verified=True)
    page.goto(publisher.page())
    reader.write(page, "My first words here.")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in and post").click()
    window = opened.value
    assert axe.violations(window) == []
    window.get_by_role("button", name="Continue with Acme").click()
    consent(window, "window")
    expect(window.get_by_label("Name")).to_have_value("Jenny Wren")
    assert axe.violations(window) == []
    window.get_by_role("button", name="Create the account").click()
    expect(
        window.get_by_role("heading", name="Continue as Jenny Wren on localhost")
    ).to_be_visible()
    with window.expect_event("close"):
        window.get_by_role("button", name="Continue as Jenny Wren").click()
    expect(page.locator(".comment").get_by_text("My first words here.")).to_be_visible()
    back = next(each for each in asked if each.path == "/sign-in/with/acme/callback")
    assert back.headers["Sec-Fetch-Site"] == "cross-site"
    page.evaluate("localStorage.clear()")
    page.context.clear_cookies()
    page.reload()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in").click()
    window = opened.value
    window.get_by_role("link", name="Create an account").click()
    window.get_by_role("button", name="Continue with Acme").click()
    consent(window, "window")
    with window.expect_event("close"):
        window.get_by_role("button", name="Continue as Jenny Wren").click()
    expect(page.get_by_text("Signed in as Jenny Wren")).to_be_visible()


def test_where_no_window_works_the_page_goes_to_the_provider_and_comes_back(
    page: Page, publisher: Publisher, provider: Running
) -> None:
    provider.knows("page", name="Robin")
    url = publisher.page(Cross_Origin_Opener_Policy="same-origin")
    page.goto(url)
    reader.write(page, "Words that must survive.")
    page.get_by_role("button", name="Sign in and post").click()
    page.get_by_role("button", name="Sign in on this page instead").click()
    page.get_by_role("button", name="Continue with Acme").click()
    consent(page, "page")
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("button", name="Continue as Robin").click()
    expect(page.get_by_text("Signed in as Robin")).to_be_visible()
    expect(page.get_by_label("Your comment")).to_have_value("Words that must survive.")
    assert page.url == url


def test_who_says_no_may_come_in_another_way(
    page: Page, publisher: Publisher, provider: Running
) -> None:
    page.goto(f"{publisher.service}/sign-in?next=/mine")
    page.get_by_role("button", name="Continue with Acme").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("You did not let Acme sign you in here.")
    assert axe.violations(page) == []
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_provider_is_linked_and_removed_in_the_account(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    live.sign_in(context, app, publisher.service, cast.rae)
    page.goto(f"{publisher.service}/account")
    page.get_by_role("link", name="Link Acme").click()
    assert axe.violations(page) == []
    page.get_by_role("button", name="Go on to Acme").click()
    consent(page, "linked-by-rae")
    expect(page.get_by_role("status")).to_contain_text("You can sign in by Acme from now on.")
    assert axe.violations(page) == []
    page.get_by_role("link", name="Remove Acme").click()
    page.get_by_role("button", name="Remove Acme").click()
    expect(page.get_by_role("alert")).to_contain_text("This is your only way in.")
    assert axe.violations(page) == []


def test_without_a_script_a_button_goes_on(
    context: BrowserContext, publisher: Publisher, provider: Running
) -> None:
    provider.knows("plain", name="Plain")
    assert context.browser
    plain = context.browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{publisher.service}/sign-in")
    page.get_by_role("button", name="Continue with Acme").click()
    consent(page, "plain")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Name")).to_have_value("Plain")
    plain.close()

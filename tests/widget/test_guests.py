"""Writing on a publisher's page without an account, and coming back to it."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from comments import clock
from comments.accounts import guests
from comments.db import transaction
from comments.threads.models import Status
from tests import axe, factories, live
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def takes_guests(cast: Cast) -> None:
    factories.settle(cast.gazette, commenters="guests")


def approve(page: Page, service: str, words: str) -> None:
    page.goto(f"{service}/sites/gazette/moderation")
    expect(page.get_by_text(words)).to_be_visible()
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_text(words)).to_be_hidden()


def test_a_guest_writes_waits_is_published_comes_back_and_becomes_an_account(
    page: Page,
    context: BrowserContext,
    app: Flask,
    publisher: Publisher,
    cast: Cast,
    asked: list[Asked],
) -> None:
    page.goto(publisher.page())
    reader.write(page, "First words of a guest.")
    assert axe.violations(page) == []
    page.get_by_label("Your name").fill("Wren")
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(".state").get_by_text("Only you see this")).to_be_visible()
    expect(page.get_by_text("Signed in as Wren")).to_be_visible()
    link = page.get_by_label("This is your private link.").input_value()
    assert axe.violations(page) == []
    from_page = [each for each in asked if each.headers.get("Sec-Fetch-Site") == "cross-site"]
    assert {each.path for each in from_page} >= {"/api/v1/guests", "/api/v1/comments"}
    assert not any("Cookie" in each.headers for each in from_page)
    again = {each.path for each in from_page if "Idempotency-Key" in each.headers}
    assert again == {"/api/v1/guests", "/api/v1/comments"}

    desk = context.new_page()
    live.sign_in(context, app, publisher.service, cast.mo)
    approve(desk, publisher.service, "First words of a guest.")
    context.clear_cookies()
    factories.earlier()

    page.goto(publisher.page())
    expect(page.get_by_text("Signed in as Wren")).to_be_visible()
    expect(page.get_by_text("This is your private link.")).to_be_hidden()
    reader.post(page, "Second words, at once.")
    expect(page.locator(".comment").get_by_text("Second words, at once.")).to_be_visible()
    assert factories.newest().status is Status.PUBLISHED

    desk.goto(link)
    assert axe.violations(desk) == []
    desk.get_by_role("button", name="Open my comments").click()
    expect(desk.get_by_text("First words of a guest.")).to_be_visible()
    desk.get_by_role("link", name="Edit").first.click()
    desk.get_by_label("Your comment").fill("Second words, and better.")
    desk.get_by_role("button", name="Save").click()
    desk.goto(f"{publisher.service}/account")
    assert axe.violations(desk) == []
    desk.get_by_role("link", name="Make an account").click()
    assert axe.violations(desk) == []
    desk.get_by_label("Password").fill("seven grey herons waited")
    desk.get_by_role("button", name="Make the account").click()
    expect(desk.get_by_text("Everything you wrote is yours.")).to_be_visible()
    desk.goto(f"{publisher.service}/mine")
    expect(desk.get_by_text("Second words, and better.")).to_be_visible()

    page.goto(publisher.page())
    expect(page.get_by_text("Signed in as Wren")).to_be_visible()
    expect(page.locator(".comment").get_by_text("Second words, and better.")).to_be_visible()


def test_what_is_wrong_is_said_beside_the_form_and_nothing_is_lost(
    page: Page, publisher: Publisher
) -> None:
    page.goto(publisher.page())
    reader.write(page, "Words that must survive.")
    page.get_by_label("Your name").fill("mo")
    page.get_by_role("button", name="Post comment").click()
    expect(reader.alert(page)).to_contain_text("This name is taken")
    page.get_by_label("Your name").fill("Wren")
    page.get_by_label("E-mail").fill("none")
    page.get_by_role("button", name="Post comment").click()
    expect(reader.alert(page)).to_contain_text("This is no e-mail address.")
    expect(page.get_by_label("Your comment")).to_have_value("Words that must survive.")
    page.get_by_label("E-mail").fill("")
    page.get_by_label("E-mail").press("Enter")
    expect(page.get_by_label("This is your private link.")).to_be_visible()


def test_the_private_link_is_copied_by_a_button(
    page: Page, context: BrowserContext, publisher: Publisher
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(publisher.page())
    reader.write(page, "First words of a guest.")
    page.get_by_label("Your name").fill("Wren")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("The link is copied.")).to_be_attached()
    link = page.get_by_label("This is your private link.").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_where_nothing_may_be_copied_it_is_marked_to_copy_by_hand(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    """As on pages without https, where browsers have no clipboard for scripts."""
    comment = factories.comment(factories.article(cast.gazette, "tides"), cast.rae, "Quote me.")
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(publisher.page())
    page.get_by_role("link", name="Link").click()
    by_hand = page.get_by_label("It is marked: copy it yourself.")
    expect(by_hand).to_have_value(f"{publisher.url}/tides#comment-{comment.id}")
    expect(by_hand).to_be_focused()
    assert page.evaluate("getSelection().toString()") == by_hand.input_value()
    assert axe.violations(page) == []
    reader.write(page, "First words of a guest.")
    expect(by_hand).to_have_count(0)
    page.get_by_label("Your name").fill("Wren")
    page.get_by_role("button", name="Post comment").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(
        page.get_by_role("paragraph").get_by_text("It is marked: copy it yourself.")
    ).to_be_visible()
    expect(page.get_by_label("This is your private link.")).to_be_focused()
    assert axe.violations(page) == []


def test_who_has_an_account_signs_in_instead(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    live.sign_in(context, app, publisher.service, cast.rae)
    page.goto(publisher.page())
    reader.write(page, "As somebody known.")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in and post").click()
    opened.value.get_by_role("button", name="Continue as rae").click()
    expect(page.locator(".comment").get_by_text("As somebody known.")).to_be_visible()
    reader.write(page, "Nobody asks for a name any more.")
    expect(page.get_by_label("Your name")).to_be_hidden()


def test_once_there_are_no_guests_a_guest_reads_what_they_need(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    guest = transaction(lambda: guests.make(cast.gazette.id, "Wren", None, clock.now()))
    factories.settle(cast.gazette, commenters="members")
    reader.arrive(page, publisher.page(), guest, cast.gazette)
    expect(reader.alert(page)).to_contain_text("Guests can't comment here any more.")
    expect(page.get_by_role("link", name="Write a comment")).to_be_hidden()


def test_without_javascript_a_guest_writes_and_comes_back(
    app: Flask, address: str, chromium: Browser, cast: Cast
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/thread?site=gazette&article=tides")
    page.get_by_role("link", name="Write without an account").click()
    page.get_by_label("Your comment").fill("No script here.")
    page.get_by_label("Your name").fill("Wren")
    page.get_by_role("button", name="Post comment").click()
    expect(
        page.get_by_text("Only you see this until a moderator has looked.").first
    ).to_be_visible()
    link = page.get_by_label("This is your private link.").input_value()
    context.close()
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Open my comments").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete comment").click()
    page.goto(f"{address}/mine")
    expect(page.get_by_text("You deleted this comment.")).to_be_visible()
    context.close()

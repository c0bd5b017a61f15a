"""Signing in from a page that never sees a password or a cookie."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from tests import factories, live
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.conftest import Asked
from tests.widget.publisher import STYLE, Publisher, slot

pytestmark = pytest.mark.browser

PASSWORD = "seven grey herons waited"


def sign_up(window: Page, name: str) -> None:
    window.get_by_role("link", name="Create an account").click()
    window.get_by_label("Name").fill(name)
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Create the account").click()


def test_a_visitor_signs_up_in_a_window_and_the_comment_is_posted(
    page: Page, publisher: Publisher, asked: list[Asked]
) -> None:
    page.goto(publisher.page())
    reader.write(page, "My first words here.")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in and post").click()
    window = opened.value
    sign_up(window, "Wren")
    expect(window.get_by_role("heading", name="Continue as Wren on localhost")).to_be_visible()
    with window.expect_event("close"):
        window.get_by_role("button", name="Continue as Wren").click()
    expect(page.locator(".comment").get_by_text("My first words here.")).to_be_visible()
    expect(page.get_by_text("Signed in as Wren")).to_be_visible()
    from_page = [r for r in asked if r.headers.get("Sec-Fetch-Site") == "cross-site"]
    assert {r.path for r in from_page} >= {"/api/v1/comments", "/embed/me"}
    assert not any("Cookie" in r.headers for r in from_page if r.path != "/connect")


def test_somebody_known_needs_one_click_and_stays_signed_in(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    live.sign_in(context, app, publisher.service, cast.rae)
    page.goto(publisher.page(slot() + slot("dunes")))
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in").first.click()
    opened.value.get_by_role("button", name="Continue as rae").click()
    expect(page.get_by_text("Signed in as rae")).to_have_count(2)
    page.reload()
    expect(page.get_by_text("Signed in as rae")).to_have_count(2)


def test_somebody_else_can_sign_in_instead(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    live.sign_in(context, app, publisher.service, cast.rae)
    page.goto(publisher.page())
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in").click()
    window = opened.value
    window.get_by_role("button", name="Sign in as somebody else").click()
    sign_up(window, "Wren")
    window.get_by_role("button", name="Continue as Wren").click()
    expect(page.get_by_text("Signed in as Wren")).to_be_visible()


def test_signing_out_ends_the_token_everywhere_on_the_page(
    page: Page, publisher: Publisher, cast: Cast, asked: list[Asked]
) -> None:
    reader.arrive(page, publisher.page(slot() + slot("dunes")), cast.rae, cast.gazette)
    expect(page.get_by_role("button", name="Sign out")).to_have_count(2)
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("button", name="Sign in")).to_have_count(2)
    expect(page.get_by_role("button", name="Sign in").first).to_be_focused()
    assert page.evaluate("localStorage.length") == 0
    page.wait_for_function(
        "performance.getEntriesByType('resource').at(-1)?.name.includes('/sessions/current')"
    )
    token = next(r.headers["Authorization"] for r in asked if "Authorization" in r.headers)
    answer = page.request.get(
        f"{publisher.service}/embed/me?site=gazette&article=tides",
        headers={"Authorization": token, "Origin": publisher.url},
    )
    assert answer.status == 401


@pytest.mark.parametrize(
    "headers",
    [{}, {"Cross_Origin_Opener_Policy": "same-origin"}],
    ids=["the browser blocks windows", "the page cuts its windows off"],
)
def test_where_no_window_works_the_page_goes_there_and_comes_back(
    page: Page, publisher: Publisher, headers: dict[str, str], asked: list[Asked]
) -> None:
    blocked = "" if headers else "<script>window.open = () => null</script>"
    url = publisher.page(slot("dunes") + slot(), head=STYLE + blocked, **headers)
    page.goto(f"{url}#chapter-2")
    page.get_by_role("link", name="Write a comment").last.click()
    page.get_by_label("Your comment").fill("Words that must survive.")
    page.get_by_role("button", name="Sign in and post").click()
    expect(reader.alert(page)).to_contain_text("Nothing you typed is lost.")
    page.get_by_role("button", name="Sign in on this page instead").click()
    sign_up(page, "Wren")
    page.get_by_role("button", name="Continue as Wren").click()
    expect(page.get_by_text("Signed in as Wren")).to_have_count(2)
    field = page.get_by_label("Your comment")
    expect(field).to_have_value("Words that must survive.")
    expect(field).to_be_focused()
    assert page.url == f"{url}#chapter-2"
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(".comment").get_by_text("Words that must survive.")).to_be_visible()
    kept = page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert "verifier" not in kept
    assert not any("comments-code" in str(r.headers) for r in asked)


def test_the_window_says_when_it_can_not_reach_its_page(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    live.sign_in(context, app, publisher.service, cast.rae)
    page.goto(publisher.page(Cross_Origin_Opener_Policy="same-origin"))
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    expect(opened.value.get_by_role("alert")).to_contain_text("can't reach the page")
    expect(opened.value.get_by_role("button", name="Continue as rae")).not_to_be_visible()


def test_a_code_that_the_page_did_not_ask_for_is_left_alone(
    page: Page, publisher: Publisher
) -> None:
    url = publisher.page()
    page.goto(f"{url}#comments-code={'x' * 43}&state={'y' * 43}")
    expect(page.get_by_role("link", name="Write a comment")).to_be_visible()
    expect(page).to_have_url(url)
    assert page.evaluate("localStorage.length") == 0


def test_a_message_from_somewhere_else_is_no_sign_in(page: Page, publisher: Publisher) -> None:
    page.goto(publisher.page())
    with page.expect_popup():
        page.get_by_role("link", name="Sign in").click()
    page.evaluate("postMessage({type: 'comments:token', nonce: 'x', token: 'stolen'}, '*')")
    page.evaluate("postMessage(null, '*')")
    page.wait_for_function(
        "new Promise(done => { addEventListener('message', () => done(true));"
        " postMessage('last', '*') })"
    )
    assert page.evaluate("localStorage.length") == 0


def test_an_ended_token_keeps_what_was_typed_and_goes_on_after_signing_in_again(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    reader.write(page, "Typed before it ended.")
    factories.end_sessions(cast.rae)
    live.sign_in(context, app, publisher.service, cast.rae)
    page.get_by_role("button", name="Post comment").click()
    expect(reader.alert(page)).to_contain_text("Your sign-in has ended.")
    with page.expect_popup() as opened:
        page.get_by_role("alert").get_by_role("button", name="Sign in").click()
    opened.value.get_by_role("button", name="Continue as rae").click()
    expect(page.locator(".comment").get_by_text("Typed before it ended.")).to_be_visible()


def test_signing_in_somewhere_shows_in_every_tab(
    page: Page, context: BrowserContext, app: Flask, publisher: Publisher, cast: Cast
) -> None:
    url = publisher.page()
    live.sign_in(context, app, publisher.service, cast.rae)
    other = context.new_page()
    reader.arrive(other, url, cast.rae, cast.gazette)
    page.goto(url)
    expect(page.get_by_text("Signed in as rae")).to_be_visible()
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()

"""Readers whom the publisher's own page has signed in: no window, no form, and no word lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from comments.accounts.models import User
from comments.db import db
from tests import factories
from tests.conftest import Cast
from tests.sites.sso import publisher as sso
from tests.widget import reader
from tests.widget.conftest import Asked
from tests.widget.publisher import STYLE, Publisher, slot

pytestmark = pytest.mark.browser

ENTER = "/api/v1/sessions/sso"


@pytest.fixture
def secret(cast: Cast, publisher: Publisher) -> str:
    """The gazette's own sign-in is set up."""
    sso.settle(cast.gazette, issuer=sso.ISSUER)
    return sso.secret(cast.gazette).text


def token(secret: str, **said: Any) -> str:
    return sso.signed(sso.claims(**said), secret)


def expired(secret: str, **said: Any) -> str:
    now = sso.claims()["iat"]
    return token(secret, iat=now - 500, exp=now - 200, **said)


def signed_in_as(page: Page, name: str) -> None:
    expect(page.get_by_text(f"Signed in as {name}").first).to_be_visible()


def entered(asked: list[Asked]) -> int:
    return len([each for each in asked if (each.method, each.path) == ("POST", ENTER)])


def config(script: str) -> str:
    return f"{STYLE}<script>{script}</script>"


def test_a_publishers_reader_writes_without_seeing_a_form(
    page: Page, publisher: Publisher, secret: str, asked: list[Asked]
) -> None:
    opened: list[Page] = []
    page.on("popup", lambda window: opened.append(window))
    slots = slot(data_token=token(secret)) + slot("dunes", data_token=token(secret))
    page.goto(publisher.page(slots))
    expect(page.get_by_text("Signed in as Ann")).to_have_count(2)
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    page.get_by_role("link", name="Write a comment").first.click()
    expect(page.get_by_role("button", name="Post comment")).to_be_visible()
    page.get_by_label("Your comment").fill("As a reader of this paper.")
    page.get_by_role("button", name="Post comment").click()
    mine = page.locator(".comment").get_by_text("As a reader of this paper.")
    expect(mine).to_be_visible()
    assert opened == []
    assert entered(asked) == 1
    from_page = [r for r in asked if r.headers.get("Sec-Fetch-Site") == "cross-site"]
    assert ENTER in {r.path for r in from_page}
    assert not any("Cookie" in r.headers for r in from_page)
    page.reload()
    signed_in_as(page, "Ann")
    assert entered(asked) == 1


@pytest.mark.parametrize("way", ["function", "event"])
def test_an_ended_token_is_refreshed_and_what_was_typed_is_posted(
    page: Page, publisher: Publisher, secret: str, asked: list[Asked], way: str
) -> None:
    first, second = token(secret), token(secret, jti="2")
    fresh = json.dumps(second)
    if way == "function":
        head = config(
            f"let n = 0; window.commentsConfig = {{token: async ({{site}}) => "
            f"(n++ ? {fresh} : {json.dumps(first)})}};"
        )
        body = slot()
    else:
        head = config(
            "document.addEventListener('comments:token-needed', (event) => "
            f"event.detail.give(Promise.resolve({fresh})));"
        )
        body = slot(data_token=first)
    page.goto(publisher.page(body, head=head))
    signed_in_as(page, "Ann")
    reader.write(page, "Typed before it ended.")
    factories.end_sessions(db.session.scalars(sa.select(User).where(User.name == "Ann")).one())
    page.get_by_role("button", name="Post comment").click()
    expect(page.locator(".comment").get_by_text("Typed before it ended.")).to_be_visible()
    signed_in_as(page, "Ann")
    assert entered(asked) == 2
    assert db.session.scalar(sa.select(sa.func.count()).where(User.name == "Ann")) == 1


def test_a_page_that_lay_open_too_long_gets_a_fresh_token(
    page: Page, publisher: Publisher, secret: str, asked: list[Asked]
) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    fresh = json.dumps(token(secret))
    listen = f"addEventListener('comments:token-needed', (e) => e.detail.give({fresh}));"
    page.goto(publisher.page(slot(data_token=expired(secret)), head=config(listen)))
    signed_in_as(page, "Ann")
    assert entered(asked) == 2
    assert any("the page's token was refused" in line for line in told)


def test_the_next_reader_of_a_browser_is_not_the_last(
    page: Page, publisher: Publisher, secret: str
) -> None:
    url = publisher.page(slot(data_token=token(secret)))
    page.goto(url)
    signed_in_as(page, "Ann")
    publisher.page(slot(data_token=expired(secret, sub="r-2", name="Ben")))
    page.goto(f"{url}?again")
    expect(page.get_by_role("button", name="Sign in or sign up")).to_be_visible()
    assert "token" not in page.evaluate("JSON.parse(localStorage['comments:gazette'] || '{}')")


def test_a_page_may_say_twice_who_its_reader_is(
    page: Page, publisher: Publisher, secret: str, asked: list[Asked]
) -> None:
    page.goto(publisher.page(slot(data_token=token(secret))))
    signed_in_as(page, "Ann")
    with page.expect_response(lambda answer: "/embed/me" in answer.url):
        page.evaluate("document.dispatchEvent(new Event('comments:token'))")
    signed_in_as(page, "Ann")
    assert entered(asked) == 1


def test_without_a_fresh_token_what_was_typed_stays(
    page: Page, publisher: Publisher, secret: str
) -> None:
    page.goto(publisher.page(slot(data_token=token(secret))))
    signed_in_as(page, "Ann")
    reader.write(page, "Typed before it ended.")
    factories.end_sessions(db.session.scalars(sa.select(User).where(User.name == "Ann")).one())
    page.get_by_role("button", name="Post comment").click()
    expect(reader.alert(page)).to_contain_text("Your sign-in has ended.")
    expect(page.get_by_label("Your comment")).to_have_value("Typed before it ended.")


def test_a_page_says_when_its_reader_comes_and_goes(
    page: Page, publisher: Publisher, secret: str
) -> None:
    page.goto(publisher.page())
    reader.write(page, "Typed before.")
    expect(page.get_by_role("button", name="Sign in and post")).to_be_visible()
    say = (
        "(token) => { window.commentsConfig = {token};"
        " document.dispatchEvent(new Event('comments:token')); }"
    )
    page.evaluate(say, token(secret))
    signed_in_as(page, "Ann")
    expect(page.get_by_label("Your comment")).to_have_value("Typed before.")
    expect(page.get_by_role("button", name="Post comment")).to_be_visible()
    page.evaluate(say, token(secret, sub="r-2", name="Ben"))
    signed_in_as(page, "Ben")
    page.evaluate(say, "")
    expect(page.get_by_role("button", name="Sign in or sign up")).to_be_visible()
    expect(page.get_by_label("Your comment")).to_have_value("Typed before.")
    assert "token" not in page.evaluate("JSON.parse(localStorage['comments:gazette'])")


def test_somebody_who_is_no_reader_of_the_publisher_signs_in_as_ever(
    page: Page, publisher: Publisher, secret: str, cast: Cast
) -> None:
    url = publisher.page(slot(data_token=""), head=config("window.commentsConfig = {};"))
    reader.arrive(page, url, cast.rae, cast.gazette)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    with page.expect_popup():
        page.get_by_role("button", name="Sign in or sign up").click()


def test_a_function_that_fails_keeps_nobody_from_reading(
    page: Page, publisher: Publisher, secret: str, cast: Cast
) -> None:
    factories.comment(factories.article(cast.gazette, "tides"), cast.mo, "Was there before.")
    fails = "window.commentsConfig = {token: () => { throw new Error('no session'); }};"
    page.goto(publisher.page(head=config(fails)))
    expect(page.get_by_text("Was there before.")).to_be_visible()
    reader.write(page, "And I write.")
    expect(page.get_by_role("button", name="Sign in and post")).to_be_visible()

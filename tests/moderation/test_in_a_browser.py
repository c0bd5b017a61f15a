"""The desk in a real browser: what axe finds, keys, and two moderators at one table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from comments.accounts.models import User
from comments.db import db
from comments.threads.models import Article, Comment, Decision, Status
from tests import axe, factories, live
from tests.conftest import Cast
from tests.moderation import scene
from tests.moderation.acts import decide

pytestmark = pytest.mark.browser

DESK = "/sites/gazette/moderation"


class Table:
    """Browsers of signed-in people, whose consoles must stay silent."""

    def __init__(self, app: Flask, address: str, chromium: Browser) -> None:
        self._app, self._address, self._chromium = app, address, chromium
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(self, user: User, path: str = DESK, **context: Any) -> Page:
        settings = {"viewport": {"width": 1280, "height": 800}, **context}
        made = self._chromium.new_context(base_url=self._address, **settings)
        self._contexts.append(made)
        live.sign_in(made, self._app, self._address, user)
        page = made.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def leave(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def table(app: Flask, address: str, chromium: Browser) -> Iterator[Table]:
    made = Table(app, address, chromium)
    yield made
    made.leave()


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "a1", title="Tides")


@pytest.fixture
def waiting(article: Article, cast: Cast) -> list[Comment]:
    return factories.many(article, cast.rae, 3, to=Status.PENDING)


def card(page: Page, comment: Comment) -> Any:
    return page.locator(f"#comment-{comment.id}")


def statuses() -> list[Status]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Comment.status).order_by(Comment.id)))


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(table: Table, cast: Cast, marked: str, width: int) -> None:
    scene.laid_out(cast)
    id = db.session.scalars(sa.select(Comment.id).where(Comment.open_reports > 0)).one()
    page = table.page(cast.mo, viewport={"width": width, "height": 800})
    assert axe.by_day_and_night(page) == []
    page.locator("[data-reject] summary").first.click()
    assert axe.by_day_and_night(page) == []
    page.get_by_role("button", name="Keys").click()
    assert axe.by_day_and_night(page) == []
    lists = [f"{DESK}?view=reported", f"{DESK}?view=all", f"{DESK}?view=all&locale={marked}"]
    for path in (*lists, f"/moderation/comments/{id}"):
        page.goto(path)
        assert axe.by_day_and_night(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    reader = table.page(cast.sam, f"/comments/{id}/report")
    assert axe.by_day_and_night(reader) == []
    assert table.complaints == []


def test_a_key_decides_on_nothing_that_is_out_of_sight(
    table: Table, article: Article, cast: Cast
) -> None:
    waiting = factories.many(article, cast.rae, 12, to=Status.PENDING)
    page = table.page(cast.mo)
    first, last = card(page, waiting[0]), card(page, waiting[-1])
    last.get_by_role("button", name="Approve").click()
    expect(last).to_contain_text("You approved a comment by rae.")
    expect(first).to_be_focused()
    expect(first).not_to_be_in_viewport()

    page.keyboard.press("a")
    expect(first).to_be_in_viewport()
    expect(first).to_be_focused()
    assert statuses().count(Status.PUBLISHED) == 1
    page.keyboard.press("a")
    expect(first).to_contain_text("You approved a comment by rae.")
    assert statuses()[0] is Status.PUBLISHED


def test_the_desk_is_worked_with_single_keys(
    table: Table, cast: Cast, waiting: list[Comment]
) -> None:
    page = table.page(cast.mo)
    first, second, third = (card(page, comment) for comment in waiting)
    said = page.locator("[data-said]")

    page.keyboard.press("a")  # no card is chosen yet, so none is decided
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()

    page.keyboard.press("a")
    expect(second).to_be_focused()
    expect(first).to_contain_text("You approved a comment by rae.")
    expect(said).to_have_text("You approved a comment by rae.")
    expect(page.locator("[data-count=waiting]")).to_have_text("2")

    page.keyboard.press("r")
    expect(second.get_by_role("group", name="Why? The author reads this.")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(second.locator("summary")).to_be_focused()
    page.keyboard.press("r")
    page.keyboard.press("5")
    expect(third).to_be_focused()
    expect(second).to_contain_text("You rejected a comment by rae.")

    page.keyboard.press("a")
    expect(said).to_have_text("You approved a comment by rae.")
    expect(page.locator("[data-end]")).to_be_focused()
    assert statuses() == [Status.PUBLISHED, Status.REJECTED, Status.PUBLISHED]
    assert "offtopic" in db.session.scalars(sa.select(Decision.reason)).all()
    assert table.complaints == []


def test_the_desk_is_worked_with_tab_and_enter(
    table: Table, cast: Cast, waiting: list[Comment]
) -> None:
    """With single keys off, everything is still there for a keyboard."""
    page = table.page(cast.mo)
    page.keyboard.press("?")
    expect(page.get_by_label("Single keys decide")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("kbd:visible")).to_have_count(0)

    for key in ("a", "j", "r", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    approve = card(page, waiting[0]).get_by_role("button", name="Approve")
    tab_to(page, approve)
    page.keyboard.press("Enter")
    expect(card(page, waiting[1])).to_be_focused()

    tab_to(page, card(page, waiting[1]).locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("A word to the author").first)
    page.keyboard.type("a rj?")
    tab_to(page, card(page, waiting[1]).get_by_role("button", name="Spam or advertising"))
    page.keyboard.press("Enter")
    expect(card(page, waiting[2])).to_be_focused()
    expect(card(page, waiting[1])).to_contain_text("You rejected a comment by rae.")
    assert statuses() == [Status.PUBLISHED, Status.REJECTED, Status.PENDING]
    assert "a rj?" in db.session.scalars(sa.select(Decision.note)).all()
    assert table.complaints == []


def tab_to(page: Page, target: Any) -> None:
    for _ in range(40):
        if target.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("never reached")


def test_nothing_moves_under_the_pointer(table: Table, cast: Cast, waiting: list[Comment]) -> None:
    page = table.page(cast.mo)
    first, second, _ = (card(page, comment) for comment in waiting)
    before = second.bounding_box()
    first.get_by_role("button", name="Approve").click()
    expect(first).to_contain_text("You approved")
    expect(second).to_be_focused()
    assert second.bounding_box() == before
    second.locator("summary").click()
    assert second.bounding_box() == before
    page.mouse.click(1270, 790)
    expect(second.locator("[data-reject]")).not_to_have_attribute("open", "")


def test_the_late_one_sees_the_fresh_card(table: Table, cast: Cast, waiting: list[Comment]) -> None:
    page = table.page(cast.mo)
    decide(waiting[0], "reject", cast.ada, reason="hate")
    late = card(page, waiting[0])
    late.get_by_role("button", name="Approve").click()
    expect(late.get_by_role("alert")).to_have_text("ada was first and rejected this.")
    expect(page.locator("[data-said]")).to_have_text("ada was first and rejected this.")
    expect(page.locator("[data-count=waiting]")).to_have_text("2")
    late.get_by_role("button", name="Restore").click()
    expect(late).to_contain_text("You approved a comment by rae.")
    assert statuses()[0] is Status.PUBLISHED
    assert all("409" in words for words in table.complaints)


def test_what_fails_is_said_on_the_card(table: Table, cast: Cast, waiting: list[Comment]) -> None:
    page = table.page(cast.mo)
    first = card(page, waiting[0])
    page.route("**/decisions", lambda route: route.abort())
    first.get_by_role("button", name="Approve").click()
    expect(first.locator("[data-trouble]")).to_contain_text("could not be reached")
    page.unroute("**/decisions")
    page.context.clear_cookies()
    first.get_by_role("button", name="Approve").click()
    expect(first.locator("[data-trouble]")).not_to_contain_text("could not be reached")
    expect(first.locator("[data-trouble]")).not_to_be_empty()
    assert statuses() == [Status.PENDING] * 3


def test_one_comment_is_judged_without_script(
    table: Table, cast: Cast, waiting: list[Comment]
) -> None:
    page = table.page(cast.mo, java_script_enabled=False)
    expect(page.get_by_role("button", name="Keys")).to_have_count(0)
    first = card(page, waiting[0])
    first.locator("summary").click()
    first.get_by_role("button", name="Hatred against a group").click()
    expect(page.get_by_role("status").first).to_have_text("You rejected a comment by rae.")
    expect(page).to_have_url(re.compile(r"/sites/gazette/moderation\?view=waiting$"))
    expect(first).to_have_count(0)
    page.get_by_role("link", name="Thread and history").first.click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Keep")).to_be_visible()
    assert statuses() == [Status.REJECTED, Status.PUBLISHED, Status.PENDING]

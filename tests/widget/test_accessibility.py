"""The widget for everybody: what axe finds in each of its states, and a keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from comments import clock
from comments.db import transaction
from comments.threads import seeing
from comments.threads.models import Article, State, Status
from tests import axe, factories, live
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser


@pytest.fixture(params=[360, 1280])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def looking(chromium: Browser, width: int) -> Iterator[Page]:
    """A page, narrow with a finger or wide with a mouse."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        has_touch=width < 500,
        is_mobile=width < 500,
        locale="en-GB",
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def lively(cast: Cast) -> Article:
    """Replies, a badge, an edit, a removal, a text from right to left, and two of rae's own."""
    article = factories.article(cast.gazette, "tides")
    now = clock.now()
    root = factories.comment(article, cast.sam, "Root with a [link](https://example.org/).")
    for depth in range(9):
        root = factories.comment(article, cast.mo, f"Depth *{depth}*.\n\n> quoted", parent=root)
    gone = factories.comment(article, cast.ada, "Gone.")
    factories.comment(article, cast.sam, "مرحبا بالعالم", parent=gone)
    factories.restate(gone, Status.REJECTED)
    factories.comment(article, cast.rae, "Published.", at=now - timedelta(minutes=5))
    factories.comment(article, cast.rae, "Waiting.", to=Status.PENDING)
    refused = factories.comment(article, cast.rae, "Refused.", to=Status.PENDING)
    factories.restate(refused, Status.REJECTED, reason="offtopic", note="See the other article.")
    factories.edit(factories.comment(article, cast.sam, "Beforre."), "Before.")
    return article


def settle_rules(cast: Cast) -> None:
    factories.settle(
        cast.gazette,
        rules="Be kind.",
        rules_url="https://gazette.example/rules",
        privacy_url="https://gazette.example/privacy",
        contact="https://gazette.example/contact",
        length=300,
    )


def faultless(page: Page) -> None:
    assert axe.by_day_and_night(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def float_over(page: Page, words: Locator) -> None:
    """Scroll to where the button that floats covers words, and nothing to press."""
    button = page.get_by_role("button", name="1 new comment").bounding_box()
    place = words.bounding_box()
    assert button
    assert place
    down = place["y"] + place["height"] / 2 - button["y"] - button["height"] / 2
    page.evaluate("down => scrollBy(0, down)", down)


def test_axe_finds_nothing_in_what_a_reader_sees_and_does(
    looking: Page, publisher: Publisher, cast: Cast, lively: Article
) -> None:
    settle_rules(cast)
    mine = factories.comment(lively, cast.rae, "Out.")
    page = looking
    reader.without_cache(page)
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    expect(page.get_by_text("Waiting.")).to_be_visible()
    faultless(page)
    assert axe.by_day_and_night(page, axe.undecided) == []
    page.get_by_text("Out.").evaluate("words => words.scrollIntoView({ block: 'center' })")
    factories.comment(lively, cast.mo, "A reply.", parent=mine)
    reader.look_again(page)
    expect(page.get_by_role("button", name="1 new reply")).to_be_visible()
    float_over(page, page.get_by_text("Only you see this"))
    faultless(page)
    reader.write(page, "A **thought**. " * 18)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-seen] strong").first).to_be_visible()
    faultless(page)
    page.get_by_label("Your comment").fill("x" * 310)
    page.get_by_role("button", name="Post comment").click()
    expect(reader.alert(page)).to_be_visible()
    page.get_by_role("link", name="Report").first.click()
    page.get_by_role("link", name="Delete").first.click()
    page.get_by_role("link", name="Edit").last.click()
    page.get_by_role("link", name="Reply").first.click()
    faultless(page)


@pytest.mark.usefixtures("lively")
def test_axe_finds_nothing_in_what_moderators_and_visitors_see(
    looking: Page, publisher: Publisher, cast: Cast, lively: Article
) -> None:
    page = looking
    reader.without_cache(page)
    reader.arrive(page, publisher.page(), cast.mo, cast.gazette)
    expect(page.get_by_role("link", name="Moderate").first).to_be_visible()
    faultless(page)
    page.evaluate("window.open = () => null")
    page.get_by_role("button", name="Sign out").click()
    reader.write(page, "Not signed in.")
    page.get_by_role("button", name="Sign in and post").click()
    expect(page.get_by_role("button", name="Sign in on this page instead")).to_be_visible()
    factories.comment(lively, cast.rae, "New.")
    reader.look_again(page)
    expect(page.get_by_role("button", name="1 new comment")).to_be_visible()
    faultless(page)


def test_axe_finds_nothing_where_there_is_little(
    looking: Page, publisher: Publisher, cast: Cast
) -> None:
    page = looking
    factories.article(cast.gazette, "closed", state=State.CLOSED)
    factories.article(cast.gazette, "hidden", state=State.HIDDEN)
    slots = slot("empty") + slot("closed") + slot("hidden") + slot(site="field-notes")
    themes = slot("a", data_theme="light") + slot("b", data_theme="dark")
    page.goto(publisher.page(slots + themes))
    expect(page.get_by_role("alert").get_by_text("could not be loaded")).to_be_visible()
    expect(page.get_by_role("heading", level=2)).to_have_count(5)
    faultless(page)


def test_axe_finds_nothing_in_the_sign_in_window(
    looking: Page, publisher: Publisher, cast: Cast, app: Flask, address: str
) -> None:
    page = looking
    live.sign_in(page.context, app, address, cast.rae)
    page.goto(publisher.page())
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in").click()
    window = opened.value
    expect(window.get_by_role("button", name="Continue as rae")).to_be_visible()
    faultless(window)
    back = f"{publisher.url}/tides"
    asked = f"site=gazette&back={back}&challenge={'c' * 43}&state={'s' * 32}"
    page.goto(f"{address}/connect?{asked}")
    expect(page.get_by_role("link", name="Back without signing in")).to_be_visible()
    faultless(page)


@pytest.mark.usefixtures("lively")
def test_axe_finds_nothing_in_what_is_unread(
    looking: Page, publisher: Publisher, cast: Cast, lively: Article
) -> None:
    page = looking
    upto = int(seeing.unread(lively.id, cast.rae).upto or 0)
    transaction(lambda: seeing.mark(lively, upto, cast.rae, clock.now()))
    for name in ("One.", "Two."):
        factories.comment(lively, cast.sam, name)
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    next_one = page.get_by_role("button", name="Next unread")
    expect(next_one).to_be_visible()
    faultless(page)
    assert axe.by_day_and_night(page, axe.undecided) == []
    next_one.click()
    expect(next_one).to_have_count(2)
    faultless(page)


@pytest.mark.usefixtures("lively")
def test_axe_finds_nothing_in_what_goes_deep(looking: Page, publisher: Publisher) -> None:
    page = looking
    page.goto(publisher.page())
    further = page.get_by_role("link", name=re.compile("Continue this thread"))
    expect(further).to_have_count(1)
    faultless(page)
    further.click()
    expect(page.locator(".comment:focus")).to_have_count(1)
    faultless(page)


@pytest.mark.usefixtures("lively")
def test_everything_works_from_the_right_too(
    looking: Page, publisher: Publisher, cast: Cast, marked: str
) -> None:
    page = looking
    reader.keep_token(page, publisher.page(slot(lang=marked)), cast.rae, cast.gazette)
    page.goto(publisher.page(slot(lang=marked)))
    expect(page.locator(".who bdi")).to_have_text("rae")
    faultless(page)
    face = page.locator(".face").first.bounding_box()
    name = page.locator(".name").first.bounding_box()
    assert face
    assert name
    assert face["x"] > name["x"]


def test_a_keyboard_is_enough(page: Page, publisher: Publisher, cast: Cast) -> None:
    article = factories.article(cast.gazette, "tides")
    factories.comment(article, cast.mo, "Anybody there?")
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    keys = page.keyboard

    def reach(name: str, key: str = "Tab") -> None:
        for _ in range(40):
            keys.press(key)
            focused = page.evaluate("""() => {
                let at = document.activeElement;
                while (at.shadowRoot) at = at.shadowRoot.activeElement;
                return at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText;
            }""")
            if focused.strip().startswith(name):
                return
        pytest.fail(f"no key leads to {name!r}")

    reach("Reply to mo")
    keys.press("Enter")
    expect(page.get_by_label("Your reply")).to_be_focused()
    keys.type("I am.")
    reach("Preview")
    keys.press("Enter")
    expect(page.locator("[data-seen]")).to_be_visible()
    reach("Post reply", "Shift+Tab")
    keys.press("Enter")
    mine = page.locator(".comment", has_text="I am.")
    expect(mine).to_be_focused()
    reach("Edit")
    keys.press("Enter")
    expect(page.get_by_label("Your comment")).to_be_focused()
    keys.press("End")
    keys.type(" Still.")
    keys.press("Control+Enter")
    expect(mine.locator("> .body")).to_have_text("I am. Still.")
    reach("Delete")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Delete")).to_be_focused()
    keys.press("Enter")
    expect(mine).to_have_count(0)
    reach("Report", "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_label("Spam or advertising")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("link", name="Report")).to_be_focused()
    reach("Write a comment", "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_label("Your comment")).to_be_focused()
    keys.type("And a root.")
    keys.press("Control+Enter")
    expect(reader.alert(page)).to_contain_text("That was quick.")
    clock.freeze(clock.now() + timedelta(minutes=1))
    keys.press("Control+Enter")
    expect(page.locator(".comment", has_text="And a root.")).to_be_focused()
    reach("Sign out", "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()

"""The publisher and the service together, as `make run` shows them, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from playwright.sync_api import Browser, Page, expect

from comments import create_app
from comments.db import db
from comments.demo import world
from comments.demo.publisher import create_publisher
from comments.settings import Settings
from tests import axe, live

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The publisher's address; behind it the told world."""
    app = create_app(Settings(instance=Path(tmp_path_factory.mktemp("demo"))))
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
        with live.service(app) as service:
            publisher = create_publisher(service)
            with live.serving(publisher, "localhost") as address:
                publisher.config["AS_OF"] = world.tell(address, lambda: None)
                db.session.remove()
                yield address
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def tab(home: str, chromium: Browser) -> Iterator[Page]:
    """A browser at the publisher's that must have nothing to complain of."""
    context = chromium.new_context(base_url=home, viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_the_front_page_counts_what_was_said(tab: Page) -> None:
    tab.goto("/")
    count = tab.locator("[data-comments-count][data-article=tidal-clock-2041]")
    expect(count).to_have_text("143")
    expect(tab.locator("[data-comments-count][data-article=marsh-meteors]")).to_have_text("0")


def test_the_lively_article_shows_its_thread_and_sends_no_cookie(tab: Page) -> None:
    asked = []
    tab.on("request", lambda request: asked.append(request))
    tab.goto("/articles/tidal-clock-2041")
    tab.locator("[data-comments]").scroll_into_view_if_needed()
    expect(tab.get_by_role("heading", name="143 comments")).to_be_visible()
    expect(tab.get_by_text("the lamp is on")).to_be_visible()
    (read,) = [request for request in asked if "/embed/thread" in request.url]
    headers = read.all_headers()
    assert headers["sec-fetch-site"] == "cross-site"
    assert "cookie" not in headers


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/articles/marsh-meteors", "No comments yet"),
        ("/articles/lantern-route", "Comments are closed"),
    ],
)
def test_what_an_article_without_talk_says(tab: Page, path: str, words: str) -> None:
    tab.goto(path)
    tab.locator("[data-comments]").scroll_into_view_if_needed()
    expect(tab.locator("[data-comments]").get_by_text(words)).to_be_visible()


def test_the_live_page_fills_three_threads_as_one_scrolls(tab: Page) -> None:
    tab.goto("/articles/two-threads")
    for thread in ("storm-maren-harbour", "storm-maren-roads", "storm-maren-sheds"):
        slot = tab.locator(f"[data-comments][data-article={thread}]")
        tab.keyboard.press("End")
        slot.scroll_into_view_if_needed()
        expect(slot.get_by_role("heading", name="comments")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing_on_the_filled_page(tab: Page, width: int, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto("/articles/tidal-clock-2041")
    tab.locator("[data-comments]").scroll_into_view_if_needed()
    expect(tab.get_by_text("the lamp is on")).to_be_visible()
    assert axe.violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_on_the_services_own_page(tab: Page) -> None:
    tab.set_viewport_size({"width": 360, "height": 900})
    tab.goto("/articles/tidal-clock-2041")
    embedded = tab.locator("script[src$='/embed.js']").get_attribute("src") or ""
    query = "site=harbour-gazette&article=tidal-clock-2041"
    tab.goto(embedded.replace("/embed.js", f"/thread?{query}"))
    expect(tab.get_by_text("the lamp is on")).to_be_visible()
    assert axe.violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360

"""The publisher's pages in a real browser: usable by everybody, at both widths, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import axe

pytestmark = pytest.mark.browser


@pytest.fixture
def tab(chromium: Browser, publisher_url: str) -> Iterator[Page]:
    context = chromium.new_context(base_url=publisher_url)
    # The service is not there; what the publisher owes its readers stands without it.
    context.route("http://127.0.0.1:8000/**", lambda route: route.abort())
    yield context.new_page()
    context.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
@pytest.mark.parametrize(
    "path", ["/", "/articles/tidal-clock-2041", "/articles/two-threads", "/field-notes/", "/none"]
)
def test_axe_finds_nothing(
    tab: Page, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    tab.goto(path)
    assert axe.violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_scrolling_down_adds_the_third_thread(tab: Page) -> None:
    tab.goto("/articles/two-threads")
    expect(tab.locator("[data-comments]")).to_have_count(2)
    tab.locator(".colophon").scroll_into_view_if_needed()
    expect(tab.locator("[data-comments]")).to_have_count(3)


def test_larger_text_can_be_asked_for(tab: Page) -> None:
    tab.goto("/articles/tidal-clock-2041")
    size = "parseFloat(getComputedStyle(document.querySelector('[data-comments]')).fontSize)"
    before = tab.evaluate(size)
    tab.get_by_role("button", name="Larger text").click()
    expect(tab.get_by_role("button", name="Larger text", pressed=True)).to_be_visible()
    assert tab.evaluate(size) == before * 1.25


def test_without_scripts_there_is_a_link_to_the_comments(
    chromium: Browser, publisher_url: str
) -> None:
    context = chromium.new_context(base_url=publisher_url, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/articles/two-threads")
    expect(tab.get_by_role("link", name="Read and write comments")).to_have_count(2)
    expect(tab.get_by_role("link", name="Found in the wrong garden")).to_be_visible()
    context.close()

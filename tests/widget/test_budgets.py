"""What a reader waits for and sees move on a slow network, as a browser measures it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from comments.threads.models import Article
from tests import factories
from tests.conftest import Cast
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser

COUNTS = [0, 1, 50]
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 60_000, "uploadThroughput": 60_000}
CARDS = "<h2>Related Articles</h2>" + "".join(
    f"<article><h3>Card {n}</h3><p>What it is about, in a few words.</p></article>"
    for n in range(6)
)
# As docs/embedding.md says, where the slot stands at the top of the first screen.
RESERVED = "<style>[data-comments] { min-height: 75svh }</style>"
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  const observer = new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) sum += shift.value;
  });
  observer.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const shift of observer.takeRecords()) sum += shift.value;
    done(sum);
  }));
})"""


class Wire:
    """What came from the service over a slow network: the bytes of each answer, without headers."""

    def __init__(self, page: Page, service: str) -> None:
        self.bytes: dict[str, int] = {}
        self._service, self._begun = service, dict[str, tuple[str, int]]()
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._begin)
        session.on("Network.loadingFinished", self._end)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)

    def _begin(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        self._begun[event["requestId"]] = answer["url"], answer["encodedDataLength"]

    def _end(self, event: dict[str, Any]) -> None:
        url, head = self._begun.get(event["requestId"], ("", 0))
        if url.startswith(self._service):
            path = url.removeprefix(self._service).partition("?")[0]
            self.bytes[path] = self.bytes.get(path, 0) + event["encodedDataLength"] - head


@pytest.fixture(params=COUNTS)
def article(cast: Cast, request: pytest.FixtureRequest) -> Article:
    """Half of the comments are replies."""
    article = factories.article(cast.gazette, "tides")
    for n in range(0, request.param, 2):
        root = factories.comment(article, cast.rae, f"The tide turned {n} times. " * 5)
        if n + 1 < request.param:
            factories.comment(article, cast.mo, "And will again.", parent=root)
    return article


@pytest.fixture
def wire(page: Page, publisher: Publisher) -> Wire:
    page.set_viewport_size({"width": 360, "height": 800})
    return Wire(page, publisher.service)


def put_up(publisher: Publisher, above: int) -> str:
    """An article of this height, its comments, and what else there is to read."""
    return publisher.page(f'<div style="block-size: {above}px"></div>' + slot() + CARDS)


def see(page: Page, article: Article) -> None:
    first = page.locator(".body") if article.published else page.get_by_text("Be the first.")
    first.first.wait_for(state="attached")


def test_little_is_loaded_before_the_first_comment_and_never_much(
    page: Page, publisher: Publisher, article: Article, wire: Wire
) -> None:
    page.goto(put_up(publisher, 400))
    see(page, article)
    first = dict(wire.bytes)
    assert set(first) == {"/embed.js", "/embed/thread"}
    assert first["/embed.js"] <= 6_000
    page.get_by_role("link", name="Write a comment").click()
    expect(page.get_by_label("Your comment")).to_be_focused()
    scripts = {path: size for path, size in wire.bytes.items() if path.endswith(".js")}
    assert len(scripts) > 1
    assert sum(scripts.values()) <= 20_000


@pytest.mark.parametrize(("above", "most"), [(400, 0.1), (1200, 0.0)])
@pytest.mark.usefixtures("wire")
def test_what_stands_below_hardly_moves(
    page: Page, publisher: Publisher, article: Article, above: int, most: float
) -> None:
    page.goto(put_up(publisher, above))
    see(page, article)
    assert page.evaluate(SHIFTS) <= most


@pytest.mark.usefixtures("wire")
def test_hardly_anything_moves_below_a_slot_on_top_that_reserves_its_place(
    page: Page, publisher: Publisher, article: Article
) -> None:
    page.goto(publisher.page(RESERVED + slot() + CARDS))
    see(page, article)
    assert page.evaluate(SHIFTS) <= 0.1


@pytest.mark.usefixtures("wire")
def test_hardly_anything_moves_for_who_scrolls_down_fast(
    page: Page, publisher: Publisher, article: Article
) -> None:
    page.goto(put_up(publisher, 3000))
    page.wait_for_function("document.querySelector('section').shadowRoot")
    page.mouse.move(100, 100)
    page.mouse.wheel(0, 2700)
    see(page, article)
    expect(page.locator(".thread h2")).to_be_in_viewport()
    assert page.evaluate(SHIFTS) <= 0.1

"""What a page is told while somebody reads: it comes, nothing moves; without a stream it asks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from comments import clock
from comments.sites.models import Role
from comments.threads import voting
from comments.threads.models import Article, Comment, State, Status
from comments.widget.live import Hub
from tests import factories, servers, streams
from tests.conftest import Cast
from tests.widget import publisher as publishers
from tests.widget import reader
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


def open_page(page: Page, url: str, hub: Hub) -> None:
    """Open a page of which the hub then knows."""
    before = len(hub)
    page.goto(url)
    servers.wait_for(lambda: len(hub) > before)


def at(page: Page, comment: Comment) -> Locator:
    return page.locator(f"#comment-{comment.id}")


def test_new_comments_are_offered_and_nothing_moves(
    page: Page, publisher: Publisher, article: Article, cast: Cast, hub: Hub
) -> None:
    comments = factories.many(article, cast.rae, 20)
    open_page(page, publisher.page(), hub)
    button = page.get_by_role("button", name="1 new comment")
    for read in (comments[-1], comments[8]):  # the first on the page, and one in the middle
        at(page, read).scroll_into_view_if_needed()
        places = [comment.bounding_box() for comment in page.locator(".comment").all()]
        new = factories.comment(article, cast.mo, "A new one.")
        expect(button).to_be_visible()
        expect(button).to_be_in_viewport()
        assert [comment.bounding_box() for comment in page.locator(".comment").all()] == places
        button.click()
        expect(at(page, new)).to_be_focused()


def test_edits_removals_votes_and_closing_arrive(
    page: Page, publisher: Publisher, article: Article, cast: Cast, hub: Hub, frozen: datetime
) -> None:
    factories.settle(cast.gazette, votes="both")
    removed, edited = factories.many(article, cast.rae, 2)
    open_page(page, publisher.page(), hub)
    expect(at(page, removed)).to_be_visible()
    factories.restate(removed, Status.REJECTED)
    expect(at(page, removed)).to_have_count(0)
    factories.edit(edited, "Edited.")
    expect(at(page, edited).locator(".body")).to_have_text("Edited.")
    factories.vote(edited, 1, cast.mo)
    clock.freeze(frozen + voting.DELAY)
    expect(at(page, edited).locator("[data-votes]").first).to_have_text("1")
    factories.set_state(article, State.CLOSED, cast.ada)
    expect(page.get_by_text("Comments are closed.")).to_be_visible()
    expect(page.get_by_role("link", name="Write a comment")).to_have_count(0)


def test_replies_to_what_one_wrote_show_at_it(
    page: Page, publisher: Publisher, article: Article, cast: Cast, hub: Hub
) -> None:
    below, *_, above = [*factories.many(article, cast.mo, 12), factories.comment(article, cast.rae)]
    below = factories.comment(article, cast.rae, "The oldest?", parent=below)
    page.set_viewport_size({"width": 360, "height": 800})
    reader.keep_token(page, publisher.page(), cast.rae, cast.gazette)
    open_page(page, publisher.page(), hub)
    expect(page.get_by_text("Signed in as rae")).to_be_visible()
    expect(at(page, below)).not_to_be_in_viewport()
    unseen = factories.comment(article, cast.mo, "Put in its place.", parent=below)
    expect(at(page, unseen)).to_be_attached()
    expect(page.get_by_role("status")).to_have_text("1 new reply")
    at(page, above).scroll_into_view_if_needed()
    places = [comment.bounding_box() for comment in page.locator(".comment").all()]
    factories.comment(article, cast.sam, "Another.")
    reply = factories.comment(article, cast.mo, "Would push down the rest.", parent=above)
    button = at(page, above).get_by_role("button", name="1 new reply")
    expect(button).to_be_visible()
    assert [comment.bounding_box() for comment in page.locator(".comment").all()] == places
    button.click()
    expect(at(page, reply)).to_be_focused()
    expect(button).to_have_count(0)
    expect(at(page, unseen)).to_have_count(1)


def hide(page: Page, is_hidden: bool) -> None:
    """Put the page behind another one, or in front again."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


def test_a_page_that_nobody_looks_at_holds_no_stream(
    page: Page, publisher: Publisher, article: Article, cast: Cast, hub: Hub
) -> None:
    gone = factories.comment(article, cast.rae, "Goes meanwhile.")
    open_page(page, publisher.page(), hub)
    expect(at(page, gone)).to_be_visible()
    hide(page, True)
    servers.wait_for(lambda: len(hub) == 0)
    factories.restate(gone, Status.REJECTED)
    hide(page, False)
    expect(at(page, gone)).to_have_count(0)
    assert len(hub) == 1


def test_one_stream_tells_of_all_threads_of_the_page(
    page: Page, publisher: Publisher, article: Article, cast: Cast, hub: Hub
) -> None:
    factories.article(cast.gazette, "moon")
    open_page(page, publisher.page(slot() + slot("moon")), hub)
    page.evaluate("document.body.append(document.querySelector('section').cloneNode())")
    page.evaluate("document.body.lastChild.dataset.article = 'sun'")
    expect(page.get_by_role("link", name="Write a comment")).to_have_count(3)
    sun = factories.article(cast.gazette, "sun")
    for each in (article, sun):
        factories.comment(each, cast.rae)
    expect(page.get_by_role("button", name="1 new comment")).to_have_count(2)
    servers.wait_for(lambda: len(hub) == 1)


def test_a_page_without_room_asks_by_itself(
    page: Page, publisher: Publisher, article: Article, cast: Cast, hub: Hub
) -> None:
    reader.without_cache(page)
    page.clock.install()
    with page.expect_response("**/embed/thread*"):
        page.goto(publisher.page())
    hub.room = 0  # since then others took it
    with page.expect_response("**/embed/events*") as refused:
        page.clock.run_for(3000)
    assert refused.value.status == 503
    factories.comment(article, cast.rae, "By and by.")
    with page.expect_request("**/embed/thread*"):
        page.clock.run_for(31_000)
    expect(page.get_by_role("button", name="1 new comment")).to_be_visible()


def test_a_kill_loses_and_doubles_nothing_that_is_shown(page: Page, tmp_path: Path) -> None:
    with servers.served(tmp_path) as service, publishers.serving(service.url) as publisher:
        with servers.inside(str(tmp_path / "instance")):
            gazette = factories.site("gazette", origins=(publisher.url,))
            zoe = factories.user("zoe")
            factories.member(gazette, zoe, Role.STAFF)
            token = factories.bearer(zoe, gazette)
        page.goto(publisher.page(slot("a1")))
        servers.wait_for(lambda: streams.number_of(service) == 1)
        streams.post(service, token, "Before")
        page.get_by_role("button", name="1 new comment").click()
        service.kill()
        service.start()
        servers.wait_for(lambda: streams.number_of(service) == 1)
        streams.post(service, token, "Before")  # whose answer may have been lost
        streams.post(service, token, "After")
        page.get_by_role("button", name="1 new comment").click()
        expect(page.locator(".body")).to_have_text(["After.", "Before."])
        expect(page.get_by_role("heading", name="2 comments")).to_be_visible()

"""What changes while somebody reads: nothing moves unasked, and nothing stays that is gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from comments.threads.models import Article, State, Status
from tests import factories
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


@pytest.fixture(autouse=True)
def without_cache(page: Page) -> None:
    reader.without_cache(page)


def test_new_comments_wait_behind_a_button(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    root = factories.comment(article, cast.rae, "Was there before.")
    page.goto(publisher.page())
    expect(page.get_by_text("Was there before.")).to_be_visible()
    place = page.locator(f"#comment-{root.id}").bounding_box()
    factories.comment(article, cast.mo, "A new reply.", parent=root)
    new = factories.comment(article, cast.mo, "A new root.")
    reader.look_again(page)
    button = page.get_by_role("button", name="2 new comments")
    expect(button).to_be_visible()
    assert page.locator(f"#comment-{root.id}").bounding_box() == place
    expect(page.get_by_role("status")).to_have_text("2 new comments")
    expect(page.get_by_role("heading", name="3 comments")).to_be_visible()
    expect(page.get_by_text("A new root.")).to_have_count(0)
    button.click()
    expect(page.get_by_text("A new root.")).to_be_visible()
    expect(page.get_by_text("A new reply.")).to_be_visible()
    expect(page.locator(f"#comment-{new.id}")).to_be_focused()
    expect(button).to_have_count(0)
    expect(page.locator(".roots > li")).to_have_count(2)


def test_edits_and_removals_show_at_once(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    first = factories.comment(article, cast.rae, "To be removed.")
    root = factories.comment(article, cast.rae, "To be taken back.")
    reply = factories.comment(article, cast.mo, "To be edited.", parent=root)
    page.goto(publisher.page())
    expect(page.get_by_text("To be removed.")).to_be_visible()
    factories.restate(first, Status.REJECTED)
    factories.restate(root, Status.WITHDRAWN)
    factories.edit(reply, "Edited.")
    reader.look_again(page)
    expect(page.get_by_text("To be removed.")).to_have_count(0)
    expect(page.get_by_text("This comment was deleted by its author.")).to_be_visible()
    expect(page.locator(f"#comment-{reply.id} .body")).to_have_text("Edited.")
    expect(page.get_by_role("heading", name="1 comment")).to_be_visible()
    factories.restate(reply, Status.REJECTED)
    reader.look_again(page)
    expect(page.locator(".comment")).to_have_count(0)


def test_what_is_further_down_is_looked_at_too(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    comments = factories.many(article, cast.rae, 40)
    page.goto(publisher.page())
    page.get_by_role("link", name="Show more comments").click()
    expect(page.locator(".comment")).to_have_count(40)
    factories.restate(comments[5], Status.REJECTED)
    reader.look_again(page)
    expect(page.locator(f"#comment-{comments[5].id}")).to_have_count(0)
    expect(page.locator(".comment")).to_have_count(39)


def test_what_was_pushed_off_the_page_stays(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.many(article, cast.rae, 25)
    page.goto(publisher.page())
    expect(page.locator(".comment")).to_have_count(25)
    factories.comment(article, cast.mo, "One more.")
    reader.look_again(page)
    page.get_by_role("button", name="1 new comment").click()
    expect(page.locator(".comment")).to_have_count(26)


def test_ones_own_waiting_comment_turns_into_the_published_one(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    waiting = factories.comment(article, cast.rae, "May I?", to=Status.PENDING)
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    comment = page.locator(f"#comment-{waiting.id}")
    expect(comment).to_contain_text("Only you see this until a moderator has looked.")
    factories.restate(waiting, Status.PUBLISHED)
    reader.look_again(page)
    expect(comment).not_to_contain_text("Only you see this")
    expect(comment.get_by_role("link", name="Reply")).to_be_visible()
    expect(comment).to_have_count(1)
    expect(page.get_by_role("button", name="new comment")).to_have_count(0)


def test_what_is_focused_stays_when_more_is_known(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "Mine.")
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    held = page.get_by_role("link", name="Delete"), page.get_by_role("button", name="Sign out")
    for number, focused in enumerate(held, start=1):
        focused.focus()
        with page.expect_response("**/embed/me?*"):
            factories.comment(article, cast.mo, "News.")
            reader.look_again(page)
        new = f"{number} new comment"
        expect(page.get_by_role("button", name=new)).to_be_visible()
        expect(focused).to_be_focused()


def test_a_form_that_is_open_is_left_alone(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    root = factories.comment(article, cast.mo, "About to go.")
    mine = factories.comment(article, cast.rae, "Being edited.")
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    page.get_by_role("link", name="Reply to mo").click()
    page.get_by_label("Your reply").fill("Half an ans")
    page.locator(f"#comment-{mine.id}").get_by_role("link", name="Edit").click()
    factories.restate(root, Status.REJECTED)
    factories.comment(article, cast.mo, "Meanwhile.")
    reader.look_again(page)
    expect(page.get_by_role("button", name="1 new comment")).to_be_visible()
    expect(page.get_by_label("Your reply")).to_have_value("Half an ans")
    expect(page.get_by_label("Your comment")).to_be_focused()


def test_an_article_that_closes_puts_the_form_away(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "Stays.")
    page.goto(publisher.page())
    expect(page.get_by_role("link", name="Write a comment")).to_be_visible()
    factories.set_state(article, State.CLOSED, cast.ada)
    reader.look_again(page)
    expect(page.get_by_text("Comments are closed.")).to_be_visible()
    expect(page.get_by_role("link", name="Write a comment")).to_have_count(0)
    expect(page.get_by_role("link", name="Reply")).to_have_count(0)


def test_an_article_that_is_hidden_shows_nothing_any_more(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "Was here.")
    page.goto(publisher.page())
    expect(page.get_by_text("Was here.")).to_be_visible()
    factories.set_state(article, State.HIDDEN, cast.ada)
    reader.look_again(page)
    expect(page.get_by_role("heading", name="Comments are not available.")).to_be_visible()
    expect(page.get_by_text("Was here.")).to_have_count(0)
    expect(page.get_by_role("link", name="Write a comment")).to_have_count(0)


def test_orders_are_offered_once_there_is_something_to_order(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    page.goto(publisher.page())
    expect(page.get_by_role("link", name="Write a comment")).to_be_visible()
    factories.many(article, cast.rae, 2)
    reader.look_again(page)
    page.get_by_role("button", name="2 new comments").click()
    page.get_by_role("link", name="Oldest").click()
    expect(page.locator(".body").first).to_have_text("Number 1.")


def test_a_thread_that_failed_comes_back_with_the_network(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "Back again.")
    page.route("**/embed/thread*", lambda route: route.abort())
    page.goto(publisher.page())
    expect(reader.alert(page)).to_be_visible()
    page.unroute("**/embed/thread*")
    reader.look_again(page)
    expect(page.get_by_text("Back again.")).to_be_visible()

"""Voting in a thread on a publisher's page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from comments.threads.models import Article
from tests import factories
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


def test_a_vote_is_given_changed_and_taken_back(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.mo, "Worth a vote.")
    mine = factories.comment(article, cast.rae, "My own.")
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    up = page.get_by_role("link", name="Vote up the comment of mo")
    down = page.get_by_role("link", name="Vote down the comment of mo")
    expect(page.locator(f"#comment-{mine.id} .vote").first).to_be_hidden()
    up.press("Enter")
    expect(up).to_have_attribute("aria-current", "true")
    expect(up).to_contain_text("1")
    down.click()
    expect(down).to_have_attribute("aria-current", "true")
    expect(up).to_contain_text("0")
    page.reload()
    expect(down).to_have_attribute("aria-current", "true")
    down.click()
    expect(page.locator(".vote[aria-current]")).to_have_count(0)
    expect(down).to_contain_text("0")


def test_the_most_liked_come_first_when_asked_for(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    liked = factories.comment(article, cast.mo, "Liked.")
    factories.comment(article, cast.mo, "Newer.")
    factories.vote(liked, 1, cast.sam)
    page.goto(publisher.page())
    expect(page.locator(".roots .body").first).to_have_text("Newer.")
    page.get_by_role("link", name="Top").click()
    expect(page.locator(".roots .body").first).to_have_text("Liked.")


def test_a_site_without_votes_shows_none(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.settle(cast.gazette, votes="off")
    factories.many(article, cast.mo, 2)
    page.goto(publisher.page())
    expect(page.locator(".comment")).to_have_count(2)
    expect(page.locator(".vote")).to_have_count(0)
    expect(page.get_by_role("link", name="Top")).to_have_count(0)

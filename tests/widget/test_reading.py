from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from comments.threads.models import Article
from tests import factories
from tests.conftest import Cast
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


def test_a_reader_sees_the_comments_with_two_requests(
    page: Page, publisher: Publisher, article: Article, cast: Cast, asked: list[Asked]
) -> None:
    root = factories.comment(article, cast.rae, "The tide *turns*.")
    factories.comment(article, cast.mo, "It does.", parent=root)
    page.goto(publisher.page())
    expect(page.get_by_text("The tide turns.")).to_be_visible()
    expect(page.get_by_text("It does.")).to_be_visible()
    assert [request.path for request in asked] == ["/embed.js", "/embed/thread"]
    assert all(request.headers["Sec-Fetch-Site"] == "cross-site" for request in asked)
    assert not any("Cookie" in request.headers for request in asked)

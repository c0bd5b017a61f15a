"""Who may comment, in the slot of a publisher's page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from comments import clock
from tests import axe, factories
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


def test_whoever_may_not_comment_reads_why_and_is_offered_no_form(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    factories.settle(cast.gazette, commenters="confirmed")
    factories.comment(factories.article(cast.gazette, "tides"), cast.mo)
    confirmed = factories.user("kim", email="kim@example.com", email_confirmed_at=clock.now())
    url = publisher.page()
    reader.arrive(page, url, cast.rae, cast.gazette)
    expect(page.get_by_text("Only people with a confirmed e-mail address")).to_be_visible()
    expect(page.get_by_role("link", name="Write a comment")).to_be_hidden()
    expect(page.get_by_role("link", name="Reply to mo")).to_be_hidden()
    assert axe.violations(page) == []
    reader.arrive(page, url, confirmed, cast.gazette)
    reader.post(page, "One of those who may.")
    expect(page.locator(".comment").get_by_text("One of those who may.")).to_be_visible()

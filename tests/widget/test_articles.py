"""The list of articles that people talk about, on a page of the publisher."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import axe, factories
from tests.conftest import Cast
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser


def element(more: str = "", site: str = "gazette") -> str:
    return f'<nav data-comments-articles data-site="{site}"{more}>See our front page.</nav>'


@pytest.fixture
def talk(cast: Cast) -> None:
    for title, comments in (("Tides", 3), ("Floods", 1)):
        address = f"https://gazette.example/{title.lower()}"
        article = factories.article(cast.gazette, title, title=title, url=address)
        factories.many(article, cast.rae, comments)


def test_it_links_to_where_people_talk(page: Page, publisher: Publisher, talk: None) -> None:
    page.goto(publisher.page(element()))
    expect(page.get_by_role("heading", name="Latest comments")).to_be_visible()
    links = page.get_by_role("listitem").get_by_role("link")
    expect(links).to_have_text(["Floods", "Tides"])
    expect(links.first).to_have_attribute("href", "https://gazette.example/floods")
    expect(page.get_by_role("listitem").last).to_contain_text("3 comments, latest now")


def test_it_may_come_later_in_another_order(page: Page, publisher: Publisher, talk: None) -> None:
    page.goto(publisher.page("<p>Nothing yet.</p>"))
    html = element(' data-order="active" data-limit="1" lang="de"')
    page.evaluate(
        "(html) => document.querySelector('main').insertAdjacentHTML('beforeend', html)", html
    )
    expect(page.get_by_role("heading", name="Am meisten diskutiert")).to_be_visible()
    expect(page.get_by_role("listitem").get_by_role("link")).to_have_text(["Tides"])


def test_what_stands_there_stays_without_it(page: Page, publisher: Publisher, talk: None) -> None:
    with page.expect_console_message(lambda said: "could not be listed" in said.text):
        page.goto(publisher.page(element(site="nobody")))
    expect(page.get_by_text("See our front page.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, publisher: Publisher, talk: None, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(publisher.page(element()))
    expect(page.get_by_role("listitem")).to_have_count(2)
    assert axe.violations(page) == []

"""Talk that goes deep, on a page of the publisher's: so many levels, and a way to the rest."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from comments.db import db
from comments.demo import large
from comments.demo.shapes import Planned
from comments.threads import reading
from comments.threads.models import Comment
from tests import factories
from tests.conftest import Cast
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser


@pytest.fixture
def line(cast: Cast) -> list[Comment]:
    """Fifteen comments that answer each other."""
    article = factories.article(cast.gazette, "tides")
    return factories.line(article, cast.rae, 15)


def drawn(page: Page) -> list[str | None]:
    """The ids of what is to be seen."""
    return [
        comment.get_attribute("data-comment")
        for comment in page.locator(".comment").all()
        if comment.is_visible()
    ]


def ids(comments: list[Comment]) -> list[str]:
    return [str(comment.id) for comment in comments]


def test_six_levels_are_drawn_and_the_rest_is_a_click_away(
    page: Page, publisher: Publisher, line: list[Comment]
) -> None:
    page.goto(publisher.page())
    expect(page.locator(".comment")).to_have_count(6)
    page.get_by_role("link", name="Continue this thread (9 replies)").click()
    expect(page.locator(f"#comment-{line[6].id}")).to_be_focused()
    assert drawn(page) == ids(line[:11])
    page.get_by_role("link", name="Continue this thread (4 replies)").press("Enter")
    expect(page.locator(f"#comment-{line[11].id}")).to_be_focused()
    assert drawn(page) == ids(line)
    expect(page.get_by_role("link", name=re.compile("Continue"))).to_have_count(0)


def test_what_is_deeper_stands_in_a_row_and_says_whom_it_answers(
    page: Page, publisher: Publisher, line: list[Comment]
) -> None:
    page.goto(publisher.page())
    page.get_by_role("link", name=re.compile("Continue")).click()
    expect(page.locator(".comment")).to_have_count(11)
    places = [comment.bounding_box() or {} for comment in page.locator(".comment").all()]
    assert len({place["x"] for place in places[:6]}) == 6
    assert len({place["x"] for place in places[5:]}) == 1
    said = [bool(to.is_visible()) for to in page.locator(".to").all()]
    assert said == [False] * 5 + [True] * 5


def test_three_levels_are_drawn_where_there_is_little_room(
    page: Page, publisher: Publisher, line: list[Comment]
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(publisher.page())
    going_on = page.get_by_role("link", name=re.compile("Continue"))
    expect(going_on).to_have_text("Continue this thread (12 replies)")
    assert drawn(page) == ids(line[:3])
    going_on.click()
    expect(page.locator(f"#comment-{line[3].id}")).to_be_focused()
    expect(going_on).to_have_text("Continue this thread (9 replies)")
    assert drawn(page) == ids(line[:6])
    going_on.click()
    expect(page.locator(f"#comment-{line[6].id}")).to_be_focused()
    assert drawn(page) == ids(line[:8])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_link_leads_further_down_than_is_drawn(
    page: Page, publisher: Publisher, line: list[Comment]
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for comment in (line[4], line[12]):
        page.goto(f"{publisher.page()}#comment-{comment.id}")
        expect(page.locator(f"#comment-{comment.id}")).to_be_focused()
        expect(page.locator(f"#comment-{comment.id}")).to_be_in_viewport()
        page.goto("about:blank")


def test_the_rest_of_a_branch_is_read_without_script(
    page: Page, address: str, line: list[Comment]
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}/thread?site=gazette&article=tides")
    seen = drawn(page)
    while page.get_by_role("link", name=re.compile("Continue")).count():
        page.get_by_role("link", name=re.compile("Continue")).click()
        page.wait_for_load_state()
        seen += [id for id in drawn(page) if id not in seen]
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert seen == ids(line)


@pytest.fixture
def deepest(cast: Cast) -> Comment:
    """At depth 40, the oldest and deepest of ten thousand comments."""
    parents = [None, *range(40), *[None] * 9_959]
    plan = [Planned(parent, number, 0.5, 0.5) for number, parent in enumerate(parents)]
    large.thread(cast.gazette, "tides", plan, large.pool(cast.gazette, texts=["Number."]))
    return db.session.scalars(sa.select(Comment).where(Comment.depth == 40)).one()


def test_a_link_into_a_very_large_thread_leads_there_and_back(
    page: Page, publisher: Publisher, cast: Cast, deepest: Comment, asked: list[Asked]
) -> None:
    other = factories.comment(factories.article(cast.gazette, "dunes"), cast.rae, "Of dunes.")
    linked = page.locator(f"#comment-{deepest.id}")
    address = publisher.page(slot("tides") + slot("dunes"))
    page.goto(f"{address}#comment-{deepest.id}")
    expect(linked).to_be_focused()
    expect(linked).to_be_in_viewport()
    for id in deepest.ancestor_ids:
        expect(page.locator(f"#comment-{id}")).to_be_visible()
    assert [request.path for request in asked].count("/embed/thread") <= 4

    tides, dunes = page.locator("section").all()
    assert tides.locator(".comment").count() == reading.ROOTS + 41
    assert dunes.locator(".comment").count() == 1
    expect(page.get_by_role("status").filter(has_text="not here")).to_have_count(0)
    page.evaluate(f"location.hash = 'comment-{other.id}'")
    expect(dunes.locator(f"#comment-{other.id}")).to_be_focused()

    page.go_back()
    expect(linked).to_be_focused()
    page.goto(publisher.page("<p>Elsewhere.</p>", path="/elsewhere"))
    page.go_back()
    expect(linked).to_be_in_viewport()


def test_a_link_into_a_very_large_thread_works_without_script(
    page: Page, address: str, deepest: Comment
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}/comments/{deepest.id}")
    expect(page.locator(f"#comment-{deepest.id}")).to_be_in_viewport()
    assert drawn(page) == [str(id) for id in (*deepest.ancestor_ids, deepest.id)]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

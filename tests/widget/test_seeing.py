"""Unread comments in the slot: what is told, when they count as seen, and the way through them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route, expect

from comments import clock
from comments.accounts.models import User
from comments.db import db, transaction
from comments.threads import seeing
from comments.threads.models import Article, Comment, Mark, Status
from tests import factories
from tests.conftest import PUBLISHER, Cast
from tests.widget import reader
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher, slot

ME = "/embed/me?site=gazette&article=tides"


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


def told(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    text = client.get(ME, headers=headers).text
    found = re.search(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    said: dict[str, Any] = json.loads(found[1])
    return {name: said[name] for name in ("unread", "more", "upto")}


def bearer(cast: Cast, user: User) -> dict[str, str]:
    token = factories.bearer(user, cast.gazette, PUBLISHER)
    return {"Authorization": f"Bearer {token}", "Origin": PUBLISHER}


def test_a_page_learns_what_is_unread_and_says_what_was_seen(
    client: FlaskClient, article: Article, cast: Cast
) -> None:
    headers = bearer(cast, cast.rae)
    first = factories.comment(article, cast.mo)
    upto = str(first.decided_id)
    assert told(client, headers) == {"unread": [], "more": False, "upto": upto}
    assert told(client, headers)["upto"] == upto
    seen = {"site": "gazette", "article": "tides", "upto": upto}
    response = client.post("/embed/seen", json=seen, headers=headers)
    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert told(client, headers) == {"unread": [], "more": False, "upto": None}
    new = factories.comment(article, cast.mo, "New.")
    expected = {"unread": [str(new.id)], "more": False, "upto": str(new.decided_id)}
    assert told(client, headers) == expected


@pytest.mark.parametrize(
    "wrong", [{"upto": "0"}, {"upto": "x"}, {"upto": None}, {"article": ""}, {"more": 1}]
)
def test_nonsense_is_refused(client: FlaskClient, cast: Cast, wrong: dict[str, Any]) -> None:
    body = {"site": "gazette", "article": "tides", "upto": "1", **wrong}
    response = client.post("/embed/seen", json=body, headers=bearer(cast, cast.rae))
    assert response.status_code == 422


def test_seeing_an_article_that_nobody_knows_makes_nothing(client: FlaskClient, cast: Cast) -> None:
    body = {"site": "gazette", "article": "none", "upto": "1"}
    response = client.post("/embed/seen", json=body, headers=bearer(cast, cast.rae))
    assert response.status_code == 204
    assert told(client, bearer(cast, cast.rae)) == {"unread": [], "more": False, "upto": None}


def test_a_token_counts_on_its_own_site(client: FlaskClient, cast: Cast) -> None:
    body = {"site": "field-notes", "article": "tides", "upto": "1"}
    response = client.post("/embed/seen", json=body, headers=bearer(cast, cast.rae))
    assert response.status_code == 401


def see(article: Article, person: User) -> None:
    """Somebody was here, and saw what there was."""
    upto = int(seeing.unread(article.id, person).upto or 0)
    transaction(lambda: seeing.mark(article, upto, person, clock.now()))


def mark_of(article: Article, person: User) -> int | None:
    db.session.rollback()
    mark = db.session.get(Mark, (person.id, article.id), populate_existing=True)
    return mark.decision_id if mark else None


def told_seen(asked: list[Asked]) -> int:
    return len([one for one in asked if (one.method, one.path) == ("POST", "/embed/seen")])


@pytest.fixture
def returning(cast: Cast, article: Article) -> list[Comment]:
    """Rae was here, and then three came: a reply in a branch, a new root, and one approved late."""
    now = clock.now()
    waiting = factories.comment(
        article, cast.sam, "Late.", to=Status.PENDING, at=now - timedelta(hours=9)
    )
    old = factories.comment(article, cast.mo, "Old.", at=now - timedelta(hours=2))
    factories.comment(article, cast.rae, "Mine.", parent=old, at=now - timedelta(hours=1))
    see(article, cast.rae)
    reply = factories.comment(article, cast.mo, "A reply.", parent=old)
    root = factories.comment(article, cast.sam, "A root.")
    factories.restate(waiting, Status.PUBLISHED)
    return [root, reply, waiting]


@pytest.mark.browser
def test_unread_comments_are_marked_and_one_goes_from_each_to_the_next(
    page: Page, publisher: Publisher, cast: Cast, returning: list[Comment]
) -> None:
    root, reply, late = returning
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    expect(page.get_by_text("3 unread")).to_be_visible()
    marked = page.locator(".comment", has=page.get_by_text("New", exact=True))
    expect(marked).to_have_count(3)
    page.get_by_text("Hide replies").evaluate("words => words.closest('details').open = false")
    page.get_by_role("button", name="Next unread").focus()
    for comment in (root, reply, late, root):
        page.keyboard.press("Enter")
        expect(page.locator(f"#comment-{comment.id}")).to_be_focused()
        expect(page.locator(f"#comment-{comment.id}")).to_be_in_viewport()
        page.locator(f"#comment-{comment.id}").get_by_role("button", name="Next unread").focus()
    expect(page.get_by_role("button", name="Next unread")).to_have_count(2)


@pytest.mark.browser
def test_nothing_moves_when_marks_appear(
    page: Page, publisher: Publisher, cast: Cast, returning: list[Comment]
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    held: list[Route] = []
    reader.keep_token(page, publisher.page(), cast.rae, cast.gazette)
    page.route("**/embed/me*", lambda route: held.append(route))
    with page.expect_request("**/embed/me*"):
        page.goto(publisher.page())
    places = [comment.bounding_box() for comment in page.locator(".comment").all()]
    held.pop().continue_()
    expect(page.get_by_text("3 unread")).to_be_visible()
    expect(page.get_by_text("New", exact=True)).to_have_count(3)
    assert [comment.bounding_box() for comment in page.locator(".comment").all()] == places


@pytest.mark.browser
def test_what_the_page_lacks_is_fetched(
    page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    yesterday = clock.now() - timedelta(days=1)
    late = factories.comment(article, cast.mo, "Late.", to=Status.PENDING, at=yesterday)
    gone = factories.comment(article, cast.mo, "Gone.", to=Status.PENDING, at=yesterday)
    factories.many(article, cast.mo, 26)
    see(article, cast.rae)
    factories.restate(late, Status.PUBLISHED)
    factories.restate(gone, Status.PUBLISHED)
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    expect(page.get_by_text("2 unread")).to_be_visible()
    expect(page.locator(f"#comment-{late.id}")).to_have_count(0)
    factories.restate(gone, Status.REJECTED)
    page.get_by_role("button", name="Next unread").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("not here, or not any more"))
    expect(page.get_by_text("1 unread")).to_be_visible()
    page.get_by_role("button", name="Next unread").click()
    expect(page.locator(f"#comment-{late.id}")).to_be_focused()
    expect(page.locator(f"#comment-{late.id}").get_by_text("New", exact=True)).to_have_count(1)


@pytest.mark.browser
def test_it_counts_as_seen_once_it_was_in_view(
    page: Page, publisher: Publisher, cast: Cast, article: Article, asked: list[Asked]
) -> None:
    """Not when the page is opened: only when the comments were there to be read for a moment."""
    reader.without_cache(page)
    page.clock.install()
    first = factories.comment(article, cast.mo, "Before.")
    far = publisher.page("<div style='height: 1400px'></div>" + slot())
    reader.arrive(page, far, cast.rae, cast.gazette)
    expect(page.get_by_text("unread")).to_have_count(0)
    page.clock.run_for(5_000)
    assert mark_of(article, cast.rae) is None
    page.get_by_text("Before.").scroll_into_view_if_needed()
    with page.expect_response("**/embed/seen*"):
        page.clock.run_for(2_000)
    assert mark_of(article, cast.rae) == first.decided_id
    new = factories.comment(article, cast.mo, "After.")
    reader.look_again(page)
    button = page.get_by_role("button", name="1 new comment")
    expect(button).to_be_visible()
    page.clock.run_for(5_000)
    assert mark_of(article, cast.rae) == first.decided_id
    button.click()
    expect(page.locator(f"#comment-{new.id}").get_by_text("New", exact=True)).to_have_count(1)
    with page.expect_response("**/embed/seen*"):
        page.clock.run_for(2_000)
    assert mark_of(article, cast.rae) == new.decided_id
    page.clock.run_for(5_000)
    assert told_seen(asked) == 2


@pytest.mark.browser
def test_marks_go_when_one_signs_out(
    page: Page, publisher: Publisher, cast: Cast, returning: list[Comment]
) -> None:
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    expect(page.get_by_text("3 unread")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("3 unread")).to_have_count(0)
    expect(page.get_by_text("New", exact=True)).to_have_count(0)


@pytest.mark.browser
def test_marks_stay_while_one_reads_and_are_gone_the_next_time(
    page: Page, publisher: Publisher, cast: Cast, article: Article, returning: list[Comment]
) -> None:
    reader.without_cache(page)
    with page.expect_response("**/embed/seen*"):
        reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    factories.edit(returning[0], "A root, mended.")
    reader.look_again(page)
    expect(page.get_by_text("A root, mended.")).to_be_visible()
    expect(page.get_by_text("New", exact=True)).to_have_count(3)
    page.reload()
    expect(page.get_by_text("Signed in as rae")).to_be_visible()
    expect(page.get_by_text("unread")).to_have_count(0)
    expect(page.get_by_text("New", exact=True)).to_have_count(0)

"""What a reader hears of, in the slot: following, the list, and names behind an @."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from comments.accounts.models import User
from comments.db import db
from comments.notifications import queries
from comments.notifications.models import Notification
from comments.threads.models import Article, State
from tests import axe, factories
from tests.conftest import PUBLISHER, Cast
from tests.notifications.acts import confirm, follow, heard, tell
from tests.widget import reader
from tests.widget.publisher import Publisher, slot

ME = "/embed/me?site=gazette&article=tides"
HERE = {"site": "gazette", "article": "tides"}


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides", title="High water")


def bearer(cast: Cast, user: User) -> dict[str, str]:
    token = factories.bearer(user, cast.gazette, PUBLISHER)
    return {"Authorization": f"Bearer {token}", "Origin": PUBLISHER}


def test_a_thread_is_followed_from_the_slot(
    client: FlaskClient, cast: Cast, article: Article
) -> None:
    headers = bearer(cast, cast.rae)
    assert "Follow this conversation" in client.get(ME, headers=headers).text
    answer = client.post("/embed/follow", json={**HERE, "follow": True}, headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert "Unfollow" in answer.text
    comment = factories.comment(article, cast.mo)
    assert heard(cast.rae) == [("thread", comment.id)]
    answer = client.post("/embed/follow", json={**HERE, "follow": False}, headers=headers)
    assert "Follow this conversation" in answer.text
    assert not queries.follows(cast.rae, article.id)


def test_the_list_is_of_this_site_and_counts_as_read(
    client: FlaskClient, cast: Cast, article: Article
) -> None:
    elsewhere = factories.article(cast.notes, "moths", title="Moths at night")
    for place in (article, elsewhere):
        follow(place, cast.rae)
        factories.comment(place, cast.mo)
    tell()
    headers = bearer(cast, cast.rae)
    assert 'data-state="1 1"' in client.get(ME, headers=headers).text
    answer = client.post("/embed/heard", json=HERE, headers=headers)
    assert "<bdi>mo</bdi> wrote in a conversation you follow" in answer.text
    assert "High water" in answer.text
    assert "Moths" not in answer.text
    assert 'data-state="1 0"' in answer.text
    assert (queries.unseen(cast.rae, cast.gazette), queries.unseen(cast.rae)) == (0, 1)


def test_what_was_not_listed_stays_new_and_is_mailed(
    client: FlaskClient, cast: Cast, article: Article
) -> None:
    confirm(cast.rae)
    follow(article, cast.rae)
    made = [factories.comment(article, cast.mo).id for _ in range(12)]
    tell()
    headers = bearer(cast, cast.rae)
    first = client.post("/embed/heard", json=HERE, headers=headers)
    assert 'data-state="1 2"' in first.text
    due = sa.select(Notification.comment_id).where(Notification.due_at.is_not(None))
    assert (queries.unseen(cast.rae), list(db.session.scalars(due))) == (2, made[:2])
    second = client.post("/embed/heard", json=HERE, headers=headers).text
    assert [int(id) for id in re.findall("#comment-([0-9]+)", second)] == [
        *reversed(made[:2]),
        *reversed(made[4:]),
    ]
    assert queries.unseen(cast.rae) == 0


@pytest.mark.parametrize("key", ["unknown", "hidden"])
def test_what_nobody_reads_can_not_be_followed(client: FlaskClient, cast: Cast, key: str) -> None:
    factories.article(cast.gazette, "hidden", state=State.HIDDEN)
    body = {"site": "gazette", "article": key, "follow": True}
    assert (
        client.post("/embed/follow", json=body, headers=bearer(cast, cast.rae)).status_code == 404
    )


@pytest.mark.parametrize("wrong", [{"follow": "yes"}, {"article": ""}, {"site": 1}, {"more": 1}])
def test_nonsense_is_refused(client: FlaskClient, cast: Cast, wrong: dict[str, Any]) -> None:
    headers = bearer(cast, cast.rae)
    for path in ("/embed/follow", "/embed/heard"):
        assert client.post(path, json={**HERE, **wrong}, headers=headers).status_code == 422


@pytest.mark.browser
def test_a_reader_follows_and_reads_what_happened(
    app: Flask, page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    root = factories.comment(article, cast.rae, "The tide turns at nine.")
    factories.comment(article, cast.mo, "At ten.", parent=root)
    tell()
    reader.without_cache(page)
    reader.arrive(page, publisher.page(slot()), cast.rae, cast.gazette)
    fold = page.locator(".hear summary")
    expect(fold).to_have_text("For you 1")
    fold.click()
    expect(page.get_by_role("link", name="mo answered you")).to_be_visible()
    expect(fold).to_have_text("For you")
    expect(fold).to_be_focused()
    link = page.get_by_role("link", name="mo answered you")
    link.focus()
    factories.comment(article, cast.ada, "At eleven.", parent=root)
    tell()
    reader.look_again(page)
    expect(fold).to_have_text("For you 1")
    expect(link).to_be_focused()
    page.get_by_role("button", name="Follow this conversation").click()
    expect(page.get_by_role("button", name="Unfollow")).to_be_focused()
    assert axe.violations(page) == []
    page.get_by_role("link", name="mo answered you").click()
    expect(page.locator(".comment.at")).to_contain_text("At ten.")
    fold.click()
    expect(page.get_by_role("link", name="mo answered you")).to_be_hidden()
    fold.press("Enter")
    expect(page.get_by_role("link", name="mo answered you")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(fold).to_have_count(0)


@pytest.mark.browser
def test_names_of_the_page_are_offered_behind_an_at(
    page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    for name in ("Molly Malone", "Zed"):
        factories.comment(article, factories.user(name))
    reader.arrive(page, publisher.page(slot()), cast.rae, cast.gazette)
    page.get_by_role("link", name="Write a comment").click()
    area = page.get_by_label("Your comment")
    area.press_sequentially("As @mO")
    offered = page.get_by_role("button", name="Molly Malone")
    expect(offered).to_be_visible()
    expect(page.get_by_role("button", name="Zed")).to_have_count(0)
    area.press("Tab")
    page.keyboard.press("Enter")
    expect(area).to_be_focused()
    expect(area).to_have_value("As @Molly Malone ")
    expect(offered).to_have_count(0)
    area.press_sequentially("wrote, mo@mo")
    expect(page.get_by_role("button", name="Molly Malone")).to_have_count(0)

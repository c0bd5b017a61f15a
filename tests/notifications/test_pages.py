"""The list of what one hears, what one follows, and what one chose, on our own pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts.models import User
from comments.db import db
from comments.notifications import queries
from comments.threads.models import Article, Comment, State, Status
from tests import factories
from tests.conftest import Cast, Statements
from tests.moderation.acts import decide
from tests.notifications.acts import choose, confirm, follow, heard, tell

As = Callable[[User | None], FlaskClient]
FOLLOW = {"site": "gazette", "article": "tides"}


@pytest.fixture
def root(cast: Cast, article: Article) -> Comment:
    return factories.comment(article, cast.rae, "The tide turns at nine.")


def test_the_list_says_who_did_what_where(
    cast: Cast, article: Article, root: Comment, as_: As
) -> None:
    factories.comment(article, cast.sam, "At *ten*.", parent=root)
    tell()
    page = as_(cast.rae).get("/notifications").text
    for words in ("<bdi>sam</bdi> answered you", "High water", "Gazette", "At ten."):
        assert words in page
    assert "Nothing yet." in as_(cast.sam).get("/notifications").text


def test_what_is_new_is_counted_on_every_page_until_it_is_read(
    cast: Cast, article: Article, root: Comment, as_: As
) -> None:
    factories.comment(article, cast.sam, parent=root)
    tell()
    rae = as_(cast.rae)
    badge = '<span class="badge accent">1<span'
    assert badge in rae.get("/account").text
    assert badge in rae.get("/notifications").text
    upto = clock.now().isoformat()
    assert rae.post("/notifications/read", data={"upto": upto}).status_code == 303
    assert badge not in rae.get("/notifications").text


def test_what_came_after_the_page_stays_new(
    cast: Cast, article: Article, root: Comment, as_: As, frozen: datetime
) -> None:
    factories.comment(article, cast.sam, parent=root)
    clock.freeze(frozen + timedelta(minutes=1))
    factories.comment(article, cast.sam, parent=root)
    tell()
    as_(cast.rae).post("/notifications/read", data={"upto": frozen.isoformat()})
    assert queries.unseen(cast.rae) == 1


def test_to_go_there_is_to_have_read_it(
    cast: Cast, article: Article, root: Comment, as_: As
) -> None:
    reply = factories.comment(article, cast.sam, parent=root)
    tell()
    rae = as_(cast.rae)
    rae.get("/notifications")
    assert queries.unseen(cast.rae) == 1
    (told,) = queries.page(cast.rae, None).rows
    answer = rae.post(f"/notifications/{told.id}")
    assert (answer.status_code, answer.location) == (303, f"/comments/{reply.id}")
    assert queries.unseen(cast.rae) == 0


def test_authors_find_what_was_decided_beside_their_comments(
    cast: Cast, article: Article, as_: As
) -> None:
    waiting = factories.comment(article, cast.rae, "Buy this.", to=Status.PENDING)
    decide(waiting, "reject", cast.mo, note="We sell nothing here.")
    tell()
    rae = as_(cast.rae)
    page = rae.get("/notifications").text
    assert "Your comment was not published" in page
    assert "Spam or advertising — We sell nothing here." in page
    (told,) = queries.page(cast.rae, None).rows
    assert rae.post(f"/notifications/{told.id}").location == "/mine"


@pytest.mark.parametrize("gone", ["withdrawn", "hidden"])
def test_what_is_gone_is_not_told(
    cast: Cast, article: Article, root: Comment, as_: As, gone: str
) -> None:
    reply = factories.comment(article, cast.sam, "Regretted.", parent=root)
    tell()
    as_(cast.rae).post("/notifications/read", data={"upto": clock.now().isoformat()})
    if gone == "withdrawn":
        factories.restate(reply, Status.WITHDRAWN, by=cast.sam)
    else:
        factories.set_state(article, State.HIDDEN, cast.ada)
    assert "Regretted." not in as_(cast.rae).get("/notifications").text


def test_the_list_goes_on_page_by_page(cast: Cast, article: Article, as_: As) -> None:
    follow(article, cast.rae)
    for number in range(queries.SIZE + 5):
        factories.comment(article, cast.sam, f"Number {number} it is.")
    tell()
    first = queries.page(cast.rae, None)
    page = as_(cast.rae).get("/notifications").text
    assert "Number 29 it is." in page
    assert "Number 4 it is." not in page
    assert first.after is not None
    further = as_(cast.rae).get(f"/notifications?after={first.after}").text
    assert all(f"Number {number} it is." in further for number in range(5))
    assert as_(cast.rae).get("/notifications?after=x").status_code == 422


def test_a_page_costs_the_same_however_much_there_is(
    cast: Cast, article: Article, statements: Statements
) -> None:
    follow(article, cast.rae)
    factories.comment(article, cast.sam)
    tell()
    db.session.refresh(cast.rae)
    statements.clear()
    queries.page(cast.rae, None)
    queries.unseen(cast.rae)
    assert len(statements) == 2
    for number in range(110):
        factories.comment(article, cast.sam, f"Number {number}.")
    tell()
    plans = factories.plans_of(
        lambda: (queries.page(cast.rae, None), queries.unseen(cast.rae, cast.gazette))
    )
    for wrong in ("SCAN notifications", "SCAN comments", "Seq Scan", "TEMP B-TREE"):
        assert not [line for line in plans if wrong in line]
    assert queries.unseen(cast.rae) == queries.MOST_COUNTED + 1


def test_a_thread_is_followed_and_left_on_its_page(
    cast: Cast, article: Article, root: Comment, as_: As
) -> None:
    sam = as_(cast.sam)
    there = "/thread?site=gazette&article=tides"
    assert "Follow this conversation" in sam.get(there).text
    answer = sam.post("/thread/follow", data={**FOLLOW, "follow": "true"})
    assert (answer.status_code, answer.location) == (303, there)
    assert "You follow this conversation." in sam.get(there).text
    assert "High water" in sam.get("/notifications/settings").text
    reply = factories.comment(article, cast.rae)
    assert heard(cast.sam) == [("thread", reply.id)]
    sam.post("/thread/follow?back=choices", data=FOLLOW)
    factories.comment(article, cast.rae)
    assert heard(cast.sam) == [("thread", reply.id)]
    assert "High water" not in sam.get("/notifications/settings").text
    assert "Follow" not in as_(None).get(there).text


@pytest.mark.parametrize("article_id", ["unknown", "hidden"])
def test_what_nobody_can_read_can_not_be_followed(
    cast: Cast, article: Article, as_: As, article_id: str
) -> None:
    factories.article(cast.gazette, "hidden", state=State.HIDDEN)
    data = {"site": "gazette", "article": article_id, "follow": "true"}
    assert as_(cast.rae).post("/thread/follow", data=data).status_code == 404


def test_one_chooses_how_often_letters_of_a_site_come(cast: Cast, root: Comment, as_: As) -> None:
    rae = as_(cast.rae)
    assert "How often" in rae.get("/notifications/settings").text
    there = "/notifications/settings/gazette"
    assert "you have none yet" in rae.get(there).text
    confirm(cast.rae)
    assert "rae@example.com" in rae.get(there).text
    chosen = {"replies": "daily", "mentions": "never", "threads": "never"}
    chosen |= {"decisions": "hourly", "language": "de"}
    assert rae.post(there, data=chosen).status_code == 303
    page = rae.get(there).text
    assert page.count("selected") == 5
    assert '<option value="daily" selected>' in page
    assert rae.get("/notifications/settings/unknown").status_code == 404


def test_what_is_wrong_with_a_choice_is_named(cast: Cast, root: Comment, as_: As) -> None:
    choose(cast.gazette, cast.rae, threads="daily")
    answer = as_(cast.rae).post(
        "/notifications/settings/gazette", data={"replies": "sometimes", "threads": "never"}
    )
    assert answer.status_code == 422
    assert 'id="fault-replies-1"' in answer.text
    assert '<option value="never" selected>' in answer.text
    assert queries.chosen(cast.rae, cast.gazette)["threads"] == "daily"


def test_nothing_is_written_by_looking(app: Flask, cast: Cast, root: Comment, as_: As) -> None:
    rae = as_(cast.rae)
    before = queries.chosen(cast.rae, cast.gazette)
    for page in ("", "/settings", "/settings/gazette"):
        assert rae.get(f"/notifications{page}").status_code == 200
    assert queries.chosen(cast.rae, cast.gazette) == before
    assert cast.gazette in queries.places(cast.rae)

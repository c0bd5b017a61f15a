"""The conversation without script, as a browser's forms do it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock
from comments.db import db
from comments.threads.models import Answer, Article, Comment, State, Status
from tests import factories
from tests.conftest import Cast

Browsers = Callable[..., FlaskClient]
PAGE = "/thread?site=gazette&article=a1"


def form(**fields: str) -> dict[str, str]:
    return {"site": "gazette", "article": "a1", "body": "A thought.", "act": "post", **fields}


def count() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Comment)) or 0


def only() -> Comment:
    db.session.rollback()
    return db.session.scalars(sa.select(Comment)).one()


def test_an_empty_thread_invites(client: FlaskClient, cast: Cast) -> None:
    response = client.get(PAGE)
    assert response.status_code == 200
    assert "No comments yet. Be the first." in response.text
    assert "Sign in to comment" in response.text
    assert "Set-Cookie" not in response.headers


def test_reading_needs_no_account_and_leaves_no_cookie(client: FlaskClient, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1", title="Tides")
    factories.comment(article, cast.rae, "Hello **there**.")
    response = client.get(PAGE)
    assert "Hello" in response.text
    assert '<h1 dir="auto">Tides</h1>' in response.text
    assert "Set-Cookie" not in response.headers


def test_the_page_describes_itself_to_search_engines(client: FlaskClient, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1", title="</script><b>")
    root = factories.comment(article, cast.rae, "One.")
    factories.comment(article, cast.mo, "Two.", parent=root)
    text = client.get(PAGE).text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert data["commentCount"] == 2
    assert data["comment"][0]["comment"][0]["text"].strip() == "Two."


@pytest.mark.parametrize(
    "address",
    [
        "/thread?site=nosuch&article=a1",
        "/comments/999",
        "/comments/99999999999999999999",
        "/comments/999/edit",
        "/comments/999/delete",
    ],
)
def test_what_is_not_there_is_not_found(cast: Cast, as_: Browsers, address: str) -> None:
    assert as_(cast.rae).get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/thread",
        "/thread?site=gazette",
        "/thread?site=gazette&article=",
        "/thread?site=gazette&article=a%00b",
        "/thread?site=gazette&article=" + "x" * 301,
        PAGE + "&after=nonsense",
        PAGE + "&sort=hot",
        PAGE + "&comment=-1",
        PAGE + "&comment=99999999999999999999",
    ],
)
def test_a_damaged_address_is_refused(client: FlaskClient, cast: Cast, address: str) -> None:
    factories.article(cast.gazette, "a1")
    assert client.get(address).status_code == 422


def test_a_reader_posts_by_the_form(cast: Cast, as_: Browsers) -> None:
    browser = as_(cast.rae)
    response = browser.post("/thread", data=form())
    comment = only()
    assert response.status_code == 303
    assert response.location.endswith(f"comment={comment.id}#comment-{comment.id}")
    page = browser.get(response.location).text
    assert "Your comment is published." in page
    assert "A thought." in page


def test_nobody_is_asked_to_sign_in(client: FlaskClient, as_: Browsers, cast: Cast) -> None:
    assert as_(None).post("/thread", data=form()).status_code == 401
    assert count() == 0


def test_two_clicks_on_one_form_are_one_comment(cast: Cast, as_: Browsers) -> None:
    browser = as_(cast.rae)
    for _ in range(2):
        assert browser.post("/thread", data=form(key="k")).status_code == 303
    assert count() == 1


def test_what_waits_is_shown_to_its_author_alone(cast: Cast, as_: Browsers) -> None:
    factories.settle(cast.gazette, premoderation=True)
    browser = as_(cast.rae)
    page = browser.get(browser.post("/thread", data=form(body="Patience.")).location).text
    assert "Only you see this until a moderator has looked." in page
    assert "Patience." in page
    assert "Patience." not in as_(cast.mo).get(PAGE).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"body": ""}, "Write something first."),
        ({"body": "\u200b"}, "Write something first."),
        ({"body": "x" * 5001}, "This is 5001 characters long; 5000 is the most."),
        ({"body": "kept " + "x" * 20_000}, "This may have at most 20000 characters."),
        ({"body": "kept", "parent": "999"}, "The comment you answer is not here any more."),
        ({"body": "kept", "colour": "red"}, "This is not known here."),
    ],
)
def test_a_refused_text_is_not_lost(
    cast: Cast, as_: Browsers, fields: dict[str, str], words: str
) -> None:
    response = as_(cast.rae).post("/thread", data=form(**fields))
    assert response.status_code == 422
    assert words in response.text
    if fields["body"].startswith("kept"):
        assert fields["body"] in response.text
    assert count() == 0


@pytest.mark.parametrize("parent", ["9" * 30, "9" * 5000])
def test_an_answer_to_no_comment_is_refused(cast: Cast, as_: Browsers, parent: str) -> None:
    factories.article(cast.gazette, "a1")
    answer = as_(cast.rae).post("/thread", data=form(parent=parent, body="Not lost."))
    assert answer.status_code == 422
    assert "Not lost." in answer.text


def test_a_key_that_no_database_keeps_counts_for_nothing(cast: Cast, as_: Browsers) -> None:
    assert as_(cast.rae).post("/thread", data=form(key="a\0b")).status_code == 303
    assert db.session.scalars(sa.select(Answer)).all() == []


def test_a_preview_stores_nothing_and_keeps_the_text(cast: Cast, as_: Browsers) -> None:
    response = as_(cast.rae).post("/thread", data=form(body="So **bold**", act="preview"))
    assert response.status_code == 200
    assert "So **bold**" in response.text
    assert "Preview" in response.text
    assert count() == 0


def test_a_reply_stands_below_what_it_answers(cast: Cast, as_: Browsers) -> None:
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.mo, "Question?")
    browser = as_(cast.rae)
    page = browser.get(f"{PAGE}&reply={root.id}").text
    assert "Question?" in page
    assert "Your reply" in page
    assert browser.post("/thread", data=form(parent=str(root.id))).status_code == 303
    db.session.rollback()
    reply = db.session.scalars(sa.select(Comment).where(Comment.parent_id == root.id)).one()
    assert reply.author_id == cast.rae.id


def test_an_author_edits_by_the_form(cast: Cast, as_: Browsers) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae, "Frist.")
    browser = as_(cast.rae)
    assert "Frist." in browser.get(f"/comments/{comment.id}/edit").text
    response = browser.post(f"/comments/{comment.id}/edit", data={"body": "First."})
    assert response.status_code == 303
    page = browser.get(response.location).text
    assert "First." in page
    assert "edited" in page


def test_a_late_edit_says_so_and_keeps_the_text(cast: Cast, as_: Browsers) -> None:
    old = clock.now() - timedelta(hours=1)
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae, at=old)
    response = as_(cast.rae).post(f"/comments/{comment.id}/edit", data={"body": "Too late."})
    assert response.status_code == 409
    assert "Too late." in response.text


def test_an_author_deletes_after_a_question(cast: Cast, as_: Browsers) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae, "Oops.")
    browser = as_(cast.rae)
    assert "Delete your comment?" in browser.get(f"/comments/{comment.id}/delete").text
    assert only().status is Status.PUBLISHED
    page = browser.get(browser.post(f"/comments/{comment.id}/delete").location).text
    assert "Your comment is deleted." in page
    assert "Oops." not in page


def test_others_comments_are_not_there_to_edit(cast: Cast, as_: Browsers) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    for act in ("edit", "delete"):
        assert as_(cast.ada).get(f"/comments/{comment.id}/{act}").status_code == 404
        assert as_(cast.ada).post(f"/comments/{comment.id}/{act}").status_code == 404


def test_people_see_what_became_of_their_comments(cast: Cast, as_: Browsers) -> None:
    article = factories.article(cast.gazette, "a1", title="Tides")
    rejected = factories.comment(article, cast.rae, "Buy now!")
    factories.restate(rejected, Status.REJECTED, reason="spam", note="No shops here.")
    page = as_(cast.rae).get("/mine").text
    assert "Tides" in page
    assert "Spam or advertising" in page
    assert "No shops here." in page
    assert "Buy now!" not in as_(cast.mo).get("/mine").text


def test_a_moderator_closes_and_hides_articles(cast: Cast, as_: Browsers) -> None:
    article = factories.article(cast.gazette, "a1", title="Tides")
    factories.comment(article, cast.rae, "Heard.")
    browser = as_(cast.mo)
    assert "Tides" in browser.get("/sites/gazette/articles").text
    for state in (State.CLOSED, State.HIDDEN):
        before = db.session.get_one(Article, article.id).version
        data = {"state": state.value}
        response = browser.post(f"/sites/gazette/articles/{article.id}", data=data)
        assert response.status_code == 303
        row = db.session.get_one(Article, article.id)
        db.session.refresh(row)
        assert (row.state, row.version) == (state, before + 1)
    assert "Heard." not in as_(None).get(PAGE).text


def test_articles_are_for_those_who_moderate_the_site(cast: Cast, as_: Browsers) -> None:
    article = factories.article(cast.gazette, "a1")
    for user, status in ((cast.rae, 404), (cast.sam, 404), (cast.ada, 200)):
        assert as_(user).get("/sites/gazette/articles").status_code == status
    data = {"state": "closed"}
    path = f"/sites/field-notes/articles/{article.id}"
    assert as_(cast.sam).post(path, data=data).status_code == 404


def test_a_vote_works_without_script(as_: Browsers, cast: Cast) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.mo, "Worth a vote.")
    browser = as_(cast.rae)
    page = browser.get(f"/comments/{comment.id}/vote").text
    assert "Worth a vote." in page
    assert "Take my vote back" not in page
    answer = browser.post(f"/comments/{comment.id}/vote", data={"value": "1"})
    assert answer.status_code == 303
    assert f'comments/{comment.id}/vote" data-act="vote" data-value="1"' in browser.get(PAGE).text
    assert 'aria-current="true"><span data-votes>1<' in browser.get(PAGE).text
    assert "Take my vote back" in browser.get(f"/comments/{comment.id}/vote").text
    assert browser.post(f"/comments/{comment.id}/vote", data={"value": "2"}).status_code == 422


@pytest.mark.parametrize("status", [Status.REJECTED, Status.WITHDRAWN, Status.PENDING])
def test_a_text_that_is_gone_is_not_shown_to_be_voted_on(
    as_: Browsers, cast: Cast, status: Status
) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.mo, "Gone words.")
    factories.comment(db.session.get_one(Article, comment.article_id), cast.rae, parent=comment)
    factories.restate(comment, status)
    answer = as_(cast.rae).get(f"/comments/{comment.id}/vote")
    assert answer.status_code == 404
    assert "Gone words." not in answer.text

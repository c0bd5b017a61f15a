from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from comments import clock
from comments.db import db, transaction
from comments.sites import sanctions
from comments.sites.models import Measure
from comments.threads.models import Answer, Comment, State, Status
from tests import factories
from tests.api.conftest import Call, later, rows
from tests.api.test_reading import FIELDS, READ
from tests.conftest import HOST, PUBLISHER, Cast, Statements

NEW = {"site": "gazette", "article": "a1", "body": "Hello *there*."}


def status_of(id: str) -> Status:
    db.session.rollback()
    return db.session.get_one(Comment, int(id)).status


def test_a_post_is_answered_with_the_comment_and_what_happens_next(call: Call, rae: str) -> None:
    response = call("POST", "/comments", rae, json=NEW)

    assert response.status_code == 201
    assert set(response.json) == FIELDS | {"body", "message"}
    assert response.json["body"] == "Hello *there*."
    assert response.json["author"]["name"] == "rae"
    assert response.json["status"] == "published"
    assert response.json["message"] == "Your comment is published."
    assert response.headers["Cache-Control"] == "no-store"
    (shown,) = call("GET", READ).json["items"]
    assert shown == {name: response.json[name] for name in FIELDS}


def test_a_reply_names_its_parent_by_text_or_number(
    call: Call, cast: Cast, frozen: object, rae: str
) -> None:
    root = factories.comment(factories.article(cast.gazette, "a1"), cast.sam)
    for parent in (str(root.id), root.id):
        response = call("POST", "/comments", rae, json={**NEW, "parent": parent})
        assert response.status_code == 201
        assert response.json["parent"] == str(root.id)
    assert call("GET", READ).json["items"][0]["replies"] == 1


def test_a_post_costs_few_statements(
    call: Call, cast: Cast, frozen: object, rae: str, statements: Statements
) -> None:
    root = factories.comment(factories.article(cast.gazette, "a1"), cast.sam)
    call("POST", "/comments", rae, json=NEW)
    later(minutes=1)
    body = {**NEW, "parent": str(root.id), "body": "Again."}
    statements.clear()
    call("POST", "/comments", rae, json=body, headers={"Idempotency-Key": "k"})
    sent = statements
    assert len(sent) <= 2 + 15  # the token and the site; the post itself, with news of the reply


def test_what_waits_is_accepted_and_seen_by_nobody_else(call: Call, cast: Cast, rae: str) -> None:
    factories.settle(cast.gazette, premoderation=True)
    response = call("POST", "/comments", rae, json=NEW)
    assert response.status_code == 202
    assert response.json["status"] == "pending"
    assert response.json["gone"] is None
    assert "there" in response.json["html"]
    assert response.json["message"] == "Only you see this until a moderator has looked."
    assert call("GET", READ).json["items"] == []


def test_what_is_rejected_is_kept_and_says_why(call: Call, rae: str) -> None:
    response = call("POST", "/comments", rae, json={**NEW, "website": "https://spam.example"})
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert (response.json["code"], response.json["reason"]) == ("rejected", "trap")
    assert response.json["faults"][0]["field"] == "body"
    assert status_of(response.json["id"]) is Status.REJECTED


def test_the_same_key_is_answered_the_same(
    call: Call, cast: Cast, frozen: object, rae: str
) -> None:
    factories.settle(cast.gazette, premoderation=True)
    key = {"Idempotency-Key": "click-1"}
    first = call("POST", "/comments", rae, json=NEW, headers=key)
    later(hours=23)
    second = call("POST", "/comments", rae, json=NEW, headers=key)
    assert (second.status_code, second.data) == (first.status_code, first.data)
    other = call("POST", "/comments", rae, json={**NEW, "body": "Else."}, headers=key)
    assert other.status_code == 422
    assert other.json["faults"][0]["field"] == "Idempotency-Key"
    assert rows()["comments"] == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "\t", "schlüssel", "a\x7f"])
def test_a_key_is_visible_ascii_of_some_length(call: Call, rae: str, key: str) -> None:
    headers = {"Idempotency-Key": key}
    response = call("POST", "/comments", rae, json=NEW, headers=headers)
    assert response.status_code == 422
    assert response.json["faults"][0]["field"] == "Idempotency-Key"
    assert rows()["comments"] == 0


def test_the_longest_key_is_taken(call: Call, rae: str) -> None:
    headers = {"Idempotency-Key": "x" * 200}
    assert call("POST", "/comments", rae, json=NEW, headers=headers).status_code == 201
    assert db.session.scalar(sa.select(Answer.key)) == "x" * 200


def test_too_fast_says_how_long_to_wait(call: Call, rae: str, frozen: object) -> None:
    call("POST", "/comments", rae, json=NEW)
    response = call("POST", "/comments", rae, json={**NEW, "body": "Again."})
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "5"


def test_a_banned_person_is_told_why(call: Call, cast: Cast, rae: str, frozen: Any) -> None:
    ban = (Measure.BAN, None, "Threats.")
    transaction(lambda: sanctions.impose(cast.gazette, cast.rae, ban, cast.mo, frozen))
    response = call("POST", "/comments", rae, json=NEW)
    assert response.status_code == 403
    assert "Threats." in response.json["detail"]


def test_a_closed_article_takes_nothing(call: Call, cast: Cast, rae: str) -> None:
    factories.article(cast.gazette, "a1", state=State.CLOSED)
    response = call("POST", "/comments", rae, json=NEW)
    assert (response.status_code, response.json["code"]) == (422, "closed")


@pytest.mark.parametrize(
    ("method", "path", "json"),
    [
        ("POST", "/comments", NEW),
        ("PATCH", "/comments/1", {"body": "x"}),
        ("DELETE", "/comments/1", None),
        ("POST", "/preview", {"site": "gazette", "body": "x"}),
    ],
)
@pytest.mark.parametrize("token", [None, "nonsense", "\x7f", "x" * 5000])
def test_nobody_is_told_to_sign_in(
    call: Call, method: str, path: str, json: Any, token: str | None
) -> None:
    response = call(method, path, token, json=json, headers={"Origin": PUBLISHER})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Access-Control-Allow-Origin"] == PUBLISHER


def test_a_cookie_counts_for_nothing(cast: Cast, as_: Any) -> None:
    browser = as_(cast.rae)
    assert browser.post("/api/v1/comments", json=NEW).status_code == 401
    assert browser.get(f"/api/v1{READ}").headers.get("Set-Cookie") is None


def test_a_widgets_token_is_good_for_its_site_alone(call: Call, cast: Cast, rae: str) -> None:
    response = call("POST", "/comments", rae, json={**NEW, "site": "field-notes"})
    assert (response.status_code, response.json["code"]) == (403, "other-site")
    own = factories.comment(factories.article(cast.notes, "n1"), cast.rae)
    for method, json in (("PATCH", {"body": "x"}), ("DELETE", None)):
        response = call(method, f"/comments/{own.id}", rae, json=json)
        assert (response.status_code, response.json["code"]) == (403, "other-site")
    body = {"site": "field-notes", "body": "x"}
    assert call("POST", "/preview", rae, json=body).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["https://www.gazette.example", "https://notes.example", "null", "http://gazette.example", ""],
)
def test_a_widgets_token_is_good_for_its_page_alone(call: Call, rae: str, origin: str) -> None:
    """Even where the other page belongs to the same site."""
    response = call("POST", "/comments", rae, json=NEW, headers={"Origin": origin})
    assert response.status_code == 401
    assert rows()["comments"] == 0


def test_its_own_page_may_read_the_answer(call: Call, rae: str) -> None:
    for body, status in (("Hello.", 201), ("", 422)):
        response = call(
            "POST", "/comments", rae, json={**NEW, "body": body}, headers={"Origin": PUBLISHER}
        )
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == PUBLISHER
        assert response.headers["Vary"] == "Origin"


def test_a_programs_token_is_good_everywhere_but_in_a_browser(call: Call, cast: Cast) -> None:
    token = factories.api_token(cast.rae)
    for site in ("gazette", "field-notes"):
        assert call("POST", "/comments", token, json={**NEW, "site": site}).status_code == 201
    response = call("POST", "/comments", token, json=NEW, headers={"Origin": PUBLISHER})
    assert response.status_code == 401


def test_an_edit_is_answered_with_the_new_text(
    call: Call, cast: Cast, rae: str, frozen: object
) -> None:
    id = call("POST", "/comments", rae, json=NEW).json["id"]
    later(minutes=2)
    response = call("PATCH", f"/comments/{id}", rae, json={"body": "Better."})
    assert response.status_code == 200
    assert (response.json["id"], response.json["body"]) == (id, "Better.")
    assert response.json["edited_at"] == "2026-03-14T09:28:53Z"
    factories.settle(cast.gazette, premoderation=True)
    assert call("PATCH", f"/comments/{id}", rae, json={"body": "Best."}).status_code == 202
    later(minutes=30)
    response = call("PATCH", f"/comments/{id}", rae, json={"body": "Late."})
    assert (response.status_code, response.json["code"]) == (409, "edit-closed")


def test_a_deleted_comment_leaves_a_place_only_where_replies_hang(
    call: Call, cast: Cast, rae: str
) -> None:
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.rae, "Gone soon.")
    factories.comment(article, cast.sam, parent=root)
    for _again in range(2):
        response = call("DELETE", f"/comments/{root.id}", rae)
        assert response.status_code == 200
        assert response.json["gone"] == "deleted"
        assert response.json["message"] == "Your comment is deleted."
        assert "soon" not in response.text
    assert [item["gone"] for item in call("GET", READ).json["items"]] == ["deleted", None]
    assert call("PATCH", f"/comments/{root.id}", rae, json={"body": "x"}).status_code == 409


@pytest.mark.parametrize("id", ["0", "999999", "9223372036854775807"])
def test_what_is_not_there_is_not_found(call: Call, rae: str, id: str) -> None:
    assert call("PATCH", f"/comments/{id}", rae, json={"body": "x"}).status_code == 404
    assert call("DELETE", f"/comments/{id}", rae).status_code == 404


@pytest.mark.parametrize("id", ["-1", "x", "1.0", "9223372036854775808", "9" * 400, "%00", "1%20"])
def test_what_can_be_no_id_is_nowhere(call: Call, rae: str, id: str) -> None:
    assert call("PATCH", f"/comments/{id}", rae, json={"body": "x"}).status_code == 404


@pytest.mark.parametrize("status", list(Status))
def test_somebody_elses_comment_is_not_theirs(
    call: Call, cast: Cast, rae: str, status: Status
) -> None:
    other = factories.comment(factories.article(cast.gazette, "a1"), cast.sam, to=status)
    for token in (rae, factories.bearer(cast.mo, cast.gazette), factories.api_token(cast.ada)):
        assert call("PATCH", f"/comments/{other.id}", token, json={"body": "x"}).status_code == 404
        assert call("DELETE", f"/comments/{other.id}", token).status_code == 404
    assert status_of(str(other.id)) is status


def test_a_preview_is_what_will_be_drawn_and_stores_nothing(call: Call, rae: str) -> None:
    before = rows()
    text = {"site": "gazette", "body": "Hello *there*. <script>x</script>"}
    preview = call("POST", "/preview", rae, json=text).json
    assert rows() == before
    assert preview == {"html": call("POST", "/comments", rae, json={**NEW, **text}).json["html"]}


def test_a_preview_has_the_bounds_of_a_post(call: Call, cast: Cast, rae: str) -> None:
    factories.settle(cast.gazette, length=100)
    response = call("POST", "/preview", rae, json={"site": "gazette", "body": "x" * 101})
    assert response.status_code == 422
    assert response.json["faults"][0]["code"] == "too-long"
    assert call("POST", "/preview", rae, json={"site": "gazette", "body": ""}).status_code == 200


def test_the_clock_of_an_answer_is_utc(call: Call, rae: str) -> None:
    made = call("POST", "/comments", rae, json=NEW).json["created_at"]
    assert made.endswith("Z")
    assert made[:13] == clock.now().isoformat()[:13]


HTML = {"Accept": "text/html"}


def test_the_widget_is_answered_with_the_comment_as_it_is_drawn(
    call: Call, cast: Cast, rae: str
) -> None:
    response = call("POST", "/comments", rae, json=NEW, headers=HTML)
    assert (response.status_code, response.mimetype) == (201, "text/html")
    assert "<em>there</em>" in response.text
    assert 'data-status="published"' in response.text
    assert "Your comment is published." in response.text
    assert f'href="{HOST}/thread?' in response.text
    id = db.session.scalar(sa.select(Comment.id))
    response = call("DELETE", f"/comments/{id}", rae, headers=HTML)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "there" not in response.text


def test_the_widget_is_told_a_refusal_in_words(call: Call, rae: str) -> None:
    response = call("POST", "/comments", rae, json={**NEW, "body": " "}, headers=HTML)
    assert (response.status_code, response.mimetype) == (422, "text/html")
    assert "Write something first." in response.text
    response = call("POST", "/comments", json=NEW, headers=HTML)
    assert (response.status_code, response.mimetype) == (401, "text/html")


def test_a_preview_for_the_widget_is_html(call: Call, rae: str) -> None:
    text = {"site": "gazette", "body": "Hello *there*. <script>x</script>"}
    response = call("POST", "/preview", rae, json=text, headers=HTML)
    assert "<em>there</em>" in response.text
    assert "<script" not in response.text


def test_the_widget_is_spoken_to_in_its_language(call: Call, rae: str) -> None:
    response = call("POST", "/comments?locale=de", rae, json=NEW, headers=HTML)
    assert 'lang="de"' in response.text

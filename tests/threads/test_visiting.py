"""Writing without an account on the hosted page, which needs no script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments.accounts.models import User
from comments.db import db
from comments.threads.models import Comment, Status
from tests import factories, forms
from tests.conftest import Cast

As = Callable[[User | None], FlaskClient]
PAGE = "/thread?site=gazette&article=tides"
FORM = f"{PAGE}&guest=1"


@pytest.fixture(autouse=True)
def takes_guests(cast: Cast) -> None:
    factories.settle(cast.gazette, commenters="guests")


def write(browser: FlaskClient, body: str = "Hello.", **fields: str) -> TestResponse:
    page = browser.get(FORM).text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    sent = {"site": "gazette", "article": "tides", "body": body, "act": "post", "key": key[1]}
    return forms.send(browser, FORM, to="/thread", **{**sent, "name": "Wren", **fields})


def guests() -> list[str]:
    return list(db.session.scalars(sa.select(User.name).where(User.site_id.is_not(None))))


def test_reading_needs_no_cookie_and_offers_both_ways(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PAGE)
    assert "Set-Cookie" not in answer.headers
    assert "Sign in to comment" in answer.text
    assert "Write without an account" in answer.text
    factories.settle(cast.gazette, commenters="members")
    assert "Write without an account" not in client.get(PAGE).text
    assert "<form" not in client.get(FORM).text


def test_a_guest_posts_and_reads_the_private_link_once(client: FlaskClient) -> None:
    answer = write(client, email="wren@example.com")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    link = re.search(r'id="private-link" readonly value="http://[^/]+(/guest/[^"]+)"', page)
    assert link
    assert "Only you see this until a moderator has looked." in page
    assert "Signed in as <bdi>Wren</bdi>" in page
    assert link[1] not in client.get(PAGE).text
    assert client.get(link[1]).status_code == 200
    assert factories.newest().status is Status.PENDING


def test_the_second_comment_is_that_of_the_same_guest(client: FlaskClient) -> None:
    write(client)
    factories.restate(factories.newest(), Status.PUBLISHED)
    factories.earlier()
    sent = {"site": "gazette", "article": "tides", "body": "Again.", "act": "post"}
    forms.send(client, PAGE, to="/thread", **sent)
    assert factories.newest().status is Status.PUBLISHED
    assert guests() == ["Wren"]


def test_two_clicks_are_one_guest_and_one_comment(app: Flask, as_: As) -> None:
    """Neither of the two has seen what the other was answered."""
    one, other = as_(None), as_(None)
    sent = {"site": "gazette", "article": "tides", "body": "Once.", "act": "post"}
    sent |= {"key": "a-key-that-no-one-guesses", "name": "Wren"}
    assert [each.post("/thread", data=sent).status_code for each in (one, other)] == [303, 303]
    assert guests() == ["Wren"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Comment)) == 1
    assert "Once." in other.get("/mine").text


def test_a_key_that_can_be_guessed_finds_nobody(as_: As) -> None:
    sent = {"site": "gazette", "article": "tides", "act": "post", "key": "1", "name": "Wren"}
    as_(None).post("/thread", data={**sent, "body": "Mine."})
    other = as_(None)
    other.post("/thread", data={**sent, "body": "Theirs."})
    assert "Mine." not in other.get("/mine").text
    assert len(guests()) == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "A name has 2 to 40 letters"),
        ({"name": "mo"}, "This name is taken"),
        ({"email": "none"}, "This is no e-mail address."),
        ({"body": " "}, "Write something first."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: FlaskClient, fields: dict[str, str], words: str
) -> None:
    answer = write(client, **{"body": "Typed with care.", "email": "wren@x.example", **fields})
    assert answer.status_code == 422
    assert words in answer.text
    typed = {"body": "Typed with care.", "name": "Wren", "email": "wren@x.example", **fields}
    for name in ("name", "email"):
        assert re.search(f'id="field-{name}" name="{name}"[^>]* value="{typed[name]}"', answer.text)
    assert typed["body"].strip() in answer.text
    assert guests() == []


def test_a_preview_makes_nobody(client: FlaskClient) -> None:
    answer = write(client, "*Soft*", act="preview")
    assert "<em>Soft</em>" in answer.text
    assert 'value="Wren"' in answer.text
    assert guests() == []


def test_a_reply_of_a_guest(client: FlaskClient, cast: Cast) -> None:
    root = factories.comment(factories.article(cast.gazette, "tides"), cast.rae)
    assert "Write without an account" in client.get(f"{PAGE}&reply={root.id}").text
    assert 'name="parent"' in client.get(f"{FORM}&reply={root.id}").text
    write(client, parent=str(root.id))
    assert factories.newest().parent_id == root.id


def test_a_form_of_another_site_posts_nothing(client: FlaskClient) -> None:
    sent = {"site": "gazette", "article": "tides", "body": "Hello.", "name": "Wren"}
    assert client.post("/thread", data=sent).status_code == 403
    assert guests() == []


def test_elsewhere_nobody_is_asked_to_sign_in(as_: As, cast: Cast) -> None:
    factories.settle(cast.gazette, commenters="members")
    sent = {"site": "gazette", "article": "tides", "body": "Hello.", "name": "Wren"}
    assert as_(None).post("/thread", data=sent).status_code == 401
    assert guests() == []

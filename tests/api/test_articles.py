from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from comments.audit import Entry
from comments.db import db
from comments.threads.models import Article, State
from tests import factories
from tests.api.conftest import Call, rows
from tests.conftest import PUBLISHER, Cast

FACTS = {
    "site": "gazette",
    "url": "https://gazette.example/story?utm_source=x",
    "title": "A story",
    "section": "Local",
    "language": "en",
    "published_at": "2026-03-01T12:00:00+02:00",
    "state": "closed",
    "closes_at": "2026-04-01T12:00:00Z",
}


@pytest.fixture
def key(cast: Cast) -> str:
    return factories.site_key(cast.gazette)


def test_a_publisher_says_what_an_article_is(call: Call, key: str) -> None:
    response = call("PUT", "/articles/story-7", key, json=FACTS)
    assert response.status_code == 200
    assert response.json == {
        "id": "story-7",
        "site": "gazette",
        "url": "https://gazette.example/story",
        "title": "A story",
        "section": "Local",
        "language": "en",
        "published_at": "2026-03-01T10:00:00Z",
        "state": "closed",
        "closes_at": "2026-04-01T12:00:00Z",
        "comments": 0,
    }
    assert call("GET", "/comments?site=gazette&article=story-7").json["is_open"] is False


def test_what_is_left_out_stays_and_the_same_again_changes_nothing(call: Call, key: str) -> None:
    call("PUT", "/articles/story-7", key, json=FACTS)
    version = db.session.scalar(sa.select(Article.version))
    again = call("PUT", "/articles/story-7", key, json=FACTS).json
    assert db.session.scalar(sa.select(Article.version)) == version
    assert call("PUT", "/articles/story-7", key, json={"site": "gazette"}).json == again
    opened = call("PUT", "/articles/story-7", key, json={"site": "gazette", "state": "open"}).json
    assert opened == {**again, "state": "open"}
    emptied = call("PUT", "/articles/story-7", key, json={"site": "gazette", "closes_at": None})
    assert emptied.json["closes_at"] is None
    assert rows()["articles"] == 1


def test_every_change_is_on_the_record(call: Call, cast: Cast, key: str) -> None:
    call("PUT", "/articles/story-7", key, json=FACTS)
    (entry,) = db.session.scalars(sa.select(Entry).where(Entry.act == "article")).all()
    assert (entry.site_id, entry.by_id) == (cast.gazette.id, None)
    assert "state" in entry.details["changed"]


@pytest.mark.parametrize(
    "id",
    [
        "https://gazette.example/a//b",
        "https://gazette.example/a?utm_source=x",
        "https://gazette.example/a?b=c&d=e#f",
        "https://gazette.example/" + "ä" * 200,
        "a/b",
        "a b",
        "ünï",
        "100%",
        "a?b#c",
        "x" * 300,
        "ä" * 300,
    ],
)
def test_any_id_of_the_publishers_will_do(call: Call, key: str, id: str) -> None:
    path = f"/articles/{quote(id, safe='')}"
    first = call("PUT", path, key, json={"site": "gazette", "title": "One"})
    second = call("PUT", path, key, json={"site": "gazette", "title": "Two"})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json["id"] == second.json["id"]
    assert rows()["articles"] == 1
    found = call("GET", f"/comments?site=gazette&article={quote(id)}").json
    assert found["is_open"] is True


@pytest.mark.parametrize("id", ["x" * 301, "%00", "a%07b", "%20", "%C2%85%00"])
def test_what_is_no_id_is_refused(call: Call, key: str, id: str) -> None:
    response = call("PUT", f"/articles/{id}", key, json={"site": "gazette"})
    assert response.status_code == 422
    assert response.json["faults"][0]["field"] == "key"
    assert rows()["articles"] == 0


def test_an_article_that_had_only_an_address_takes_the_id(
    call: Call, cast: Cast, key: str, rae: str
) -> None:
    address = "https://gazette.example/story"
    post = {"site": "gazette", "article": address, "body": "Hello."}
    assert call("POST", "/comments", rae, json=post).status_code == 201
    assert call("PUT", "/articles/story-7", key, json=FACTS).json["comments"] == 1
    assert call("GET", "/comments?site=gazette&article=story-7").json["count"] == 1
    assert call("GET", f"/comments?site=gazette&article={address}").json["count"] == 1
    assert rows()["articles"] == 1


def test_an_address_belongs_to_one_article(call: Call, key: str) -> None:
    call("PUT", "/articles/story-7", key, json=FACTS)
    before = rows()
    response = call("PUT", "/articles/story-8", key, json=FACTS)
    assert (response.status_code, response.json["code"]) == (409, "address-taken")
    assert rows() == before


def test_a_hidden_article_shows_nothing_at_once(call: Call, cast: Cast, key: str) -> None:
    factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    body = {"site": "gazette", "state": "hidden"}
    assert call("PUT", "/articles/a1", key, json=body).json["comments"] == 1
    assert call("GET", "/comments?site=gazette&article=a1").json["items"] == []
    assert db.session.scalar(sa.select(Article.state)) is State.HIDDEN


def test_only_a_site_key_of_this_site_will_do(call: Call, cast: Cast, rae: str) -> None:
    before = rows()
    readers = [None, rae, factories.bearer(cast.ada, cast.gazette), factories.api_token(cast.ada)]
    for token in readers:
        response = call("PUT", "/articles/a1", token, json=FACTS)
        assert response.status_code == 401
    other = factories.site_key(cast.notes)
    assert call("PUT", "/articles/a1", other, json=FACTS).status_code == 404
    assert rows()["articles"] == before["articles"]


def test_a_site_key_describes_articles_and_nothing_else(call: Call, cast: Cast, key: str) -> None:
    post: Any = {"site": "gazette", "article": "a1", "body": "x"}
    assert call("POST", "/comments", key, json=post).status_code == 401
    assert call("DELETE", "/sessions/current", key).status_code == 401


def test_no_page_may_use_a_site_key(call: Call, key: str) -> None:
    response = call("PUT", "/articles/a1", key, json=FACTS, headers={"Origin": PUBLISHER})
    assert "Access-Control-Allow-Origin" not in response.headers

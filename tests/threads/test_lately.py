"""Which articles people talk about: told from a site's latest comments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from comments.db import db
from comments.threads import lately
from comments.threads.models import Article, State, Status
from tests import factories
from tests.conftest import NOW, Cast, Statements

API = "/api/v1/articles?site=gazette"
LIST = "/embed/articles?site=gazette"


@pytest.fixture
def talk(cast: Cast, frozen: object) -> dict[str, Article]:
    """`tides` was talked about most, `floods` last, and the rest is nobody's business."""
    names = ("tides", "floods", "hidden", "waiting", "silent")
    made = {
        name: factories.article(
            cast.gazette, name, title=name.title(), url=f"https://gazette.example/{name}"
        )
        for name in names
    }
    factories.many(made["tides"], cast.rae, 3)
    factories.comment(made["floods"], cast.mo, at=NOW + timedelta(minutes=1))
    factories.comment(made["hidden"], cast.mo, at=NOW + timedelta(minutes=2))
    factories.set_state(made["hidden"], State.HIDDEN, cast.ada)
    factories.comment(made["waiting"], cast.rae, to=Status.PENDING)
    elsewhere = factories.article(cast.notes, "elsewhere")
    factories.comment(elsewhere, cast.sam)
    return made


def keys(client: FlaskClient, query: str) -> list[str]:
    return [item["id"] for item in client.get(API + query).json["items"]]


def test_the_latest_comment_comes_first(client: FlaskClient, talk: dict[str, Article]) -> None:
    assert keys(client, "") == ["floods", "tides"]
    assert keys(client, "&order=active") == ["tides", "floods"]
    assert keys(client, "&order=active&limit=1") == ["tides"]


def test_an_item_says_what_and_when(client: FlaskClient, talk: dict[str, Article]) -> None:
    first = client.get(f"{API}&limit=1").json["items"][0]
    assert (first["title"], first["url"]) == ("Floods", "https://gazette.example/floods")
    assert (first["comments"], first["recent"]) == (1, 1)
    assert first["latest_at"] == "2026-03-14T09:27:53Z"


def test_what_is_removed_no_longer_counts(
    client: FlaskClient, cast: Cast, talk: dict[str, Article]
) -> None:
    newest = factories.comment(talk["tides"], cast.rae, at=NOW + timedelta(minutes=5))
    assert keys(client, "") == ["tides", "floods"]
    factories.restate(newest, Status.REJECTED)
    assert keys(client, "") == ["floods", "tides"]


def test_the_list_links_to_the_articles(client: FlaskClient, talk: dict[str, Article]) -> None:
    answer = client.get(LIST)
    assert "Latest comments" in answer.text
    assert 'href="https://gazette.example/floods"' in answer.text
    assert "3 comments" in answer.text
    assert "Hidden" not in answer.text
    assert "Most discussed" in client.get(f"{LIST}&order=active").text
    assert client.get(LIST, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_an_article_without_an_address_leads_to_its_page_here(
    client: FlaskClient, cast: Cast
) -> None:
    factories.comment(factories.article(cast.gazette, "tides & moon"), cast.rae)
    assert "/thread?site=gazette&amp;article=tides+%26+moon" in client.get(LIST).text


def test_a_site_without_comments_says_so(client: FlaskClient, cast: Cast) -> None:
    assert "No comments yet." in client.get(LIST).text
    assert keys(client, "") == []


@pytest.mark.parametrize("query", ["&order=worst", "&limit=0", "&limit=51"])
def test_what_cannot_be_asked_is_named(client: FlaskClient, cast: Cast, query: str) -> None:
    assert client.get(API + query).status_code == 422
    assert client.get(LIST + query).status_code == 422
    assert client.get("/api/v1/articles?site=nobody").status_code == 404


def test_it_costs_one_query_and_no_more_than_it_looks_at(
    cast: Cast, talk: dict[str, Article], statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "LOOKED_AT", 2)
    db.session.refresh(cast.gazette)
    statements.clear()
    (only,) = lately.articles(cast.gazette, "active", 9)
    assert (only.article.key, only.recent) == ("floods", 1)
    assert len(statements) == 1


def test_the_latest_are_found_by_an_index(cast: Cast, talk: dict[str, Article]) -> None:
    plans = factories.plans_of(lambda: lately.articles(cast.gazette, "latest", 9))
    text = "\n".join(plans)
    # Both give a site's comments in the order of time; which is cheaper depends on how many wait.
    assert "ix_comments_status" in text or "ix_comments_site" in text, text
    assert "SCAN comments" not in text
    assert "Seq Scan on comments" not in text

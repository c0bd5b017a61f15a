"""Unread comments in the slot: what is told, when they count as seen, and the way through them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from comments.accounts.models import User
from comments.threads.models import Article
from tests import factories
from tests.conftest import PUBLISHER, Cast

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

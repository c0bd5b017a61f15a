"""Handing a page its token: by a window, or by a code on the way back. Without a browser."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.accounts.models import Kind, Session, Ticket
from comments.db import db, transaction
from comments.sites import managing
from comments.sites.forms import EditedSite
from tests import factories
from tests.conftest import PUBLISHER, Cast

Browsers = Callable[..., FlaskClient]

NONCE = "n" * 32
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
WINDOW = {"site": "gazette", "origin": PUBLISHER, "nonce": NONCE}
PAGE = {
    "site": "gazette",
    "back": f"{PUBLISHER}/tides?page=2",
    "challenge": CHALLENGE,
    "state": "s" * 32,
}


def at(asked: dict[str, str]) -> str:
    return f"/connect?{urlencode(asked)}"


def sessions() -> list[Session]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Session).where(Session.kind == Kind.BEARER)))


def code_for(browser: FlaskClient, **changes: str) -> str:
    response = browser.post("/connect", data={**PAGE, **changes})
    assert response.status_code == 303
    return parse_qs(urlsplit(response.location).fragment)["comments-code"][0]


def exchange(client: FlaskClient, code: str, **changes: Any) -> TestResponse:
    origin = changes.pop("origin", PUBLISHER)
    body = {"code": code, "verifier": VERIFIER, **changes}
    return client.post("/embed/token", json=body, headers={"Origin": origin})


@pytest.mark.parametrize("asked", [WINDOW, PAGE])
def test_nobody_is_asked_to_sign_in_first(
    client: FlaskClient, cast: Cast, asked: dict[str, str]
) -> None:
    response = client.get(at(asked))
    assert response.status_code == 302
    there = urlsplit(response.location)
    assert there.path == "/sign-in"
    assert parse_qs(there.query) == {"site": ["gazette"], "next": [at(asked)]}


@pytest.mark.parametrize("asked", [WINDOW, PAGE])
def test_it_asks_before_a_page_gets_anything(
    as_: Browsers, cast: Cast, asked: dict[str, str]
) -> None:
    response = as_(cast.rae).get(at(asked))
    assert "Continue as" in response.text
    assert "gazette.example" in response.text
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "Cross-Origin-Opener-Policy" not in response.headers
    assert f"form-action 'self' {PUBLISHER};" in response.headers["Content-Security-Policy"]
    assert sessions() == []


@pytest.mark.parametrize(
    ("asked", "changes", "status"),
    [
        (WINDOW, {"origin": "https://evil.example"}, 403),
        (WINDOW, {"origin": "https://gazette.example.evil"}, 403),
        (WINDOW, {"origin": "https://notes.example"}, 403),
        (WINDOW, {"origin": "javascript:alert(1)"}, 422),
        (WINDOW, {"origin": "null"}, 422),
        (WINDOW, {"nonce": "<script>"}, 422),
        (WINDOW, {"site": "nobody"}, 404),
        (PAGE, {"back": "https://evil.example/"}, 403),
        (PAGE, {"back": "https://gazette.example@evil.example/"}, 422),
        (PAGE, {"back": "//evil.example/"}, 422),
        (PAGE, {"back": "javascript:alert(1)"}, 422),
        (PAGE, {"back": f"{PUBLISHER}/\r\nSet-Cookie: a=b"}, 422),
        (PAGE, {"challenge": "plain"}, 422),
        (PAGE, {"more": "yes"}, 422),
    ],
)
def test_only_pages_of_the_site_are_served(
    as_: Browsers, cast: Cast, asked: dict[str, str], changes: dict[str, str], status: int
) -> None:
    browser = as_(cast.rae)
    assert browser.get(at({**asked, **changes})).status_code == status
    assert browser.post("/connect", data={**asked, **changes}).status_code == status
    assert sessions() == []


def test_a_window_hands_over_a_token_for_that_page_alone(as_: Browsers, cast: Cast) -> None:
    response = as_(cast.rae).post("/connect", data=WINDOW)
    (session,) = sessions()
    assert (session.user_id, session.site_id, session.origin) == (
        cast.rae.id,
        cast.gazette.id,
        PUBLISHER,
    )
    assert f'data-origin="{PUBLISHER}"' in response.text
    assert f'data-nonce="{NONCE}"' in response.text
    assert response.headers["Cache-Control"] == "no-store"


def test_a_code_becomes_a_token_once(as_: Browsers, client: FlaskClient, cast: Cast) -> None:
    response = as_(cast.rae).post("/connect", data=PAGE)
    assert response.location.startswith(f"{PUBLISHER}/tides?page=2#comments-code=")
    code = parse_qs(urlsplit(response.location).fragment)["comments-code"][0]
    answer = exchange(client, code)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PUBLISHER
    token = answer.json["token"]
    mine = client.get(
        "/embed/me?site=gazette&article=tides",
        headers={"Authorization": f"Bearer {token}", "Origin": PUBLISHER},
    )
    assert '"name":"rae"' in mine.text
    assert exchange(client, code).status_code == 403
    assert len(sessions()) == 1


def test_the_code_is_kept_only_as_a_hash(as_: Browsers, cast: Cast) -> None:
    code = code_for(as_(cast.rae))
    db.session.rollback()
    (ticket,) = db.session.scalars(sa.select(Ticket))
    assert code not in (ticket.token_hash, ticket.challenge)


@pytest.mark.parametrize(
    "changes",
    [{"verifier": "w" * 43}, {"origin": "https://www.gazette.example"}, {"origin": "null"}],
)
def test_a_code_is_good_for_the_page_that_asked(
    as_: Browsers, client: FlaskClient, cast: Cast, changes: dict[str, str]
) -> None:
    code = code_for(as_(cast.rae))
    assert exchange(client, code, **changes).status_code == 403
    assert sessions() == []


def test_a_code_is_good_for_five_minutes(
    as_: Browsers, client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    code = code_for(as_(cast.rae))
    clock.freeze(frozen + timedelta(minutes=5))
    assert exchange(client, code).status_code == 403


def test_a_code_is_void_once_the_site_takes_the_page_s_address_away(
    as_: Browsers, client: FlaskClient, cast: Cast
) -> None:
    code = code_for(as_(cast.rae))
    form = managing.facts(cast.gazette) | {
        "seen": managing.seen(cast.gazette),
        "origins": "https://other.example",
    }
    edited = EditedSite.model_validate(form)
    transaction(lambda: managing.change(cast.gazette, edited, cast.ada, clock.now()))
    assert exchange(client, code).status_code == 403
    assert sessions() == []


def test_a_sign_in_link_is_no_code(client: FlaskClient, cast: Cast) -> None:
    assert exchange(client, "x" * 43).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"code": 1, "verifier": 2}', b'{"code": "\\u0000"}', b"\xff"]
)
def test_a_broken_exchange_is_refused(client: FlaskClient, cast: Cast, body: bytes) -> None:
    response = client.post("/embed/token", data=body, content_type="application/json")
    assert response.status_code == 422


def test_who_i_am_is_for_holders_of_a_token_of_this_site(client: FlaskClient, cast: Cast) -> None:
    mine = "/embed/me?site=gazette&article=tides"
    assert client.get(mine).status_code == 401
    other = factories.bearer(cast.rae, cast.notes)
    headers = {"Authorization": f"Bearer {other}"}
    assert client.get(mine, headers=headers).status_code == 401
    token = factories.bearer(cast.rae, cast.gazette)
    elsewhere = {"Authorization": f"Bearer {token}", "Origin": "https://evil.example"}
    assert client.get(mine, headers=elsewhere).status_code == 401


def test_a_cookie_counts_for_nothing_there(as_: Browsers, cast: Cast) -> None:
    assert as_(cast.rae).get("/embed/me?site=gazette&article=tides").status_code == 401

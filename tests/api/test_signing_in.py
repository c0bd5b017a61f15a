from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from comments import clock
from comments.accounts import passwords
from comments.accounts.factors import codes
from comments.accounts.models import Kind, Session, User
from comments.db import db, transaction
from tests import factories
from tests.accounts.factors import phone
from tests.accounts.factors.phone import Phone
from tests.api.conftest import Call, later, rows
from tests.conftest import PUBLISHER, Cast

ACCOUNT = {
    "site": "gazette",
    "name": "Nina",
    "email": "nina@example.org",
    "password": "a long walk by the sea",
}
POST = {"site": "gazette", "article": "a1", "body": "Hello."}


@pytest.fixture
def known(cast: Cast) -> Cast:
    """rae has a password."""
    secret = passwords.hashed("a long walk by the sea")
    transaction(lambda: passwords.keep(cast.rae, secret, clock.now()))
    return cast


def test_a_new_person_is_signed_in_at_once(call: Call, frozen: object) -> None:
    response = call("POST", "/accounts", json=ACCOUNT)
    assert response.status_code == 201
    assert set(response.json) == {"token"}
    assert response.headers["Cache-Control"] == "no-store"
    posted = call("POST", "/comments", response.json["token"], json=POST)
    assert posted.json["author"]["name"] == "Nina"


def test_a_taken_name_is_refused(call: Call, cast: Cast) -> None:
    before = rows()
    response = call("POST", "/accounts", json={**ACCOUNT, "name": "RAE"})
    assert response.status_code == 422
    assert response.json["faults"][0]["field"] == "name"
    assert {**rows(), "tallies": 0} == {**before, "tallies": 0}


def test_a_known_person_gets_a_token_of_a_reader(call: Call, known: Cast) -> None:
    body = {"site": "gazette", "login": "rae", "password": ACCOUNT["password"]}
    response = call("POST", "/sessions", json=body)
    assert response.status_code == 200
    token = response.json["token"]
    session = db.session.scalars(sa.select(Session)).one()
    assert (session.kind, session.site_id, session.origin) == (
        Kind.BEARER,
        known.gazette.id,
        None,
    )
    assert token not in (session.token_hash, session.label)
    assert call("POST", "/comments", token, json=POST).status_code == 201
    elsewhere = call("POST", "/comments", token, json={**POST, "site": "field-notes"})
    assert elsewhere.status_code == 403
    in_a_page = call("POST", "/comments", token, json=POST, headers={"Origin": PUBLISHER})
    assert in_a_page.status_code == 401


@pytest.mark.parametrize("login", ["rae", "nobody-here", "rae@example.org"])
def test_who_is_known_is_not_told(call: Call, known: Cast, login: str) -> None:
    body = {"site": "gazette", "login": login, "password": "wrong and long enough"}
    response = call("POST", "/sessions", json=body)
    assert response.status_code == 422
    assert [fault["code"] for fault in response.json["faults"]] == ["wrong"]
    assert "token" not in response.json


@pytest.mark.parametrize("path", ["/accounts", "/sessions"])
def test_a_password_is_for_no_page_of_others(call: Call, known: Cast, path: str) -> None:
    body = {"site": "gazette", "login": "rae", "password": ACCOUNT["password"]}
    for json in (body, ACCOUNT, {}):
        response = call("POST", path, json=json, headers={"Origin": PUBLISHER})
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_an_unknown_site_makes_nobody(call: Call, known: Cast) -> None:
    before = rows()
    assert call("POST", "/accounts", json={**ACCOUNT, "site": "nowhere"}).status_code == 404
    body = {"site": "nowhere", "login": "rae", "password": ACCOUNT["password"]}
    assert call("POST", "/sessions", json=body).status_code == 404
    assert rows() == before


@pytest.fixture
def phone_of_rae(known: Cast, frozen: object) -> Phone:
    return phone.set_up(known.rae)


BODY = {"site": "gazette", "login": "rae", "password": ACCOUNT["password"]}


def test_who_has_a_second_factor_sends_a_code_along(call: Call, phone_of_rae: Phone) -> None:
    before = rows()
    refused = call("POST", "/sessions", json=BODY)
    assert refused.status_code == 422
    told = [(each["field"], each["code"]) for each in refused.json["faults"]]
    assert told == [("code", "second-factor-needed")]
    wrong = call("POST", "/sessions", json={**BODY, "code": phone_of_rae.wrong()})
    assert [each["code"] for each in wrong.json["faults"]] == ["wrong"]
    assert rows()["sessions"] == before["sessions"]
    code = phone_of_rae.shows()
    assert set(call("POST", "/sessions", json={**BODY, "code": code}).json) == {"token"}
    assert call("POST", "/sessions", json={**BODY, "code": code}).status_code == 422
    recovery = {**BODY, "code": phone_of_rae.recovery[0]}
    assert call("POST", "/sessions", json=recovery).status_code == 200


def test_programs_do_not_guess_codes_without_end(call: Call, phone_of_rae: Phone) -> None:
    body = {**BODY, "code": phone_of_rae.wrong()}
    tries = [call("POST", "/sessions", json=body).status_code for _ in range(codes.FEW.times + 1)]
    assert tries == [422] * codes.FEW.times + [429]


def test_a_wrong_password_is_told_before_a_code(call: Call, phone_of_rae: Phone) -> None:
    body = {**BODY, "password": "x" * 12, "code": phone_of_rae.shows()}
    refused = call("POST", "/sessions", json=body)
    assert [each["field"] for each in refused.json["faults"]] == ["password"]


def test_signing_out_ends_the_token(call: Call, cast: Cast, rae: str) -> None:
    other = factories.bearer(cast.rae, cast.gazette)
    headers = {"Origin": PUBLISHER}
    response = call("DELETE", "/sessions/current", rae, headers=headers)
    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert call("POST", "/comments", rae, json=POST).status_code == 401
    assert call("DELETE", "/sessions/current", rae).status_code == 401
    assert call("POST", "/comments", other, json=POST).status_code == 201


def test_a_token_rests_for_thirty_days(call: Call, frozen: Any, rae: str) -> None:
    later(days=29)
    assert call("POST", "/comments", rae, json=POST).status_code == 201
    later(days=29)
    assert call("POST", "/comments", rae, json={**POST, "body": "Still here."}).status_code == 201
    later(days=31)
    assert call("POST", "/comments", rae, json={**POST, "body": "Gone."}).status_code == 401


def test_a_closed_account_has_no_token(call: Call, cast: Cast, rae: str) -> None:
    def close() -> None:
        db.session.get_one(User, cast.rae.id).closed_at = clock.now()

    transaction(close)
    assert call("POST", "/comments", rae, json=POST).status_code == 401

"""Keys at a publisher's address: fetched beside the requests, kept, and fetched again in time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import TestResponse

from comments import clock, outward
from comments.db import db, transaction
from comments.sites.sso import jwks
from comments.sites.sso.models import Sso
from tests import secure_server
from tests.api.conftest import later
from tests.conftest import Cast
from tests.secure_server import Server
from tests.sites.sso import publisher

Bring = Callable[..., TestResponse]


@pytest.fixture
def server(cast: Cast, frozen: datetime) -> Iterator[Server]:
    """Where the keys of the gazette's publisher lie."""
    with secure_server.serving() as made:
        publisher.settle(cast.gazette, url=made.url, due_at=clock.now())
        yield made


@pytest.fixture
def bring(client: FlaskClient) -> Bring:
    def act(key: publisher.AnyKey, kid: str, **said: Any) -> TestResponse:
        token = publisher.signed(publisher.claims(**said), key, kid=kid)
        return client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": token})

    return act


ONE, TWO = ECKey.generate_key("P-256"), RSAKey.generate_key(2048)


def put(server: Server, **keys: publisher.AnyKey) -> None:
    listed = [{**key.as_dict(private=False), "kid": kid} for kid, key in keys.items()]
    server.says(json.dumps({"keys": listed}).encode())


def fetch() -> int:
    return jwks.refresh_due(clock.now(), secure_server.reach())


def kept(cast: Cast) -> Sso:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Sso, cast.gazette.id)


def test_keys_are_fetched_and_prove_tokens(cast: Cast, server: Server, bring: Bring) -> None:
    put(server, one=ONE, two=TWO)
    assert fetch() == 1
    assert bring(ONE, "one").status_code == 200
    assert bring(TWO, "two").status_code == 200
    assert (kept(cast).version, fetch(), len(server.asked)) == (1, 0, 1)
    later(minutes=5)
    assert fetch() == 1
    assert kept(cast).version == 1


def test_an_unknown_key_is_fetched_and_its_reader_may_try_again(
    cast: Cast, server: Server, bring: Bring
) -> None:
    put(server, one=ONE)
    fetch()
    put(server, one=ONE, two=TWO)
    later(seconds=20)
    answer = bring(TWO, "two")
    assert (answer.status_code, answer.json["code"]) == (503, "key-awaited")
    assert answer.headers["Retry-After"] == "40"
    assert (fetch(), len(server.asked)) == (0, 1)
    later(seconds=40)
    for _ in range(3):
        assert bring(TWO, "two").status_code == 503
    assert (fetch(), len(server.asked)) == (1, 2)
    assert bring(TWO, "two").status_code == 200


def test_a_key_that_is_nowhere_is_refused_in_the_end(
    cast: Cast, server: Server, bring: Bring
) -> None:
    put(server, one=ONE)
    fetch()
    later(minutes=2)
    made = int(clock.now().timestamp())
    assert bring(TWO, "no such", iat=made).status_code == 503
    assert fetch() == 1
    later(minutes=1)
    bring(TWO, "no such", iat=made)
    fetch()
    answer = bring(TWO, "no such", iat=made)
    assert (answer.status_code, answer.json["code"]) == (401, "token-other-algorithm")


def test_nothing_is_fetched_in_a_request(server: Server, bring: Bring) -> None:
    put(server, one=ONE)
    for _ in range(5):
        assert bring(ONE, "one").status_code == 503
    assert server.asked == []


def test_a_key_that_is_taken_away_proves_nothing(cast: Cast, server: Server, bring: Bring) -> None:
    put(server, one=ONE, two=TWO)
    fetch()
    put(server, two=TWO)
    later(minutes=5)
    fetch()
    assert kept(cast).version == 2
    assert bring(ONE, "one", iat=int(clock.now().timestamp()) - 60).status_code == 401
    assert bring(TWO, "two").status_code == 200


def test_an_address_that_fails_keeps_nobody_out(cast: Cast, server: Server, bring: Bring) -> None:
    put(server, one=ONE)
    fetch()
    for body, status, code in (
        (b"", "500 Oh", "status"),
        (b"no json", "200 OK", "no-set"),
        (b'{"keys": []}', "200 OK", "empty-set"),
        (b'{"keys": {}}', "200 OK", "no-set"),
        (b"[" * 60_000, "200 OK", "no-set"),
        (b"x" * (outward.MOST + 1), "200 OK", "too-large"),
    ):
        server.says(body, status)
        later(minutes=5)
        asked = len(server.asked)
        assert (fetch(), fetch(), len(server.asked)) == (1, 0, asked + 1)
        assert kept(cast).failure["code"] == code
    assert kept(cast).failure["status"] is None
    assert bring(ONE, "one").status_code == 200
    put(server, one=ONE)
    later(minutes=1)
    fetch()
    assert kept(cast).failure == {}


def test_only_public_keys_that_sign_count(cast: Cast, server: Server, bring: Bring) -> None:
    """What the publisher's address should not hold is passed over, a secret above all."""
    shared = OctKey.import_key("x" * 32)
    weak = {**TWO.as_dict(private=False), "n": TWO.as_dict()["n"][:172]}
    listed = [
        {**shared.as_dict(), "kid": "shared"},
        {**ECKey.generate_key("P-256").as_dict(private=True), "kid": "private"},
        {**ECKey.generate_key("P-384").as_dict(private=False), "kid": "curve"},
        {**TWO.as_dict(private=False), "kid": "enc", "use": "enc"},
        {**TWO.as_dict(private=False), "kid": "pss", "alg": "PS256"},
        {**weak, "kid": "weak"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {**TWO.as_dict(private=False), "kid": "listed", "alg": []},
        {**TWO.as_dict(private=False), "kid": "for nothing", "key_ops": None},
        {**ONE.as_dict(private=False), "kid": "one"},
        None,
        7,
    ]
    server.says(json.dumps({"keys": listed}).encode())
    fetch()
    assert [each["kid"] for each in kept(cast).keys["keys"]] == ["one"]
    assert bring(shared, "shared", iat=1).status_code == 401


def test_another_address_forgets_the_keys_of_the_first(cast: Cast, server: Server) -> None:
    put(server, one=ONE)
    claimed = transaction(lambda: jwks._claim(clock.now()))
    assert claimed is not None
    publisher.settle(cast.gazette, url="https://elsewhere.example/keys.json")
    jwks._refresh(claimed, clock.now(), secure_server.reach())
    assert kept(cast).keys == {}


@pytest.mark.usefixtures("server")
def test_without_more_nobody_inside_is_asked(cast: Cast) -> None:
    assert jwks.refresh_due(clock.now()) == 1
    assert kept(cast).failure["code"] == "private"

"""The pages on which a publisher sets up its own sign-in, and tries a token."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from comments import clock
from comments.audit import Entry
from comments.db import db
from comments.sites.models import Membership, Role
from comments.sites.sso import jwks
from comments.sites.sso.models import Sso, SsoKey
from tests import factories
from tests.api.conftest import later, rows
from tests.conftest import Cast
from tests.sites.sso import publisher

As = Callable[..., FlaskClient]
PLACE = "/sites/gazette/sso"
TERMS = {"issuer": "https://gazette.example", "audience": "comments:gazette"}
RSA = RSAKey.generate_key(2048)


@pytest.fixture
def ada(as_: As, cast: Cast) -> FlaskClient:
    return as_(cast.ada)


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(Entry.act).order_by(Entry.id)))


def shown_secret(page: str) -> str:
    found = re.search(r'aria-labelledby="new" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_secret_is_shown_once_and_signs(
    ada: FlaskClient, client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    answer = ada.post(f"{PLACE}/secrets")
    secret = shown_secret(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in ada.get(PLACE).text
    token = publisher.signed(publisher.claims(), secret)
    sent = {"site": "gazette", "token": token}
    assert client.post("/api/v1/sessions/sso", json=sent).status_code == 200
    assert "Last used" in ada.get(PLACE).text
    assert acts().count("sso-key") == 1


def test_there_are_two_keys_at_most_until_one_is_retired(ada: FlaskClient, cast: Cast) -> None:
    assert [ada.post(f"{PLACE}/secrets").status_code for _ in range(3)] == [200, 200, 409]
    first = min(db.session.scalars(sa.select(SsoKey.id)))
    assert "/secrets" not in ada.get(PLACE).text
    assert ada.post(f"{PLACE}/keys/{first}/retire").status_code == 303
    assert ada.post(f"{PLACE}/keys/{first}/retire").status_code == 404
    assert ada.post(f"{PLACE}/secrets").status_code == 200
    assert "sso-key-retired" in acts()


def test_a_key_of_another_site_is_not_there(as_: As, cast: Cast, ada: FlaskClient) -> None:
    publisher.secret(cast.notes)
    row = db.session.scalars(sa.select(SsoKey)).one()
    assert ada.post(f"{PLACE}/keys/{row.id}/retire").status_code == 404


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA, "RS256"),
        (ECKey.generate_key("P-256"), "ES256"),
        (OKPKey.generate_key("Ed25519"), "EdDSA"),
    ],
    ids=["RSA", "EC", "OKP"],
)
@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_a_public_key_is_pasted(
    ada: FlaskClient, key: publisher.AnyKey, algorithm: str, form: str
) -> None:
    jwk = json.dumps(key.as_dict(private=False))
    text = key.as_pem(private=False).decode() if form == "pem" else jwk
    assert ada.post(f"{PLACE}/keys", data={"material": f"\r\n{text}"}).status_code == 303
    page = ada.get(PLACE).text
    assert algorithm in page
    again = ada.post(f"{PLACE}/keys", data={"material": text})
    assert (again.status_code, "This key is there already." in again.text) == (409, True)


@pytest.mark.parametrize(
    ("material", "words"),
    [
        (RSA.as_pem(private=True).decode(), "This is a private key"),
        (json.dumps(RSA.as_dict(private=True)), "This is a private key"),
        (json.dumps(OctKey.import_key("x" * 40).as_dict()), "This is a private key"),
        ("hello", "no public key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key"),
        ("[1]", "no public key"),
        ("[" * 8000, "no public key"),
        ('{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}', "no public key"),
        (ECKey.generate_key("P-384").as_pem(private=False).decode(), "Only RSA for RS256"),
        (json.dumps({**RSA.as_dict(private=False), "alg": "PS256"}), "Only RSA for RS256"),
        (json.dumps({**RSA.as_dict(private=False), "use": "enc"}), "not for checking"),
        (json.dumps({**RSA.as_dict(private=False), "alg": {}}), "no public key"),
        (json.dumps({**RSA.as_dict(private=False), "key_ops": 5}), "no public key"),
        (json.dumps({**RSA.as_dict(private=False), "n": RSA.as_dict()["n"][:172]}), "2048"),
        ("", "at least 1"),
    ],
)
def test_what_is_no_public_key_is_refused(ada: FlaskClient, material: str, words: str) -> None:
    before = rows()
    answer = ada.post(f"{PLACE}/keys", data={"material": material})
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert rows() == before


def test_the_terms_are_the_sites_own_until_they_are_changed(ada: FlaskClient, cast: Cast) -> None:
    page = ada.get(PLACE).text
    assert 'value="https://gazette.example"' in page
    assert 'value="comments:gazette"' in page
    roles = "press = staff\r\neditor=moderator\r\n"
    changed = {**TERMS, "issuer": "desk", "roles": roles, "url": ""}
    assert ada.post(PLACE, data=changed).status_code == 303
    row = db.session.get_one(Sso, cast.gazette.id)
    assert row.roles == {"press": "staff", "editor": "moderator"}
    assert (row.issuer, row.url, row.due_at) == ("desk", None, None)
    assert "press = staff\neditor = moderator" in ada.get(PLACE).text
    assert "sso" in acts()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("roles", "editor = owner"),
        ("roles", "editor = king"),
        ("roles", "editor"),
        ("roles", "= staff"),
        ("roles", "\n".join(f"r{n} = staff" for n in range(51))),
        ("roles", f"{'x' * 101} = staff"),
        ("badges", "expert"),
        ("badges", "= Expert"),
        ("badges", "expert = \u202e"),
        ("badges", f"expert = {'x' * 31}"),
        ("badges", "expert = Expert\nexpert = Another"),
        ("badges", "expert = Moderat\u043er"),
        ("badges", f"{'x' * 101} = Expert"),
        ("badges", "\n".join(f"b{n} = Badge {n}" for n in range(51))),
        ("url", "http://gazette.example/keys.json"),
        ("url", "https://user@gazette.example/keys.json"),
        ("url", "javascript:alert(1)"),
        ("issuer", ""),
        ("audience", "x" * 301),
    ],
)
def test_terms_that_can_not_be_are_refused(ada: FlaskClient, field: str, value: str) -> None:
    before = rows()
    answer = ada.post(PLACE, data={**TERMS, field: value})
    assert answer.status_code == 422
    assert f'id="fault-{field}-1"' in answer.text
    assert rows() == before


def test_a_badge_is_as_long_as_it_is_shown(ada: FlaskClient, cast: Cast) -> None:
    typed = "old = " + "a\u0301" * 30
    assert ada.post(PLACE, data={**TERMS, "badges": typed}).status_code == 303
    assert db.session.get_one(Sso, cast.gazette.id).badges == {"old": "\u00e1" * 30}


def test_only_an_owner_lets_a_claim_make_admins(as_: As, cast: Cast, ada: FlaskClient) -> None:
    factories.member(cast.gazette, cast.rae, Role.ADMIN)
    rae = as_(cast.rae)
    claimed = {**TERMS, "roles": "chief = admin"}
    assert rae.post(PLACE, data=claimed).status_code == 403
    assert ada.post(PLACE, data=claimed).status_code == 303
    assert rae.post(PLACE, data={**claimed, "issuer": "desk"}).status_code == 303
    assert rae.post(PLACE, data={**TERMS, "roles": "boss = admin"}).status_code == 403


def test_another_mapping_ends_the_roles_of_the_first(
    ada: FlaskClient, client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    secret = publisher.secret(cast.gazette).text
    ada.post(PLACE, data={**TERMS, "roles": "press = staff"})
    token = publisher.signed(publisher.claims(roles=["press"]), secret)
    client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": token})
    by_sso = sa.select(Membership).where(Membership.by_sso)
    assert len(db.session.scalars(by_sso).all()) == 1
    ada.post(PLACE, data={**TERMS, "issuer": "desk", "roles": "press = staff"})
    assert len(db.session.scalars(by_sso).all()) == 1
    ada.post(PLACE, data={**TERMS, "roles": "desk = staff"})
    assert db.session.scalars(by_sso).all() == []
    assert len(db.session.scalars(sa.select(Membership)).all()) == 3


def test_badges_are_read_as_the_site_means_them_now(
    ada: FlaskClient, client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    secret = publisher.secret(cast.gazette).text
    settled = "expert = Verified\u200b  expert\r\nequal = a = b\r\n"
    assert ada.post(PLACE, data={**TERMS, "badges": settled}).status_code == 303
    assert "expert = Verified expert\nequal = a = b" in ada.get(PLACE).text
    token = publisher.signed(publisher.claims(badges=["expert", "equal"]), secret)
    answer = client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": token}).json
    headers = {"Authorization": f"Bearer {answer['token']}"}
    post = {"site": "gazette", "article": "a1", "body": "High water at noon."}
    assert client.post("/api/v1/comments", json=post, headers=headers).status_code == 201

    def badges() -> list[str]:
        slot = client.get("/embed/thread?site=gazette&article=a1").text
        return re.findall(r'<bdi class="badge" part="badge">([^<]+)</bdi>', slot)

    assert badges() == ["Verified expert", "a = b"]
    for settled, read in (
        ("equal = Level-headed\nnew = New here\nexpert = a = b", ["a = b", "Level-headed"]),
        ("equal = One\nexpert = One", ["One"]),
        ("doctor = One\nequal = Two", ["Two"]),
        ("", []),
    ):
        assert ada.post(PLACE, data={**TERMS, "badges": settled}).status_code == 303
        assert badges() == read
    assert acts().count("sso") == 5


def test_keys_at_an_address_are_fetched_when_asked_for(
    ada: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    ada.post(PLACE, data={**TERMS, "url": "https://127.0.0.1/keys.json"})
    assert jwks.refresh_due(clock.now()) == 1
    page = ada.get(PLACE).text
    assert "private network" in page
    assert "Not fetched yet" in page
    ada.post(f"{PLACE}/fetch")
    assert not jwks.is_due(clock.now())
    later(minutes=1)
    assert jwks.is_due(clock.now())


@pytest.fixture
def secret(cast: Cast, frozen: datetime) -> str:
    return publisher.secret(cast.gazette).text


def trial(browser: FlaskClient, token: str) -> str:
    answer = browser.post(f"{PLACE}/test", data={"token": token})
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_a_trial_says_who_would_come_in_and_lets_nobody_in(
    ada: FlaskClient, cast: Cast, secret: str
) -> None:
    publisher.settle(cast.gazette, roles={"press": "staff"}, badges={"expert": "Knows tides"})
    said = publisher.claims(name="<b>Ann</b>", roles=["press", "king"], subscriber=True, email="x")
    said["badges"] = ["expert"]
    before = rows()
    page = trial(ada, f"\n{publisher.signed(said, secret)}\n")
    for words in (
        "It would sign in <b>Ann</b>.",
        "Role: Staff",
        "A subscriber",
        "Knows tides",
        "The role king means nothing on this site",
        "The e-mail address is left out",
        '"alg": "HS256"',
        '"sub": "r-1"',
    ):
        assert words in page
    assert rows() == before


def test_a_trial_says_exactly_why_a_token_is_refused(
    ada: FlaskClient, client: FlaskClient, cast: Cast, secret: str
) -> None:
    now = clock.now().timestamp()
    good = publisher.claims()
    token = publisher.signed(good, secret)
    expired = publisher.claims(iat=now - 400, exp=now - 70, aud="else")
    other = RSA
    for tried, words in (
        ("", "This is no signed token"),
        ("a.b.c", "This is no signed token"),
        (token[:-4] + "AAAA", "The signature is wrong"),
        (publisher.signed(good, "y" * 43), "The signature is wrong"),
        (publisher.signed(good, secret, kid="old"), "No key of this site is called old"),
        (publisher.signed(good, secret, alg="none"), "It is signed by none."),
        (publisher.signed(good, secret, jku="x"), "The header holds jku"),
        (publisher.signed(good, secret, typ="at+jwt"), "The header says typ at+jwt"),
        (publisher.signed(good, other), "signed by RS256, and the keys of this site are for HS256"),
        (publisher.signed(expired, secret), "It expired 70 seconds ago."),
        (
            publisher.signed(expired, secret),
            "aud says else, and this site expects comments",
        ),
        (publisher.signed(["x"], secret), "The claims, the part between the dots"),
        ("x" * 9000, "The token has more than 8192 characters."),
    ):
        assert words in trial(ada, tried), words
    sent = {"site": "gazette", "token": token}
    assert client.post("/api/v1/sessions/sso", json=sent).status_code == 200
    assert "has signed somebody in already" in trial(ada, token)
    publisher.settle(cast.gazette, url="https://gazette.example/keys.json")
    assert "is being fetched" in trial(ada, publisher.signed(good, other))


@pytest.mark.parametrize("who", ["mo", "rae", "sam", None])
@pytest.mark.parametrize("page", ["", "/test"])
def test_the_pages_are_for_admins(as_: As, cast: Cast, who: str | None, page: str) -> None:
    answer = as_(getattr(cast, who) if who else None).get(PLACE + page)
    assert answer.status_code == {"mo": 403, None: 302}.get(who, 404)


def test_a_secret_of_another_service_key_is_passed_over(
    ada: FlaskClient, client: FlaskClient, cast: Cast, secret: str
) -> None:
    """As after COMMENTS_SECRET_KEY was changed: a new secret is made, and the old one retired."""
    row = db.session.scalars(sa.select(SsoKey)).one()
    publisher.transaction(lambda: setattr(row, "material", row.material[:-4] + "AAAA"))
    token = publisher.signed(publisher.claims(), secret)
    answer = client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": token})
    assert answer.status_code == 401
    assert ada.get(PLACE).status_code == 200
    assert ada.post(f"{PLACE}/secrets").status_code == 200

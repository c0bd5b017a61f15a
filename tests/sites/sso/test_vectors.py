"""Whatever a token looks like: it signs in who it should, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from joserfc.jwk import OctKey

from comments import clock, sealing
from comments.accounts.models import Identity, User, Way
from comments.db import db, transaction
from comments.sites.models import Membership
from comments.sites.sso import public_keys, signed
from comments.sites.sso.models import Algorithm, SsoKey
from comments.sites.sso.public_keys import Key, Unusable
from comments.sites.sso.reasons import Refused
from tests import corpora
from tests.api.conftest import rows
from tests.conftest import Cast
from tests.sites.sso import publisher

pytestmark = pytest.mark.shared


@pytest.fixture
def vectors(cast: Cast) -> dict[str, Any]:
    found = corpora.sso_vectors()
    clock.freeze(datetime.fromtimestamp(found["clock"], UTC))
    publisher.settle(cast.gazette, issuer=found["expected_iss"], audience=found["expected_aud"])
    return found


def configure(cast: Cast, vectors: dict[str, Any], config: str) -> None:
    site = cast.gazette

    def act() -> None:
        db.session.execute(sa.delete(SsoKey))
        row = SsoKey(site_id=site.id, kid="known", created_at=clock.now())
        if config == "hs256":
            row.algorithm = Algorithm.HS256
            row.material = sealing.seal(vectors["hs256_secret"].encode())
            db.session.add(row)

    transaction(act)
    if config == "rs256":
        public = public_keys.of_text(vectors["rs256_public_key_pem"])
        transaction(lambda: publisher.keys.add(site, public, None, clock.now()))


def test_each_vector_has_its_stated_result(
    cast: Cast, client: FlaskClient, vectors: dict[str, Any]
) -> None:
    assert len(vectors["cases"]) == 64
    for case in sorted(vectors["cases"], key=lambda case: case["config"]):
        configure(cast, vectors, case["config"])
        before = people()
        answer = client.post(
            "/api/v1/sessions/sso", json={"site": "gazette", "token": case["token"]}
        )
        allowed = {True: {200}, False: {401}, "either": {200, 401}}[case["accept"]]
        assert answer.status_code in allowed, (case["name"], answer.json)
        if answer.status_code == 401:
            assert people() == before, case["name"]
            assert answer.json["code"].startswith("token-")
            assert answer.json["detail"]
    assert roles() == []


def test_what_accepted_vectors_make(
    cast: Cast, client: FlaskClient, vectors: dict[str, Any]
) -> None:
    configure(cast, vectors, "hs256")
    owner = transaction(lambda: confirmed("admin@news.example"))
    tokens = {case["name"]: case["token"] for case in vectors["cases"]}

    def enter(name: str) -> User:
        token = tokens[name]
        answer = client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": token})
        assert answer.status_code == 200, (name, answer.json)
        return db.session.scalars(
            sa.select(User).join(Identity).where(Identity.way == Way.SSO).order_by(User.id.desc())
        ).first()

    assert enter("name with markup").name == "<img src=x onerror=alert(1)>"
    assert enter("name with bidi").name == "nimda"
    other = enter("e-mail of another account")
    assert (other.id, other.email, other.email_confirmed_at) != (owner, None, None)
    assert other.id != owner
    assert db.session.get_one(User, owner).email_confirmed_at is not None
    assert roles() == []


def test_a_token_signs_in_once(cast: Cast, client: FlaskClient, vectors: dict[str, Any]) -> None:
    configure(cast, vectors, "hs256")
    (token,) = [c["token"] for c in vectors["cases"] if c["name"].startswith("replayed jti")]
    sent = {"site": "gazette", "token": token}
    assert client.post("/api/v1/sessions/sso", json=sent).status_code == 200
    before = rows()
    answer = client.post("/api/v1/sessions/sso", json=sent)
    assert (answer.status_code, answer.json["code"]) == (401, "token-used")
    assert rows() == before


# Four of this file say the opposite of what is meant: the first two are, letter for letter, the
# token of ValidMac, and the last two hold a question mark, which base64url does not have.
SWAPPED = {
    "invalidBase64Padding",
    "invalidBase64PaddingInPayload",
    "InvalidCharacterInsertedInHeader",
    "InvalidCharacterInsertedInPayload",
}


def test_the_vectors_of_wycheproof() -> None:
    seen = {"valid": 0, "invalid": 0, "other algorithm": 0}
    for group in corpora.json_web_signatures()["testGroups"]:
        key = known(group)
        for case in group["tests"]:
            token, is_good = case["jws"], case["result"] == "valid"
            if case["comment"] in SWAPPED:
                assert ("?" in token) is is_good
                is_good = not is_good
            if is_good and key is None:
                seen["other algorithm"] += 1
                is_good = False
            else:
                seen["valid" if is_good else "invalid"] += 1
            assert verifies(token, key) is is_good, (group["comment"], case["comment"])
    assert seen == {"valid": 20, "invalid": 355, "other algorithm": 26}


def known(group: dict[str, Any]) -> Key | None:
    """The key of a group, if a site may have such a one."""
    jwk = group.get("public") or group["private"]
    if jwk["kty"] == "oct":
        if jwk["alg"] != "HS256":
            return None
        return Key(jwk["kid"], Algorithm.HS256, OctKey.import_key({"kty": "oct", "k": jwk["k"]}))
    try:
        return public_keys.of_jwk(jwk).key()
    except Unusable:
        return None


def verifies(token: object, key: Key | None) -> bool:
    if not isinstance(token, str):
        return False
    try:
        signed.check(signed.apart(token), [key] if key else [])
    except Refused:
        return False
    return True


def confirmed(email: str) -> int:
    row = User(
        name="owner",
        name_key="owner",
        email=email,
        email_key=email,
        email_confirmed_at=clock.now(),
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def people() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(User)) or 0


def roles() -> list[Any]:
    return list(db.session.scalars(sa.select(Membership).where(Membership.by_sso)))

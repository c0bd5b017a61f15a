"""A publisher's readers come in: as themselves, under names that are theirs, with mapped roles."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from comments import changes, clock
from comments.accounts import closing, copies, vouched
from comments.accounts.models import Session, User
from comments.accounts.vouched import Vouched
from comments.db import db, transaction
from comments.sites.models import Membership, Role
from comments.sites.sso import entering, keys
from comments.sites.sso.models import SsoKey, SsoUse
from tests import factories
from tests.api.conftest import later, rows
from tests.conftest import PUBLISHER, Cast
from tests.sites.sso import publisher

As = Callable[..., FlaskClient]
Enter = Callable[..., TestResponse]
POST = {"site": "gazette", "article": "a1", "body": "Hello."}


@pytest.fixture
def secret(cast: Cast, frozen: datetime) -> str:
    return publisher.secret(cast.gazette).text


@pytest.fixture
def enter(client: FlaskClient, secret: str) -> Enter:
    """Bring a token of the gazette that says this."""

    def act(*, origin: str | None = PUBLISHER, **said: Any) -> TestResponse:
        token = publisher.signed(publisher.claims(**said), secret)
        headers = {"Origin": origin} if origin else {}
        sent = {"site": "gazette", "token": token}
        return client.post("/api/v1/sessions/sso", json=sent, headers=headers)

    return act


def reader(subject: str = "r-1") -> User:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(
        sa.select(User).join(vouched.Identity).where(vouched.Identity.subject == subject)
    ).one()


def test_a_reader_comes_in_and_writes(client: FlaskClient, cast: Cast, enter: Enter) -> None:
    answer = enter()
    assert answer.status_code == 200
    assert set(answer.json) == {"token"}
    assert answer.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert answer.headers["Cache-Control"] == "no-store"
    headers = {"Authorization": f"Bearer {answer.json['token']}", "Origin": PUBLISHER}
    posted = client.post("/api/v1/comments", json=POST, headers=headers)
    assert (posted.status_code, posted.json["author"]["name"]) == (201, "Ann")
    assert reader().site_id == cast.gazette.id
    other = {**headers, "Origin": "https://www.gazette.example"}
    assert client.post("/api/v1/comments", json=POST, headers=other).status_code == 401
    there = {**POST, "site": "field-notes"}
    assert client.post("/api/v1/comments", json=there, headers=headers).status_code == 403


def test_the_same_subject_is_the_same_person(enter: Enter) -> None:
    enter()
    before = rows()
    assert enter(name="Anna", iat=int(clock.now().timestamp()) - 1).status_code == 200
    assert rows()["users"] == before["users"]
    assert reader().name == "Anna"


def test_a_site_knows_only_its_own_readers(
    client: FlaskClient, cast: Cast, enter: Enter, secret: str
) -> None:
    other = publisher.secret(cast.notes).text
    said = publisher.claims(iss="https://notes.example", aud="comments:field-notes")
    enter()
    for key, status in ((secret, 401), (other, 200)):
        sent = {"site": "field-notes", "token": publisher.signed(said, key)}
        assert client.post("/api/v1/sessions/sso", json=sent).status_code == status
    people = db.session.scalars(sa.select(User).where(User.site_id.is_not(None))).all()
    assert {row.site_id for row in people} == {cast.gazette.id, cast.notes.id}


def test_what_it_gets_ends_after_a_day(client: FlaskClient, enter: Enter) -> None:
    headers = {"Authorization": f"Bearer {enter().json['token']}", "Origin": PUBLISHER}
    later(hours=23, minutes=59)
    assert client.post("/api/v1/comments", json=POST, headers=headers).status_code == 201
    later(minutes=1)
    assert client.post("/api/v1/comments", json=POST, headers=headers).status_code == 401


def test_a_page_of_another_origin_gets_nothing(enter: Enter) -> None:
    before = rows()
    answer = enter(origin="https://evil.example")
    assert (answer.status_code, answer.json["code"]) == (403, "unknown-origin")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert rows() == before
    assert enter(origin=None).status_code == 200
    assert db.session.scalars(sa.select(Session.origin)).one() is None


def test_a_token_is_good_again_for_nobody(app: Flask, cast: Cast, secret: str) -> None:
    token = publisher.signed(publisher.claims(), secret)
    answers = []

    def go() -> None:
        with app.app_context():
            sent = {"site": "gazette", "token": token}
            answers.append(app.test_client().post("/api/v1/sessions/sso", json=sent).status_code)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 401, 401, 401]
    assert len(db.session.scalars(sa.select(SsoUse)).all()) == 1


def test_a_new_reader_who_comes_twice_at_once_is_one(app: Flask, cast: Cast, secret: str) -> None:
    tokens = [publisher.signed(publisher.claims(jti=str(n)), secret) for n in range(4)]
    answers = []

    def go(token: str) -> None:
        with app.app_context():
            sent = {"site": "gazette", "token": token}
            answers.append(app.test_client().post("/api/v1/sessions/sso", json=sent).status_code)

    threads = [threading.Thread(target=go, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    assert reader().name == "Ann"


def test_what_is_known_of_a_reader_is_in_their_copy_and_goes_with_them(
    cast: Cast, enter: Enter
) -> None:
    enter(subscriber=True, email="ann@example.org", email_verified=True)
    copy = copies.of(reader(), clock.now())
    assert copy["account"]["subscriber"] is True
    assert [(way["way"], way["subject"]) for way in copy["ways"]] == [("sso", "r-1")]
    gone = reader()
    transaction(lambda: closing.close(gone, erase=True, now=clock.now()))
    assert (gone.name, gone.email, gone.is_subscriber) == ("", None, False)
    later(minutes=1)
    enter()
    assert reader().id != gone.id


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"site": "gazette"}, 422),
        ({"site": "gazette", "token": 7}, 422),
        ({"site": "gazette", "token": None}, 422),
        ({"site": "gazette", "token": "a.b.c", "role": "owner"}, 422),
        ({"site": "nowhere", "token": "a.b.c"}, 404),
        ({"site": "gazette", "token": "\0"}, 401),
        ({"site": "gazette", "token": "\u202e.\u202e.x"}, 401),
        ({"site": "gazette", "token": "x" * 200_000}, 401),
        ({"site": "gazette", "token": "x" * 300_000}, 413),
    ],
)
def test_what_is_no_token_makes_nobody(
    client: FlaskClient, secret: str, body: dict[str, Any], status: int
) -> None:
    before = rows()
    assert client.post("/api/v1/sessions/sso", json=body).status_code == status
    assert rows() == before


def test_what_was_used_is_forgotten_once_it_is_over(enter: Enter) -> None:
    enter()
    later(minutes=6)
    enter(sub="r-2")
    assert len(db.session.scalars(sa.select(SsoUse)).all()) == 1


@pytest.mark.parametrize(
    "key",
    [RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")],
    ids=["RS256", "ES256", "EdDSA"],
)
def test_a_publisher_signs_with_its_own_key(
    client: FlaskClient, cast: Cast, frozen: datetime, key: publisher.AnyKey
) -> None:
    publisher.trust(cast.gazette, key, kid="one")
    later_name = {"alg": "Ed25519"} if key.key_type == "OKP" else {"typ": "jwt"}
    for header in ({}, {"kid": "one"}, later_name):
        said = publisher.claims(jti=str(header))
        sent = {"site": "gazette", "token": publisher.signed(said, key, **header)}
        assert client.post("/api/v1/sessions/sso", json=sent).status_code == 200
    wrong = publisher.signed(publisher.claims(), key, kid="two")
    answer = client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": wrong})
    assert (answer.status_code, answer.json["code"]) == (401, "token-unknown-key")


def test_keys_change_hands_and_nobody_is_refused(
    client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    def comes(secret: keys.Secret, subject: str, **header: str) -> int:
        token = publisher.signed(publisher.claims(sub=subject), secret.text, **header)
        sent = {"site": "gazette", "token": token}
        return client.post("/api/v1/sessions/sso", json=sent).status_code

    old = publisher.secret(cast.gazette)
    assert comes(old, "r-1") == 200
    new = publisher.secret(cast.gazette)
    assert [comes(old, "r-2"), comes(new, "r-3"), comes(new, "r-4", kid=new.kid)] == [200] * 3
    later(minutes=5)
    assert comes(new, "r-5") == 200
    first, second = db.session.scalars(keys.of(cast.gazette)).all()
    assert first.used_at == frozen
    assert second.used_at == frozen + timedelta(minutes=5)
    transaction(lambda: keys.retire(first, None, clock.now()))
    assert [comes(old, "r-6"), comes(new, "r-7")] == [401, 200]


def test_a_secret_is_not_in_the_database(cast: Cast, secret: str) -> None:
    row = db.session.scalars(sa.select(SsoKey)).one()
    assert len(secret) >= 32
    assert secret not in row.material


def test_a_name_that_is_somebodys_gets_a_number(cast: Cast, enter: Enter) -> None:
    claimed = {"r-1": "Ann", "r-2": "Ann", "r-3": "ADA", "r-4": "Adrnin", "r-5": "rae"}
    for subject, name in claimed.items():
        assert enter(sub=subject, name=name).status_code == 200
    shown = {subject: reader(subject).name for subject in claimed}
    assert shown.pop("r-1") == "Ann"
    assert all(name.startswith(f"{claimed[subject]} (") for subject, name in shown.items())
    later(minutes=1)
    for subject, name in claimed.items():
        enter(sub=subject, name=name)
    assert {subject: reader(subject).name for subject in shown} == shown


def test_nobody_is_kept_out_by_taking_every_name_they_could_have(cast: Cast) -> None:
    def meet() -> str:
        ann = Vouched("ann", "Ann")
        return transaction(lambda: vouched.met(cast.gazette.id, ann, clock.now())).name

    for _ in range(6):
        factories.user(meet())
    assert meet().startswith("Ann (")


def test_another_sites_readers_take_no_names(cast: Cast, enter: Enter) -> None:
    transaction(lambda: vouched.met(cast.notes.id, Vouched("x", "Ann"), clock.now()))
    enter()
    assert reader().name == "Ann"


def test_an_address_joins_nobody(cast: Cast, enter: Enter) -> None:
    known = factories.user(
        "nina",
        email="n@example.org",
        email_key="n@example.org",
        email_confirmed_at=clock.now(),
    )
    for subject in ("r-1", "r-2"):
        assert enter(sub=subject, email="N@example.org", email_verified=True).status_code == 200
        assert reader(subject).id != known.id
        assert reader(subject).email_confirmed_at is not None
    later(minutes=1)
    enter(email="N@example.org")
    assert reader().email_confirmed_at is None
    later(minutes=1)
    enter()
    assert reader().email is None


def test_a_subscriber_is_one_as_long_as_the_publisher_says(enter: Enter) -> None:
    enter(subscriber=True)
    assert reader().is_subscriber
    later(minutes=1)
    enter()
    assert not reader().is_subscriber


def role(subject: str = "r-1") -> Role | None:
    found = db.session.scalar(sa.select(Membership).where(Membership.user_id == reader(subject).id))
    return found.role if found else None


def test_a_role_comes_and_goes_with_the_token(cast: Cast, enter: Enter) -> None:
    publisher.settle(cast.gazette, roles={"desk": "moderator", "press": "staff"})
    for claimed, expected in (
        (["press"], Role.STAFF),
        (["desk", "owner", "press"], Role.MODERATOR),
        (["owner", "admin"], None),
        ([], None),
    ):
        later(minutes=1)
        enter(roles=claimed)
        assert role() is expected


def test_a_mapping_that_changed_meanwhile_counts(cast: Cast, secret: str) -> None:
    publisher.settle(cast.gazette, roles={"press": "moderator"})
    token = publisher.signed(publisher.claims(roles=["press"]), secret)
    proved = entering.proved(cast.gazette, token, clock.now())
    assert proved.said.role is Role.MODERATOR
    publisher.settle(cast.gazette, roles={"press": "staff"})
    transaction(lambda: entering.enter(cast.gazette, proved, None, clock.now()))
    assert role() is Role.STAFF


def test_what_everybody_sees_follows(client: FlaskClient, cast: Cast, enter: Enter) -> None:
    publisher.settle(cast.gazette, roles={"press": "staff"})
    headers = {"Authorization": f"Bearer {enter().json['token']}", "Origin": PUBLISHER}
    client.post("/api/v1/comments", json=POST, headers=headers)
    address = "/embed/thread?site=gazette&article=a1"
    assert ">Ann<" in client.get(address).text
    told: list[changes.Changes] = []

    def hear(changed: changes.Changes) -> None:
        told.append(changed)

    changes.committed.connect(hear)
    later(minutes=1)
    enter(name="Anna", roles=["press"])
    text = client.get(address).text
    assert ">Anna<" in text
    assert "Staff" in text
    assert any(cast.gazette.id in each.sites for each in told)
    assert not any(each.everything for each in told)


def test_badges_are_read_wherever_the_name_is(
    client: FlaskClient, cast: Cast, enter: Enter, as_: As
) -> None:
    publisher.settle(cast.gazette, badges={"expert": "Knows <b>tides</b>"})
    headers = {"Authorization": f"Bearer {enter(badges='expert').json['token']}"}
    headers["Origin"] = PUBLISHER
    posted = client.post("/api/v1/comments", json=POST, headers=headers).json
    assert posted["author"]["badges"] == ["Knows <b>tides</b>"]
    drawn = '<bdi class="badge" part="badge">Knows &lt;b&gt;tides&lt;/b&gt;</bdi>'
    slot, hosted = "/embed/thread?site=gazette&article=a1", "/thread?site=gazette&article=a1"
    for address in (slot, hosted):
        assert drawn in client.get(address).text
    desk = as_(cast.mo).get("/sites/gazette/moderation?view=all")
    assert "Knows &lt;b&gt;tides&lt;/b&gt;</bdi>" in desk.text
    asked = "/api/v1/comments?site=gazette&article=a1"
    assert client.get(asked).json["items"][0]["author"]["badges"] == ["Knows <b>tides</b>"]

    later(minutes=1)
    enter()
    assert reader().badges is None
    assert "tides" not in client.get(slot).text


def test_a_badge_is_gone_with_the_account(cast: Cast, enter: Enter) -> None:
    publisher.settle(cast.gazette, badges={"expert": "Expert"})
    enter(badges="expert")
    person = reader()
    assert copies.of(person, clock.now())["account"]["badges"] == ["expert"]
    transaction(lambda: closing.close(person, erase=False, now=clock.now()))
    db.session.expire_all()
    assert db.session.get_one(User, person.id).badges is None


def test_a_role_given_by_hand_stays(cast: Cast, enter: Enter) -> None:
    enter()
    factories.member(cast.gazette, reader(), Role.MODERATOR)
    later(minutes=1)
    enter()
    assert role() is Role.MODERATOR


def test_a_role_by_sign_in_is_nobody_elses_to_change(cast: Cast, enter: Enter, as_: As) -> None:
    publisher.settle(cast.gazette, roles={"press": "staff"})
    enter(roles="press")
    ada, place = as_(cast.ada), f"/sites/gazette/members/{reader().id}"
    assert ada.post(place, data={"role": "moderator"}).status_code == 409
    assert ada.post(f"{place}/remove").status_code == 409
    assert role() is Role.STAFF
    assert place not in ada.get("/sites/gazette/members").text


def test_a_name_changes_no_more_than_it_must(cast: Cast, enter: Enter, statements: Any) -> None:
    enter()
    version = db.session.get_one(type(cast.gazette), cast.gazette.id).version
    later(minutes=2)
    statements.clear()
    enter(name="Ann")
    assert len(statements) <= 18, "\n".join(statements)
    db.session.expire_all()
    assert db.session.get_one(type(cast.gazette), cast.gazette.id).version == version

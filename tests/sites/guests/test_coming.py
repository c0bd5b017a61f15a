"""Writing without an account: who is let in, under which name, and how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.accounts import guests
from comments.accounts.models import Identity, PrivateLink, Session, User, Way
from comments.db import db, transaction
from comments.sites import sanctions
from comments.sites.guests import coming
from comments.sites.models import Measure
from comments.threads import idle
from comments.threads.models import Comment, Status
from tests import factories
from tests.conftest import HOST, NOW, PUBLISHER, Cast
from tests.sites.guests.conftest import Come


def say(client: FlaskClient, token: str, body: str = "Hello.") -> TestResponse:
    return client.post(
        "/api/v1/comments",
        json={"site": "gazette", "article": "tides", "body": body},
        headers={"Authorization": f"Bearer {token}"},
    )


def newest() -> User:
    return db.session.scalars(sa.select(User).order_by(User.id.desc()).limit(1)).one()


def count(table: type[User] | type[PrivateLink] | type[Comment]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_guest_writes_waits_and_then_is_trusted(
    client: FlaskClient, come: Come, cast: Cast
) -> None:
    answer = come()
    assert answer.status_code == 201
    assert answer.json["name"] == "Wren"
    token = answer.json["token"]
    assert say(client, token, "First.").status_code == 202
    first = factories.newest()
    assert first.status is Status.PENDING
    factories.earlier()
    factories.restate(first, Status.PUBLISHED)
    assert say(client, token, "Second.").status_code == 201


def test_whoever_looks_at_a_guests_first_words_reads_that_it_is_one(
    client: FlaskClient, come: Come, cast: Cast, as_: object
) -> None:
    say(client, come().json["token"])
    page = as_(cast.mo).get("/sites/gazette/moderation").text  # type: ignore[operator]
    assert "By a guest, of whom nothing has been published here yet." in page


def test_a_guest_belongs_to_the_site_and_has_no_secret_in_the_database(
    come: Come, cast: Cast
) -> None:
    answer = come(email="wren@example.com").json
    user = newest()
    assert (user.site_id, user.email, user.email_confirmed_at) == (
        cast.gazette.id,
        "wren@example.com",
        None,
    )
    (identity,) = db.session.scalars(sa.select(Identity).where(Identity.user_id == user.id))
    assert (identity.way, identity.secret) == (Way.GUEST, None)
    assert answer["link"].startswith(f"{HOST}/guest/")
    secret = answer["link"].rpartition("/")[2]
    (link,) = db.session.scalars(sa.select(PrivateLink))
    assert secret not in link.token_hash
    assert guests.find(secret).user_id == user.id


@pytest.mark.parametrize("allowed", ["members", "confirmed", "subscribers", "nobody"])
def test_elsewhere_guests_are_told_to_sign_in(come: Come, cast: Cast, allowed: str) -> None:
    factories.settle(cast.gazette, commenters=allowed)
    before = count(User)
    answer = come()
    assert (answer.status_code, answer.json["code"]) == (403, "members-only")
    assert count(User) == before


@pytest.mark.parametrize("allowed", ["members", "confirmed"])
def test_once_the_site_takes_no_guests_they_need_an_account(
    client: FlaskClient, come: Come, cast: Cast, allowed: str
) -> None:
    token = come().json["token"]
    factories.settle(cast.gazette, commenters=allowed)
    answer = say(client, token)
    assert (answer.status_code, answer.json["code"]) == (403, "members-only")


@pytest.mark.parametrize(
    "name", ["mo", "M0", "Ada", "\u0430da", "Moderator", "admin", "Gazette"], ids=ascii
)
def test_nobody_passes_for_staff(come: Come, name: str) -> None:
    answer = come(name)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json["faults"]] == ["name"]


@pytest.mark.parametrize("name", ["rae", "Rae", "R\u00e4e"])
def test_a_name_that_is_taken_gets_a_number(come: Come, name: str) -> None:
    found = come(name).json["name"]
    assert found.startswith(f"{name} (")
    assert come(name).json["name"] != found


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "<b>"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "Wren", "email": "none"}, "email"),
        ({"name": "Wren", "email": "a@b.example\r\nBcc: c@d.example"}, "email"),
        ({"name": "Wren", "password": "x"}, "password"),
    ],
)
def test_every_fault_is_named(come: Come, fields: dict[str, str], field: str) -> None:
    answer = come(**fields)
    assert answer.status_code == 422
    assert field in [fault["field"] for fault in answer.json["faults"]]


def test_only_pages_of_the_site_let_guests_in(come: Come) -> None:
    answer = come(origin="https://evil.example")
    assert (answer.status_code, answer.json["code"]) == (403, "unknown-origin")
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer = come(origin=PUBLISHER)
    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert "Set-Cookie" not in answer.headers


def test_a_token_counts_on_the_page_that_asked_for_it_alone(
    client: FlaskClient, come: Come
) -> None:
    token = come(origin=PUBLISHER).json["token"]
    for origin, status in ((PUBLISHER, 202), ("https://www.gazette.example", 401)):
        answer = client.post(
            "/api/v1/comments",
            json={"site": "gazette", "article": "tides", "body": f"From {origin}."},
            headers={"Authorization": f"Bearer {token}", "Origin": origin},
        )
        assert answer.status_code == status


def test_who_asks_again_with_the_same_key_is_the_same_guest(
    client: FlaskClient, come: Come
) -> None:
    first, second = (come(key="a-secret-of-this-guest").json for _ in range(2))
    assert first["name"] == second["name"] == "Wren"
    assert say(client, second["token"]).status_code == 202
    assert guests.find(second["link"].rpartition("/")[2]).user_id == newest().id
    assert count(PrivateLink) == 1
    assert come(key="another-secret-of-its-own").json["name"] != "Wren"


@pytest.mark.parametrize("key", ["short", "x" * 19, "x" * 201, "with spaces in a long key"])
def test_a_key_that_could_be_guessed_or_kept_by_nobody_is_refused(come: Come, key: str) -> None:
    answer = come(key=key)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json["faults"]] == ["Idempotency-Key"]


def test_a_form_of_another_page_lets_nobody_in(client: FlaskClient) -> None:
    """What a page may send without asking first is no JSON."""
    sent = '{"site": "gazette", "name": "Wren"}'
    answer = client.post("/api/v1/guests", data=sent, content_type="text/plain")
    assert answer.status_code == 415


@pytest.mark.usefixtures("frozen")
def test_from_one_network_come_only_so_many(come: Come) -> None:
    found = [come(f"Wren {n}").status_code for n in range(coming.HERE.times + 1)]
    assert found == [201] * coming.HERE.times + [429]
    clock.freeze(NOW + timedelta(hours=1))
    assert come("Robin").status_code == 201


def test_a_machine_that_fills_the_trap_is_rejected(client: FlaskClient, come: Come) -> None:
    token = come().json["token"]
    answer = client.post(
        "/api/v1/comments",
        json={"site": "gazette", "article": "tides", "body": "Buy.", "website": "http://x"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (answer.status_code, answer.json["reason"]) == (422, "trap")


def test_a_guest_can_be_banned(client: FlaskClient, come: Come, cast: Cast) -> None:
    token = come().json["token"]
    ban = (Measure.BAN, None, "Threats.")
    transaction(lambda: sanctions.impose(cast.gazette, newest(), ban, cast.mo, clock.now()))
    assert (say(client, token).status_code, say(client, token).json["code"]) == (403, "banned")


def test_a_guest_edits_and_deletes_as_any_reader(client: FlaskClient, come: Come) -> None:
    token = come().json["token"]
    id = say(client, token).json["id"]
    headers = {"Authorization": f"Bearer {token}"}
    here = f"/api/v1/comments/{id}"
    assert client.patch(here, json={"body": "Better."}, headers=headers).status_code == 202
    mine = client.get("/embed/me?site=gazette&article=tides", headers=headers)
    assert "Better." in mine.text
    assert client.delete(here, headers=headers).status_code == 200


@pytest.mark.usefixtures("frozen")
def test_guests_who_wrote_nothing_are_forgotten(client: FlaskClient, come: Come) -> None:
    silent, wrote = come("Silent"), come("Wren")
    say(client, wrote.json["token"])
    people = count(User)
    clock.freeze(NOW + idle.IDLE)
    come("Robin")
    transaction(lambda: idle.sweep(clock.now()))
    assert count(User) == people
    clock.freeze(NOW + idle.IDLE + timedelta(minutes=1))
    transaction(lambda: idle.sweep(clock.now()))
    assert count(User) == people
    names = set(db.session.scalars(sa.select(User.name).where(User.site_id.is_not(None))))
    assert names == {"Wren", "Robin"}
    assert count(PrivateLink) == 2
    assert say(client, silent.json["token"]).status_code == 401
    assert come("Silent").json["name"] == "Silent"


@pytest.mark.usefixtures("frozen")
def test_a_guest_who_did_something_else_leaves_an_empty_row(
    client: FlaskClient, come: Come, cast: Cast
) -> None:
    comment = factories.comment(factories.article(cast.gazette, "tides"), cast.rae)
    token = come().json["token"]
    guest = newest()
    vote = f"/api/v1/comments/{comment.id}/vote"
    headers = {"Authorization": f"Bearer {token}"}
    assert client.put(vote, json={"value": 1}, headers=headers).status_code == 200
    clock.freeze(NOW + timedelta(days=8))
    transaction(lambda: idle.sweep(clock.now()))
    db.session.refresh(guest)
    assert (guest.name, guest.name_key, guest.is_closed) == ("", None, True)
    assert transaction(lambda: idle.sweep(clock.now())) is False


@pytest.mark.usefixtures("frozen")
def test_who_comes_back_while_idle_guests_are_swept_up_stays(cast: Cast, come: Come) -> None:
    """In the moment between looking for them and holding each."""
    come()
    guest = newest()
    clock.freeze(NOW + timedelta(days=8))
    looks: list[str] = []

    def come_back(connection: sa.Connection, _cursor: object, asked: str, *_rest: object) -> None:
        if "identities" in asked and not looks:
            looks.append(asked)
            connection.execute(sa.update(Session).values(seen_at=clock.now()))

    sa.event.listen(db.engine, "after_cursor_execute", come_back)
    transaction(lambda: idle.sweep(clock.now()))
    sa.event.remove(db.engine, "after_cursor_execute", come_back)
    assert looks
    db.session.refresh(guest)
    assert not guest.is_closed


def test_idle_guests_are_found_by_an_index(cast: Cast) -> None:
    plans = factories.plans_of(lambda: idle.sweep(clock.now()))
    assert any("ix_identities_guests" in plan for plan in plans)


def test_whoever_came_once_is_kept_signed_in_like_a_reader(come: Come) -> None:
    come(origin=PUBLISHER)
    session = db.session.scalars(sa.select(Session)).one()
    assert (session.origin, session.ends_at) == (PUBLISHER, None)


def test_a_page_of_ours_reads_what_is_wrong(come: Come) -> None:
    answer = come("x", origin=PUBLISHER)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (422, PUBLISHER)
    answer = come("x", origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_guest_of_one_site_is_none_of_another(
    as_: Callable[[User | None], FlaskClient], come: Come, cast: Cast
) -> None:
    factories.settle(cast.notes, commenters="guests")
    come()
    wren = as_(newest())
    page = wren.get("/thread?site=field-notes&article=tides").text
    assert "You are signed in for another site." in page
    assert "<textarea" not in page
    sent = {"site": "field-notes", "article": "tides", "body": "Hello."}
    assert wren.post("/thread", data=sent).status_code == 403
    window = {"site": "field-notes", "origin": "https://notes.example", "nonce": "0" * 16}
    assert wren.post("/connect", data=window).status_code == 403
    assert (
        wren.post("/connect", data={**window, "site": "gazette", "origin": PUBLISHER}).status_code
        == 200
    )


def test_the_hosted_page_says_what_a_guest_needs_once_there_are_none(
    as_: Callable[[User | None], FlaskClient], come: Come, cast: Cast
) -> None:
    come()
    wren = as_(newest())
    assert "<textarea" in wren.get("/thread?site=gazette&article=tides").text
    factories.settle(cast.gazette, commenters="members")
    page = wren.get("/thread?site=gazette&article=tides").text
    assert "Guests can&#39;t comment here any more." in page
    assert "<textarea" not in page

"""How often one may guess, and that nothing tells who exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock, settings
from comments.accounts import passwords, registration, sessions, signing_in
from comments.accounts.models import User
from comments.db import db, transaction
from tests import factories, forms
from tests.accounts.conftest import NOBODYS
from tests.conftest import PASSWORD, Cast

Gives = Callable[[User], User]
WRONG = "a loud lamp on monday"


@pytest.fixture
def rae(cast: Cast, gives: Gives, frozen: object) -> User:
    return gives(cast.rae)


@pytest.fixture
def enter(as_: Callable[[User | None], FlaskClient]) -> Callable[..., TestResponse]:
    """Try to sign in with a new browser at an address."""

    def act(login: str, password: str, at: str = "192.0.2.1") -> TestResponse:
        return as_(None).post(
            "/sign-in",
            data={"login": login, "password": password},
            environ_base={"REMOTE_ADDR": at},
        )

    return act


def test_a_right_password_signs_in(rae: User, client: FlaskClient) -> None:
    answer = forms.send(client, "/sign-in", login="RAE", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Signed in as <bdi>rae</bdi>" in client.get("/account").text


def test_only_a_confirmed_address_signs_in(rae: User, enter: Any) -> None:
    transaction(lambda: registration.change_email(rae, "rae@example.com", clock.now()))
    assert enter("rae@example.com", PASSWORD).status_code == 422
    transaction(lambda: registration.confirm_email(rae, "rae@example.com", clock.now()))
    assert enter("Rae@Example.com", PASSWORD).status_code == 303


def test_wrong_passwords_of_one_person_are_stopped(rae: User, enter: Any) -> None:
    codes = [enter("rae", WRONG).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]
    stopped = enter("rae", PASSWORD)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["Retry-After"]) <= 601


def test_nobody_can_lock_somebody_out(rae: User, enter: Any) -> None:
    for n in range(40):
        enter("rae", WRONG, at=f"192.0.2.{n}")
    assert enter("rae", WRONG, at="198.51.100.7").status_code == 422
    assert enter("rae", PASSWORD, at="198.51.100.7").status_code == 303


def test_whoever_guesses_from_many_places_has_few_tries_at_each(rae: User, enter: Any) -> None:
    for n in range(10):
        enter("rae", WRONG, at=f"192.0.2.{n}")
    codes = [enter("rae", WRONG, at="198.51.100.7").status_code for _ in range(4)]
    assert codes == [422, 422, 422, 429]


def test_wrong_passwords_from_one_network_are_stopped(cast: Cast, enter: Any) -> None:
    codes = [enter(f"nobody {n}", WRONG).status_code for n in range(51)]
    assert codes == [422] * 50 + [429]
    assert enter("nobody", WRONG, at="198.51.100.7").status_code == 422


def test_right_passwords_are_not_counted(rae: User, enter: Any) -> None:
    codes = {enter("rae", PASSWORD).status_code for _ in range(60)}
    assert codes == {303}


def test_ones_own_account_does_not_help_to_guess_others(rae: User, enter: Any) -> None:
    for n in range(49):
        enter(f"nobody {n}", WRONG)
    enter("rae", PASSWORD)
    assert [enter("mo", WRONG).status_code for _ in range(2)] == [422, 429]


def test_the_count_begins_anew_after_a_while(rae: User, enter: Any) -> None:
    for _ in range(11):
        enter("rae", WRONG)
    clock.freeze(clock.now() + timedelta(seconds=signing_in.WINDOW))
    assert enter("rae", PASSWORD).status_code == 303


def test_a_forwarded_address_counts_only_behind_a_proxy_of_ours(rae: User, app: Flask) -> None:
    """Or everybody could be a new network each time."""
    client = app.test_client()
    token = forms.csrf_of(client, "/sign-in")
    data = {"csrf_token": token, "login": "rae", "password": WRONG}
    codes = [
        client.post("/sign-in", data=data, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(11)
    ]
    assert settings.current().trusted_proxies == ()
    assert codes[-1] == 429


@pytest.mark.parametrize("other", ["nobody", "deleted", "no-password"])
def test_nothing_tells_whether_a_name_is_known(
    rae: User, enter: Any, statements: list[str], other: str
) -> None:
    """Of addresses `tests/test_doors.py` says so, at every door."""
    factories.user("no-password")
    closed = factories.user("deleted", closed_at=clock.now())
    assert closed.is_closed

    def told(who: str) -> tuple[int, str, dict[str, str], list[str]]:
        statements.clear()
        answer = enter(who, WRONG)
        own = ("X-Request-Id", "Date", "Content-Length")
        headers = {name: value for name, value in answer.headers.items() if name not in own}
        page = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text).replace(who, "WHO")
        return answer.status_code, page, headers, list(statements)

    enter("rae", WRONG)
    enter(other, WRONG)
    assert told("rae") == told(other)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("RAE@EXAMPLE.COM", ("rae@example.com", "RAE@EXAMPLE.COM")),
        ("Ros@example.com", ("ros@example.com", "ROS@EXAMPLE.COM")),
        ("R.a.e", ("rae@example.com", "ros@example.com")),
    ],
)
def test_a_limit_tells_neither_who_exists_nor_whose_an_address_is(
    rae: User, enter: Any, first: str, then: tuple[str, str]
) -> None:
    """Rae's address is confirmed, that of Ros is nobody's."""
    transaction(lambda: registration.confirm_email(rae, "rae@example.com", clock.now()))
    for _ in range(signing_in.PERSON_HERE.times):
        enter(first, WRONG)
    expected = 422 if "@" not in first else 429
    assert [enter(each, WRONG).status_code for each in then] == [expected] * 2


def test_a_hash_is_made_for_nobody_too(rae: User, enter: Any, monkeypatch: Any) -> None:
    seen: list[str] = []

    class Watching(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            seen.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "hasher", Watching(1, 8, 1))
    enter("nobody", WRONG)
    enter("rae", WRONG)
    assert len(seen) == 2


def test_nobodys_hash_takes_as_long_as_a_persons() -> None:
    assert not PasswordHasher().check_needs_rehash(NOBODYS)


def test_sign_ups_of_one_network_are_limited(app: Flask) -> None:
    token_of = app.test_client()
    token = forms.csrf_of(token_of, "/sign-up")
    data = {"csrf_token": token, "name": "x!", "password": PASSWORD}
    assert token_of.post("/sign-up", data=data).status_code == 422
    for _ in range(registration.SIGN_UPS.times):
        data["name"] = "admin"
        assert token_of.post("/sign-up", data=data).status_code == 422
    data["name"] = "Rosalind"
    refused = token_of.post("/sign-up", data=data)
    assert refused.status_code == 429
    assert 'value="Rosalind"' in refused.text


def test_a_password_that_changes_meanwhile_signs_nobody_in(
    rae: User, enter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = passwords.fits
    other = passwords.hashed("another lamp on friday")

    def slow(password: str, secret: str | None) -> bool:
        answer = fits(password, secret)
        transaction(lambda: passwords.change(rae, other, clock.now()))
        return answer

    monkeypatch.setattr(passwords, "fits", slow)
    assert enter("rae", PASSWORD).status_code == 422
    assert db.session.scalars(sessions.of(rae)).all() == []

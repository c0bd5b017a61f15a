"""At no door does one learn whose address is known here, whoever knocks and whatever is counted.

An address may be confirmed as somebody's (an account's and a guest's), only claimed by such, or
nobody's. What is answered, the statements that it takes and the passwords that are hashed are the
same; what letter follows, and to whom, is decided by whoever makes it later.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.accounts import guests, passwords, registration
from comments.accounts.models import User
from comments.db import transaction
from tests import factories
from tests.conftest import PASSWORD, Cast, Statements
from tests.sites.sso import publisher

As = Callable[[User | None], FlaskClient]
Gives = Callable[[User], User]

CONFIRMED, CLAIMED, UNKNOWN = "known@example.com", "claim@example.com", "fresh@example.com"
# Of everybody who knocks; those of whom the addresses are have others.
TYPED = "a loud lamp on monday"


@dataclass(frozen=True)
class Visit:
    """Somebody new at a door: what they are called, and the address that they type."""

    cast: Cast
    as_: As
    gives: Gives
    secret: str
    name: str
    email: str

    def nobody(self) -> FlaskClient:
        return self.as_(None)

    def member(self) -> FlaskClient:
        return self.as_(self.gives(factories.user(f"{self.name} Member")))

    def guest(self) -> FlaskClient:
        def come() -> User:
            return guests.make(self.cast.gazette.id, f"{self.name} Guest", None, clock.now())

        return self.as_(transaction(come))

    def owner(self) -> FlaskClient:
        return self.as_(self.cast.ada)

    def token(self, **said: Any) -> dict[str, str]:
        """What a page of the publisher's sends of its reader."""
        said = publisher.claims(sub=self.name, name=self.name, email=self.email, **said)
        return {"site": "gazette", "token": publisher.signed(said, self.secret)}


Sent = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """Who knocks where, with what, what is answered, and how often argon2 runs for it."""

    path: str
    sent: Callable[[Visit], Sent]
    status: int
    hashes: int = 0
    who: Callable[[Visit], FlaskClient] = Visit.nobody

    def knock(self, visit: Visit) -> Callable[[], TestResponse]:
        browser, sent = self.who(visit), self.sent(visit)
        if self.path.startswith("/api/"):
            return lambda: browser.post(self.path, json=sent)
        return lambda: browser.post(self.path, data=sent)


def _joining(visit: Visit) -> Sent:
    return {"name": visit.name, "email": visit.email, "password": TYPED}


def _on_the_gazette(visit: Visit) -> Sent:
    return {"site": "gazette", "name": visit.name, "email": visit.email}


DOORS = {
    "signing in": Door("/sign-in", lambda v: {"login": v.email, "password": TYPED}, 422, 1),
    "recovering": Door("/recover", lambda v: {"login": v.email}, 200),
    "signing up": Door("/sign-up", _joining, 303, 1),
    "an account by the API": Door(
        "/api/v1/accounts", lambda v: {**_joining(v), "site": "gazette"}, 201, 1
    ),
    "signing in by the API": Door(
        "/api/v1/sessions",
        lambda v: {"site": "gazette", "login": v.email, "password": TYPED},
        422,
        1,
    ),
    "a guest by the API": Door("/api/v1/guests", _on_the_gazette, 201),
    "a guest on our page": Door(
        "/thread", lambda v: {**_on_the_gazette(v), "article": "tides", "body": v.name}, 303
    ),
    "another address": Door(
        "/account/email",
        lambda v: {"email": v.email, "current": PASSWORD},
        303,
        1,
        Visit.member,
    ),
    "a guest who joins": Door("/account/join", _joining, 303, 1, Visit.guest),
    "an invitation": Door(
        "/sites/gazette/invitations",
        lambda v: {"email": v.email, "invited_as": "staff"},
        303,
        0,
        Visit.owner,
    ),
    "a publisher's reader": Door("/api/v1/sessions/sso", Visit.token, 200),
    "a publisher's reader whose address it vouches for": Door(
        "/api/v1/sessions/sso", lambda v: v.token(email_verified=True), 200
    ),
}


class Counting(PasswordHasher):
    """Notes each hash that is made or compared with."""

    def __init__(self) -> None:
        super().__init__(1, 8, 1)
        self.count = 0

    def hash(self, *args: Any, **kwargs: Any) -> str:
        self.count += 1
        return super().hash(*args, **kwargs)

    def verify(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return super().verify(*args, **kwargs)


@pytest.fixture
def hasher(quick: None, monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(passwords, "hasher", counting)
    return counting


@pytest.fixture
def visits(
    cast: Cast, as_: As, gives: Gives, hasher: Counting, frozen: datetime
) -> Callable[[str, str], Visit]:
    """A gazette that takes guests and its publisher's readers, and whose addresses have been known
    for longer than it is counted who was asked for them."""
    factories.settle(cast.gazette, commenters="guests")
    secret = publisher.secret(cast.gazette).text
    _known(cast, gives, "Kim", CONFIRMED, is_confirmed=True)
    _known(cast, gives, "Lee", CLAIMED, is_confirmed=False)
    clock.freeze(frozen + timedelta(days=2))
    return lambda name, email: Visit(cast, as_, gives, secret, name, email)


def _known(cast: Cast, gives: Gives, name: str, email: str, *, is_confirmed: bool) -> None:
    account = gives(factories.user(name))
    act = registration.confirm_email if is_confirmed else registration.change_email

    def come() -> None:
        act(account, email, clock.now())
        guest = guests.make(cast.gazette.id, f"{name} Guest", email, clock.now())
        guest.email_confirmed_at = clock.now() if is_confirmed else None

    transaction(come)


@pytest.mark.parametrize("door", DOORS)
def test_nothing_tells_whose_address_is_known(
    visits: Callable[[str, str], Visit], hasher: Counting, statements: Statements, door: str
) -> None:
    def told(name: str, email: str) -> tuple[Any, ...]:
        visit = visits(name, email)
        knock = DOORS[door].knock(visit)
        statements.clear()
        hasher.count = 0
        answer = knock()
        assert answer.status_code == DOORS[door].status, answer.text
        return (
            _headers(answer, visit),
            _without_secrets(answer.text, visit),
            [*statements],
            hasher.count,
        )

    told("Nan", "other@example.com")
    unknown = told("Una", UNKNOWN)
    assert unknown[-1] == DOORS[door].hashes
    assert told("Cat", CONFIRMED) == unknown
    assert told("Bob", CLAIMED) == unknown


def _headers(answer: TestResponse, visit: Visit) -> list[tuple[str, str]]:
    own = ("X-Request-Id", "Date")
    return [
        (name, _without_secrets(value, visit))
        for name, value in answer.headers.items()
        if name not in own
    ]


def _without_secrets(text: str, visit: Visit) -> str:
    """The same for everybody but for tokens, ids, and what they typed."""
    for typed, instead in ((visit.email, "EMAIL"), (visit.name, "NAME")):
        text = text.replace(typed, instead)
    text = re.sub(r"[A-Za-z0-9_.-]{40,}", "SECRET", text)
    return re.sub(r"\d+", "N", text)

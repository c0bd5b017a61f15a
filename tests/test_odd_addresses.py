"""E-mail addresses of every shape, at every door: what comes in is a mailbox by its one name."""

from __future__ import annotations

import email
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import guests
from comments.accounts.forms import NewEmail, SignUp, deliverable, email_key
from comments.accounts.models import User
from comments.accounts.oidc import people
from comments.cli import main
from comments.commands.users import KnownEmail
from comments.db import transaction
from comments.errors import Invalid
from comments.forms import Form, parse
from comments.sites.guests.forms import NewGuest, NewMember
from comments.sites.invitations.forms import NewInvitation
from comments.sites.sso import claims, configuring
from tests import factories, forms
from tests.conftest import PASSWORD, Cast
from tests.sites.sso import publisher

As = Callable[[User | None], FlaskClient]

ODD = [
    "a(1)@example.com",
    "(1)a@example.com",
    "a@example.com(1)",
    '"a"@example.com',
    '"a b"@example.com',
    "<a@example.com>",
    "A <a@example.com>",
    "a;b@example.com",
    "a:b@example.com",
    "g:a@example.com;",
    "a,b@example.com",
    "a@example.com,b@example.com",
    "a\\@b@example.com",
    "a@b@example.com",
    "a..b@example.com",
    ".a@example.com",
    "a.@example.com",
    "@example.com",
    "a\u00e4@example.com",
    "\uff41@example.com",
    "=?utf-8?q?a?=@example.com",
    "a\r\nBcc:b@example.com",
    "a\x00@example.com",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@127.0.0.1",
    "a@example",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@-example.com",
    "a@example-.com",
    "a@ex_ample.com",
    "a@exam\u2100ple.com",
    "a@exam\u2028ple.com",
    "a@exam\u200dple.com",
    f"{'a' * 65}@example.com",
    f"a@{'b' * 64}.com",
    f"a@{'.'.join(['b' * 60] * 4)}.example.com",
    f"a@{'b.' * 200}com",
]
PLAIN = [
    "a@example.com",
    "A.B+c@Example.com",
    "!#$%&'*+-/?=^_`{|}~@example.com",
    "a@1.example",
    "a@b--c.xn--p1ai",
    f"{'a' * 64}@{'b' * 63}.example",
    f"a@{'.'.join(['b' * 60] * 4)}.example",
]
FORMS: list[tuple[type[Form], dict[str, str]]] = [
    (SignUp, {"name": "Wren", "password": PASSWORD}),
    (NewEmail, {}),
    (NewGuest, {"site": "gazette", "name": "Wren"}),
    (NewMember, {"name": "Wren"}),
    (NewInvitation, {"invited_as": "staff"}),
    (KnownEmail, {}),
]


@pytest.mark.parametrize(("form", "more"), FORMS, ids=[form.__name__ for form, _ in FORMS])
def test_no_form_takes_an_odd_address(app: Flask, form: type[Form], more: dict[str, str]) -> None:
    def faults(odd: str) -> list[str]:
        with pytest.raises(Invalid) as refused:
            parse(form, {**more, "email": odd})
        return [fault.field for fault in refused.value.faults]

    assert [odd for odd in ODD if faults(odd) != ["email"]] == []


def test_nobody_vouches_for_an_odd_address(cast: Cast) -> None:
    def by_publisher(odd: str) -> str | None:
        vouched = publisher.claims(email=odd, email_verified=True)
        return claims.check(vouched, configuring.of(cast.gazette), clock.now()).reader.email

    def by_provider(odd: str) -> str | None:
        provided = {"sub": "a", "email": odd, "email_verified": True}
        return people.described("https://id.example", provided).email

    for taken in (by_publisher, by_provider):
        assert taken("a@example.com") == "a@example.com"
        assert [odd for odd in ODD if taken(odd)] == []


@pytest.mark.parametrize("plain", PLAIN)
def test_what_is_taken_is_what_a_letter_is_sent_to(plain: str) -> None:
    assert deliverable(plain) == plain
    message = EmailMessage(policy=SMTP)
    message["To"] = Address(addr_spec=plain)
    arrived = email.message_from_bytes(bytes(message), policy=default)
    assert (str(arrived["To"]), arrived["To"].defects) == (plain, ())


@pytest.mark.parametrize(
    "spelling", ["a@m\u00fcller.example", "A@M\u00dcLLER.example", "a@xn--mller-kva.example"]
)
def test_a_domain_of_any_script_is_one_domain(spelling: str) -> None:
    """Servers that know no UTF-8 take it, too."""
    assert str(deliverable(spelling)).lower() == "a@xn--mller-kva.example"
    assert email_key(spelling) == "a@xn--mller-kva.example"


# Every door leads to one of these forms.

Door = Callable[[Flask, Cast, As, str], int]


def _sign_up(app: Flask, _cast: Cast, _as: As, odd: str) -> int:
    sent = {"name": "Wren", "email": odd, "password": PASSWORD}
    return forms.send(app.test_client(), "/sign-up", **sent).status_code


def _change(app: Flask, cast: Cast, as_: As, odd: str) -> int:
    return as_(cast.rae).post("/account/email", data={"email": odd}).status_code


def _program(app: Flask, _cast: Cast, _as: As, odd: str) -> int:
    sent = {"site": "gazette", "name": "Wren", "email": odd, "password": PASSWORD}
    return app.test_client().post("/api/v1/accounts", json=sent).status_code


def _guest(app: Flask, _cast: Cast, _as: As, odd: str) -> int:
    sent = {"site": "gazette", "name": "Wren", "email": odd}
    return app.test_client().post("/api/v1/guests", json=sent).status_code


def _join(app: Flask, cast: Cast, as_: As, odd: str) -> int:
    wren = transaction(lambda: guests.make(cast.gazette.id, "Wren", None, clock.now()))
    return as_(wren).post("/account/join", data={"name": "Wren", "email": odd}).status_code


def _invite(app: Flask, cast: Cast, as_: As, odd: str) -> int:
    sent = {"email": odd, "invited_as": "staff"}
    return as_(cast.ada).post("/sites/gazette/invitations", data=sent).status_code


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("door", [_sign_up, _change, _program, _guest, _join, _invite])
def test_no_door_lets_an_odd_address_in(app: Flask, cast: Cast, as_: As, door: Door) -> None:
    factories.settle(cast.gazette, commenters="guests")
    assert door(app, cast, as_, "a(1)@example.com") == 422
    assert door(app, cast, as_, "a@example.com") < 400


@pytest.mark.parametrize(
    "args",
    [
        ("user", "confirm", "rae"),
        ("mail", "test"),
        ("site", "invite", "gazette", "staff", "--mail"),
        ("setup", "--site", "evening", "--origin", "http://localhost:8080", "--owner"),
    ],
)
def test_no_command_takes_an_odd_address(cast: Cast, database: str, args: tuple[str, ...]) -> None:
    env = {"COMMENTS_DATABASE_URL": database}
    result = CliRunner().invoke(main, [*args, "a(1)@example.com"], env=env)
    assert (result.exit_code, "no e-mail address" in result.stderr) == (2, True)

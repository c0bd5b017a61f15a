"""Mail servers that encrypt and ask who we are; what is wrong is said in words that help."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import AuthResult, LoginPassword
from flask import Flask

from comments import clock, outbox
from comments.accounts import letters
from comments.db import db, transaction
from comments.outbox import Outgoing
from tests import factories, mailbox, secure_server
from tests.mailbox import Mailbox

LOGIN = "talk%40gazette.example:p%40ss%3Aword"


def knows(_server: Any, _session: Any, _envelope: Any, _how: str, given: LoginPassword) -> Any:
    known = LoginPassword(b"talk@gazette.example", b"p@ss:word")
    return AuthResult(success=given == known, handled=False)


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secure_server.certificate())
    return context


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the service trusts the certificate of the mail server."""
    monkeypatch.setenv("SSL_CERT_FILE", str(secure_server.certificate()))


@pytest.fixture
def upgrading(app: Flask) -> Iterator[Mailbox]:
    """Takes nothing without STARTTLS and a login."""
    options = {"tls_context": tls(), "require_starttls": True, "auth_required": True}
    with mailbox.opened(app, authenticator=knows, **options) as box:
        yield box


@pytest.fixture
def wrapped(app: Flask) -> Iterator[Mailbox]:
    """Speaks TLS from the first byte on."""
    with mailbox.opened(app, ssl_context=tls(), authenticator=knows, auth_require_tls=False) as box:
        yield box


def sent(box: Mailbox, scheme: str, login: str = "") -> str | None:
    """Let a letter be sent there; what the operator reads of it if it is not."""

    def act() -> None:
        letters.ask_to_confirm(factories.person("rae", "rae@example.com"), clock.now())

    transaction(act)
    box.move(f"{scheme}://{login and login + '@'}localhost:{box.port}")
    box.drain()
    db.session.rollback()
    row = db.session.scalars(sa.select(Outgoing)).one_or_none()
    if row is None:
        assert [letter["To"] for letter in box.letters] == ["rae@example.com"]
        return None
    assert (box.letters, row.died_at) == ([], None)
    return row.words


@pytest.mark.usefixtures("trusted")
def test_a_connection_is_upgraded_before_we_say_who_we_are(upgrading: Mailbox) -> None:
    assert sent(upgrading, "smtp", LOGIN) is None


@pytest.mark.usefixtures("trusted")
def test_a_connection_is_encrypted_from_the_start(wrapped: Mailbox) -> None:
    assert sent(wrapped, "smtps", LOGIN) is None


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("login", ["talk%40gazette.example:wrong", "nobody:p%40ss%3Aword"])
def test_a_wrong_login_is_told(upgrading: Mailbox, login: str) -> None:
    assert str(sent(upgrading, "smtp", login)).startswith("535 5.7.8 Authentication")


@pytest.mark.usefixtures("trusted")
def test_without_a_login_the_server_says_that_it_wants_one(upgrading: Mailbox) -> None:
    assert str(sent(upgrading, "smtp")).startswith("530 5.7.0 Authentication required")


def test_a_certificate_of_nobody_is_told(upgrading: Mailbox) -> None:
    assert "certificate verify failed: self-signed" in str(sent(upgrading, "smtp", LOGIN))


def test_a_certificate_of_nobody_is_told_from_the_start(wrapped: Mailbox) -> None:
    assert "certificate verify failed: self-signed" in str(sent(wrapped, "smtps", LOGIN))


def test_a_server_that_knows_no_logins_loses_no_letter(app: Flask) -> None:
    with mailbox.opened(app) as box:
        assert sent(box, "smtp", LOGIN) == "SMTP AUTH extension not supported by server."


@pytest.mark.usefixtures("frozen")
def test_a_server_that_is_busy_for_a_moment_loses_no_letter(app: Flask) -> None:
    with mailbox.opened(app, authenticator=knows, auth_require_tls=False) as box:
        box.of_hello = ["421 4.3.2 Too busy"]
        assert sent(box, "smtp", LOGIN) == "421 4.3.2 Too busy"
        clock.freeze(clock.now() + outbox.FIRST_WAIT)
        box.drain()
        assert [letter["To"] for letter in box.letters] == ["rae@example.com"]

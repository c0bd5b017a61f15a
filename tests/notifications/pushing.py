"""Browsers in software, which read what a push service brings them, and workers that send it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

import http_ece
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, current_app
from pydantic import SecretStr

from comments import clock, settings, vapid
from comments.accounts.models import Session, User
from comments.db import db, transaction
from comments.notifications.models import PushSubscription
from comments.notifications.push import announcing, browsers, delivering
from comments.notifications.push.forms import Given
from comments.outbox import Outgoing
from comments.outward import Reach
from tests import factories, secure_server
from tests.notifications import acts
from tests.secure_server import Server

KEY, CONTACT = vapid.new_key(), "mailto:desk@gazette.example"


@contextmanager
def set_up(app: Flask) -> Iterator[None]:
    """The service is known to push services."""
    known = settings.current_of(app)
    given = {"push_key": SecretStr(KEY), "push_contact": CONTACT}
    app.extensions["comments"] = known.model_copy(update=given)
    try:
        yield
    finally:
        app.extensions["comments"] = known


@dataclass
class Browser:
    """What a browser makes for itself when somebody wants to hear in it."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def given(self) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": vapid.encoded(point), "auth": vapid.encoded(self.auth)}
        return {"endpoint": self.endpoint, "keys": keys}

    def shows(self, body: bytes) -> dict[str, str]:
        """What is in a message that only this browser can read."""
        found: dict[str, str] = json.loads(
            http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        )
        return found


@dataclass(frozen=True)
class Pushed:
    """One request as a push service reads it."""

    path: str
    headers: Message
    body: bytes


def browser(server: Server, name: str = "one") -> Browser:
    return Browser(f"https://localhost:{server.port}/push/{name}")


def keep(browser: Browser, user: User, session: Session | None = None) -> None:
    """Let this person hear in a browser, where they are signed in."""
    there = session or factories.session(user)
    form = Given.model_validate(browser.given)
    transaction(lambda: browsers.keep(form, user, there.id, clock.now()))


def kept() -> list[PushSubscription]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(PushSubscription).order_by(PushSubscription.id)))


def waiting() -> list[Outgoing]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Outgoing).where(Outgoing.queue == "push")))


def announce() -> None:
    """Let workers tell of what happened and make messages of it, and send none."""
    acts.tell()
    with _app().app_context():
        announcing.announce(lambda: False)


def send(reach: Reach | None = None) -> None:
    with _app().app_context():
        delivering.deliver(lambda: False, reach)


def deliver(reach: Reach | None = None) -> None:
    """Let workers do all of it, once."""
    announce()
    send(reach or secure_server.reach())


def pushed(server: Server) -> list[Pushed]:
    found = []
    for request in server.asked:
        head, _, body = request.partition(b"\r\n\r\n")
        first, _, headers = head.partition(b"\r\n")
        parsed = BytesHeaderParser().parsebytes(headers)
        found.append(Pushed(first.decode().split(" ")[1], parsed, body))
    return found


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]

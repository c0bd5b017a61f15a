"""Receivers of webhooks, set up and told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from comments import clock, events, retention
from comments.db import db, transaction
from comments.hooks import configuring, delivering, queueing, words
from comments.hooks.forms import FIELDS, NewHook
from comments.hooks.models import Delivery, Event, Hook, State
from comments.outbox import Outgoing
from comments.outward import Reach
from comments.sites.models import Site
from tests import secure_server
from tests.secure_server import Server

ALL = tuple(FIELDS)


@dataclass(frozen=True)
class Told:
    """One request as a receiver reads it."""

    headers: Message
    raw: str

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


def hook(site: Site, url: str, *fields: str, format: str = "json") -> tuple[Hook, str]:
    form = NewHook.model_validate(
        {"url": url, "format": format, **dict.fromkeys(fields or ALL, True)}
    )
    made, secret = transaction(lambda: configuring.add(site, form, None, clock.now()))
    return made, secret or ""


def told(server: Server) -> list[Told]:
    found = []
    for request in server.asked:
        head, _, body = request.decode().partition("\r\n\r\n")
        found.append(Told(Parser().parsestr(head.partition("\r\n")[2]), body))
    return found


def deliver(reach: Reach | None = None) -> None:
    """Let a worker tell of everything that happened, once."""
    tell()
    send(reach or secure_server.reach())


def tell() -> None:
    """Let everything that happened be heard, and nothing be sent."""
    with _app().app_context():
        events.tell(lambda: False)


def send(reach: Reach | None) -> None:
    """Let a worker send what is due, to whom it may reach."""
    with _app().app_context():
        delivering.deliver(lambda: False, reach)


def sweep() -> None:
    with _app().app_context():
        retention.sweep(lambda: False)


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def deliveries() -> list[Delivery]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Delivery).order_by(Delivery.id)))


def waiting() -> list[Outgoing]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Outgoing).where(Outgoing.queue == "hooks").order_by(Outgoing.id)
        )
    )


def signatures(secret: str, told: Told) -> str:
    """What a receiver works out for itself, by the words of the standard."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.{told.raw}"
    return "v1," + base64.b64encode(hmac.digest(key, said.encode(), hashlib.sha256)).decode()


def ask_for_a_test(hook: Hook) -> None:
    transaction(lambda: queueing.test(hook, None, clock.now()) and None)


def laid_out(site: Site) -> Hook:
    """A receiver that is stopped, with one of everything that may become of a delivery."""
    made, _secret = hook(site, "https://gazette.example/hook")
    ends: list[tuple[State, int | None, str | None]] = [
        (State.WAITING, None, None),
        (State.DELIVERED, 200, None),
        (State.DEAD, 302, None),
        *((State.RETRYING, None, failure) for failure in words.FAILURES),
    ]

    def act() -> None:
        for state, status, failure in ends:
            row = queueing.add(made, Event.TEST, queueing.new_message(), {}, clock.now())
            row.state, row.status, row.failure = state, status, failure
            row.tries, row.took = 2, 12
        made.stopped_at = clock.now()
        configuring.make_secret(made, None, clock.now())

    transaction(act)
    return made

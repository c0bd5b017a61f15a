"""A real mail server on this machine, which takes letters, refuses them, or fails as it is told."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from pydantic import SecretStr

from comments import sending, settings
from tests import servers


@dataclass
class Mailbox:
    """What arrived, and what the server says next instead of taking a letter."""

    port: int
    # What else aiosmtpd is told of it.
    options: dict[str, Any] = field(default_factory=dict)
    app: Flask | None = None
    letters: list[EmailMessage] = field(default_factory=list)
    # The same, byte by byte.
    contents: list[bytes] = field(default_factory=list)
    of_hello: list[str] = field(default_factory=list)
    of_receiver: list[str] = field(default_factory=list)
    of_letter: list[str] = field(default_factory=list)
    dies_after_data: int = 0
    # The command that gets an answer without end.
    drips_at: str = ""
    hangs: bool = False
    # How often somebody was left without an answer.
    hung: int = 0
    # Receivers that nobody knows.
    gone: set[str] = field(default_factory=set)
    # What happens when a letter is there and was not answered yet.
    on_letter: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.connections: list[SMTP] = []

    def start(self) -> None:
        self._server = Controller(self, hostname="127.0.0.1", port=self.port, **self.options)
        self._server.start()

    def kill(self) -> None:
        """Go in the middle of a word."""
        self.hangs = False
        for connection in self.connections:
            self._server.loop.call_soon_threadsafe(_abort, connection)
        self.connections.clear()
        self._server.stop()

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        _envelope: Envelope,
        name: str,
        answer: list[str],
    ) -> list[str]:
        session.host_name = name
        self.connections.append(server)
        await self._drip(server, "EHLO")
        return [self.of_hello.pop(0)] if self.of_hello else answer

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        await self._drip(server, "RCPT")
        if self.hangs:
            self.hung += 1
            while self.hangs:
                await asyncio.sleep(0.01)
        if address in self.gone:
            return "550 5.1.1 No such person here"
        if self.of_receiver:
            return self.of_receiver.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.of_letter:
            return self.of_letter.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        letter = email.message_from_bytes(content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.contents.append(content)
        self.on_letter()
        await self._drip(server, "DATA")
        if self.dies_after_data:
            self.dies_after_data -= 1
            _abort(server)
        return "250 OK"

    async def _drip(self, server: SMTP, command: str) -> None:
        while self.drips_at == command:
            await server.push("250-Wait")
            await asyncio.sleep(0.01)

    def link(self, start: str) -> str:
        """The address in the last letter that begins so."""
        text = self.letters[-1].get_body(("plain",))
        assert text is not None
        (found,) = [line for line in text.get_content().splitlines() if line.startswith(start)]
        return found

    def drain(self) -> None:
        """Let a worker of the service send everything that is due."""
        assert self.app
        with self.app.app_context():
            sending.letters(lambda: False)

    def move(self, url: str) -> None:
        """Let the service look for the server there."""
        assert self.app
        known = settings.current_of(self.app)
        moved = known.model_copy(update={"smtp_url": SecretStr(url) if url else None})
        self.app.extensions["comments"] = moved


def _abort(connection: SMTP) -> None:
    if connection.transport is not None:
        assert isinstance(connection.transport, asyncio.Transport)
        connection.transport.abort()


@contextmanager
def standing(**options: Any) -> Iterator[Mailbox]:
    """A mail server that nobody was told of."""
    mailbox = Mailbox(servers.free_port(), options)
    mailbox.start()
    try:
        yield mailbox
    finally:
        mailbox.kill()


@contextmanager
def opened(app: Flask, **options: Any) -> Iterator[Mailbox]:
    """A mail server that this service sends to."""
    with standing(**options) as mailbox:
        mailbox.app = app
        mailbox.move(mailbox.url)
        yield mailbox
        mailbox.move("")

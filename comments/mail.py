"""Letters: made when they are sent, from what the outbox holds, and handed to a mail server.

Without a server they land as files in the instance folder, where they can be read.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from flask import render_template
from flask_babel import force_locale

from comments import clock, outbox, settings
from comments.outbox import Deferred, Refused, Unreachable
from comments.outward import cut_off
from comments.settings import LOOPBACK, Settings

# For each address of the server to be reached, for each of its answers, and for all of them when we
# come in, and again when we hand over a letter. It all ends well before a claim does.
SECONDS_TO_REACH = 5.0
SECONDS = 20.0
MOST_SECONDS = 60.0
QUEUE = "mail"
LEAVE = "List-Unsubscribe"
PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person reads. `template` names a pair under templates/mail, .txt and .html.

    A POST to `leave`, by whoever has the letter, ends letters of its kind (RFC 8058).
    """

    to: str
    subject: str
    template: str
    values: dict[str, Any]
    leave: str | None = None


Composer = Callable[[dict[str, Any], datetime], "Letter | None"]
# What is made of an outgoing row's facts, by its kind; None where nobody wants it any more.
composers: dict[str, Composer] = {}


class Transport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Raises Refused, Deferred or Unreachable."""


def add(
    kind: str,
    facts: dict[str, Any],
    person_id: int | None,
    now: datetime,
    *,
    site_id: int | None = None,
) -> None:
    """Let a letter be made of these facts, in the language that is spoken now. One that is written
    for a site names it."""
    outbox.add(QUEUE, kind, facts, now, site_id=site_id, person_id=person_id)


def unlinked(typed: str) -> str:
    """What somebody typed, of which no mail program makes a link; it looks the same."""
    return re.sub(r"(?<=[.:@/])(?=\S)", "\u2060", typed)


def compose(claimed: outbox.Claimed, now: datetime) -> EmailMessage | None:
    """The letter as it is sent. Raises Refused for what no header can hold."""
    language = claimed.facts.get("language", "en")
    with force_locale(language):
        letter = composers[claimed.kind](claimed.facts, now)
        return _message(letter, claimed.uid, now) if letter else None


class _Policy(EmailPolicy):
    """Leaves one header as it is. Whatever has more than 78 characters without a blank would be
    encoded, and mail programs take this one by the letter."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name == LEAVE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == LEAVE:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep=SMTP.linesep)


def _message(letter: Letter, uid: str, now: datetime) -> EmailMessage:
    given = settings.current()
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = given.sender
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = _literal(letter.subject)
    except (ValueError, IndexError, MessageError) as error:
        raise Refused(f"No header can hold this: {error}") from None
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{uid}@{urlsplit(given.url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.leave:
        message[LEAVE] = f"<{letter.leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    values = {**letter.values, "subject": letter.subject, "base": given.url}
    message.set_content(render_template(f"mail/{letter.template}.txt", **values))
    html = render_template(f"mail/{letter.template}.html", **values)
    message.add_alternative(html, subtype="html")
    return message


def _literal(text: str) -> str:
    """With nothing that EmailMessage, or a reader, decodes: that may hold line breaks. What Unicode
    takes for the end of a line, and no mail server does, is a blank."""
    return re.sub(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", text.replace("=?", "=\u2060?"))


@contextmanager
def transport(given: Settings) -> Iterator[Transport]:
    """Where letters go: to the server of the settings, else into a folder."""
    if given.smtp_url is None:
        yield Folder(given.instance / "mail")
        return
    server = Server(urlsplit(given.smtp_url.get_secret_value()))
    try:
        yield server
    finally:
        server.leave()


class Folder:
    """Keeps each letter as a file that mail programs open."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: EmailMessage) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        draft = self._path / f".{name}"
        draft.write_bytes(bytes(message))
        draft.rename(self._path / f"{clock.now():%Y%m%d-%H%M%S}-{name}.eml")


class Server:
    """A mail server, spoken to over one connection while there is something to send."""

    def __init__(self, address: SplitResult) -> None:
        self._address = address
        self._smtp: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        smtp = self._connected()
        assert smtp.sock is not None
        try:
            with _in_time(smtp.sock):
                smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            (answer,) = error.recipients.values()
            raise _outcome(*answer) from None
        except smtplib.SMTPDataError as error:
            raise _outcome(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError as error:
            self.leave()
            raise Refused(str(error)) from None
        except (smtplib.SMTPException, OSError) as error:
            self.leave()
            raise Unreachable(words_of(error)) from None

    def leave(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        """The connection of the letter before, if it was not given up since."""
        if self._smtp is None or self._smtp.sock is None:
            try:
                self._smtp = connected(self._address)
            except (smtplib.SMTPException, OSError) as error:
                raise Unreachable(words_of(error)) from None
        return self._smtp


class Conversation(smtplib.SMTP):
    """Over a connection that is there already, so that its first word may be late, too."""

    def __init__(self, host: str, connection: socket.socket) -> None:
        self._connection = connection
        super().__init__(host, timeout=SECONDS)

    def connect(self, *_place: object) -> tuple[int, bytes]:
        self.sock, self.file = self._connection, None
        return self.getreply()


def connected(address: SplitResult) -> smtplib.SMTP:
    """A connection that is encrypted, unless it stays on this machine, and signed in.

    Raises SMTPException or OSError.
    """
    host, port = address.hostname or "", address.port or PORTS[address.scheme]
    plain = socket.create_connection((host, port), SECONDS_TO_REACH)
    plain.settimeout(SECONDS)
    try:
        with _in_time(plain):
            return _signed_in(address, host, plain)
    except BaseException:
        plain.close()
        raise


def _signed_in(address: SplitResult, host: str, plain: socket.socket) -> smtplib.SMTP:
    smtp = Conversation(host, _encrypted(plain, host) if address.scheme == "smtps" else plain)
    try:
        code, said = smtp.ehlo()
        if code != 250:  # smtplib goes on, and says later what is not offered
            raise smtplib.SMTPHeloError(code, said)
        if address.scheme == "smtp" and (smtp.has_extn("starttls") or host not in LOOPBACK):
            smtp.starttls(context=ssl.create_default_context())
        if address.username:
            smtp.login(unquote(address.username), unquote(address.password or ""))
    except BaseException:
        smtp.close()
        raise
    return smtp


def _encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


@contextmanager
def _in_time(connection: socket.socket) -> Iterator[None]:
    """Give up what takes too long, however often the server says something meanwhile."""
    with cut_off(connection, MOST_SECONDS) as is_late:
        try:
            yield
        except (smtplib.SMTPException, OSError) as error:
            if is_late():
                raise TimeoutError(f"no end after {MOST_SECONDS:g} seconds") from error
            raise


def _outcome(code: int, said: bytes | str) -> Refused | Deferred:
    words = answer(code, said)
    return Refused(words) if code >= 500 else Deferred(words)


def answer(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def words_of(error: Exception) -> str:
    """What the server said, or what kept us from it."""
    if isinstance(error, smtplib.SMTPResponseException):
        return answer(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__

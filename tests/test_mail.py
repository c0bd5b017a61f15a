"""What is to be sent arrives, whatever becomes of the mail server and of those who send."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import ValidationError

from comments import clock, mail, outbox, sending, settings
from comments.db import db, transaction
from comments.mail import Letter
from comments.outbox import Outgoing
from comments.settings import Settings
from tests import crowd, mailbox
from tests.mailbox import Mailbox

TO = "rae@example.com"


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


@pytest.fixture(autouse=True)
def composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter of which nothing matters but that it arrives."""

    def compose(facts: dict[str, Any], _now: object) -> Letter:
        values = {"name": "rae", "url": "https://a.example/", "minutes": 30}
        return Letter(facts["to"], facts.get("subject", "Hello"), "sign_in", values)

    monkeypatch.setitem(mail.composers, "test", compose)


def write(to: str = TO, **facts: str) -> None:
    transaction(lambda: mail.add("test", {"to": to, **facts}, None, clock.now()))


def rows() -> list[Outgoing]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Outgoing).order_by(Outgoing.id)))


def later(**time: float) -> None:
    clock.freeze(clock.now() + timedelta(**time))


def test_a_letter_arrives_once_and_is_forgotten(app: Flask, box: Mailbox) -> None:
    write()
    box.drain()
    box.drain()
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == (TO, "Hello")
    assert letter["From"] == "comments@127.0.0.1"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert rows() == []


def test_what_is_rolled_back_is_not_sent(app: Flask, box: Mailbox) -> None:
    def act() -> None:
        mail.add("test", {"to": TO}, None, clock.now())
        raise LookupError

    with pytest.raises(LookupError):
        transaction(act)
    box.drain()
    assert box.letters == []


def test_what_is_refused_for_good_waits_for_somebody(
    app: Flask, box: Mailbox, frozen: object
) -> None:
    box.of_receiver = ["550 5.1.1 No such person here"]
    write("gone@example.com")
    write()
    box.drain()
    assert [letter["To"] for letter in box.letters] == [TO]
    (dead,) = rows()
    assert (dead.words, dead.died_at) == ("550 5.1.1 No such person here", clock.now())
    later(days=1)
    box.drain()
    assert len(box.letters) == 1
    transaction(lambda: outbox.again(dead, clock.now()))
    box.drain()
    assert [letter["To"] for letter in box.letters] == [TO, "gone@example.com"]


def test_what_is_deferred_comes_later_under_the_same_id(
    app: Flask, box: Mailbox, frozen: object
) -> None:
    box.of_letter = ["451 4.7.1 Greylisted, come back later"]
    write()
    box.drain()
    (row,) = rows()
    assert (row.words, row.tries) == ("451 4.7.1 Greylisted, come back later", 1)
    box.drain()
    assert box.letters == []
    later(seconds=31)
    box.drain()
    assert box.letters[0]["Message-ID"] == f"<{row.uid}@127.0.0.1>"


def test_nobody_tries_for_longer_than_two_days(app: Flask, box: Mailbox, frozen: object) -> None:
    write()
    tries = 0
    while rows()[0].died_at is None:
        box.of_letter = ["451 Not now"]
        box.drain()
        tries += 1
        later(hours=1)
    (row,) = rows()
    assert row.died_at is not None
    assert timedelta(hours=47) < row.died_at - row.created_at < timedelta(hours=51)
    assert tries < 60


def test_a_server_that_dies_after_the_letter_gets_it_again(
    app: Flask, box: Mailbox, frozen: object
) -> None:
    box.dies_after_data = 1
    write()
    box.drain()
    later(minutes=1)
    box.drain()
    first, second = box.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert rows() == []


def test_a_server_out_of_reach_is_left_alone_for_a_while(
    app: Flask, box: Mailbox, frozen: object
) -> None:
    box.move("smtp://127.0.0.1:1")
    for _ in range(10):
        write()
    box.drain()
    tries = [row.tries for row in rows()]
    assert sum(tries) == outbox.FAILURES
    box.drain()
    assert sum(row.tries for row in rows()) == outbox.FAILURES
    box.move(box.url)
    later(minutes=1)
    box.drain()
    assert len(box.letters) == 10
    assert rows() == []


@pytest.mark.parametrize("command", ["EHLO", "RCPT", "DATA"])
def test_a_server_that_never_comes_to_an_end_is_cut_off(
    app: Flask, box: Mailbox, frozen: object, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Or nobody else's letter would go, and this one again by whoever claims it next."""
    assert outbox.CLAIM.total_seconds() > 3 * mail.MOST_SECONDS
    box.drips_at = command
    write()
    with monkeypatch.context() as patched:
        patched.setattr(mail, "MOST_SECONDS", 0.2)
        box.drain()
    assert [(row.words, row.tries) for row in rows()] == [("no end after 0.2 seconds", 1)]
    box.drips_at = ""
    later(minutes=1)
    box.drain()
    assert (len({letter["Message-ID"] for letter in box.letters}), rows()) == (1, [])


def test_a_worker_that_died_leaves_its_letter_to_the_next(
    app: Flask, box: Mailbox, frozen: object
) -> None:
    write()
    claimed = transaction(lambda: outbox.claim(mail.QUEUE, clock.now()))
    assert claimed is not None
    box.drain()
    assert box.letters == []
    later(minutes=6)
    box.drain()
    assert box.letters[0]["Message-ID"] == f"<{claimed.uid}@127.0.0.1>"


def test_workers_side_by_side_send_each_letter_once(app: Flask, box: Mailbox) -> None:
    for number in range(12):
        write(f"{number}@example.com")
    crowd.at_once(app, [box.drain for _ in range(3)])
    assert sorted(letter["To"] for letter in box.letters) == sorted(
        f"{number}@example.com" for number in range(12)
    )


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        (TO, "Hello\r\nBcc: all@example.com"),
        ("rae@example.com\r\nBcc: all@example.com", "Hello"),
        ("rae@example.com, all@example.com", "Hello"),
        ("@", "Hello"),
        ("rae@ex ample.com", "Hello"),
    ],
)
def test_nothing_gets_into_a_header(app: Flask, box: Mailbox, to: str, subject: str) -> None:
    write(to, subject=subject)
    write()
    box.drain()
    assert [(letter["To"], letter["Bcc"]) for letter in box.letters] == [(TO, None)]
    (dead,) = rows()
    assert dead.died_at is not None


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b"], ids=ascii)
def test_an_odd_end_of_a_line_in_a_name_loses_no_letter(app: Flask, box: Mailbox, end: str) -> None:
    write(subject=f"2 comments wait · Gaz{end}ette")
    box.drain()
    assert [letter["Subject"] for letter in box.letters] == ["2 comments wait · Gaz ette"]


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?q?=0d=0aBcc=3aa=40b=2ec?= Hello", "a =?utf-8?q?b?= =?utf-8?q?c?=", "\u00e4 " * 4000],
    ids=["breaks", "words", "8 KB"],
)
def test_a_subject_is_read_as_it_was_written(app: Flask, box: Mailbox, subject: str) -> None:
    """Though mail programs decode what looks encoded, and our library does so before it sends."""
    write(subject=subject)
    box.drain()
    (letter,) = box.letters
    assert letter["Subject"].replace("\u2060", "").split() == subject.split()
    assert (letter["To"], letter["Bcc"]) == (TO, None)


def test_a_letter_that_can_not_be_made_stops_no_other(
    app: Flask, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mail.composers, "broken", lambda facts, now: facts["nothing"])
    transaction(lambda: mail.add("broken", {}, None, clock.now()))
    write()
    box.drain()
    assert len(box.letters) == 1
    assert [(row.kind, row.words) for row in rows()] == [("broken", "KeyError")]


def test_without_a_server_letters_are_files(app: Flask) -> None:
    write()
    sending.letters(lambda: False)
    folder = settings.current().instance / "mail"
    (file,) = folder.glob("*.eml")
    assert email.message_from_bytes(file.read_bytes(), policy=default)["To"] == TO
    assert folder.stat().st_mode & 0o077 == 0
    file.unlink()


def test_a_server_elsewhere_must_encrypt(monkeypatch: pytest.MonkeyPatch, box: Mailbox) -> None:
    monkeypatch.setattr(mail, "LOOPBACK", set())
    with pytest.raises(mail.smtplib.SMTPNotSupportedError):
        mail.connected(mail.urlsplit(box.url))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_url", "mail.example.org"),
        ("smtp_url", "http://mail.example.org"),
        ("smtp_url", "smtp://mail.example.org:port"),
        ("smtp_url", "smtp://talk:p%C3%A4ss@mail.example.org"),
        ("mail_from", "nobody"),
        ("mail_from", "A <a@example.org>, B <b@example.org>"),
        ("mail_from", "a@example.org\r\nBcc: b@example.org"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings(instance=tmp_path, **{name: value})  # type: ignore[arg-type]

"""Real workers that are killed, and a mail server that fails by turns: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from comments import clock
from comments.accounts import letters
from comments.console import migrated
from comments.db import db, transaction
from comments.outbox import Outgoing, Receiver
from tests import factories, mailbox, servers
from tests.mailbox import Mailbox


@contextmanager
def working(settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "comments", "work"]
    with log.open("a") as file:
        worker = subprocess.Popen(
            command, env=servers.environment(**settings), stderr=file, start_new_session=True
        )
    try:
        yield worker
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def waiting() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Outgoing)) or 0


def at_once() -> None:
    """What waits for its time is due now."""

    def act() -> None:
        db.session.execute(sa.update(Outgoing).values(due_at=clock.now()))
        db.session.execute(sa.delete(Receiver))

    transaction(act)


def ask(number: int) -> None:
    def act() -> None:
        person = factories.person(f"reader {number}", f"reader{number}@example.com")
        letters.ask_to_confirm(person, clock.now())

    transaction(act)


def test_nothing_is_lost_whoever_dies(
    settings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    many, kills = (500, 10) if request.config.getoption("--soak") else (40, 1)
    with servers.migrated_inside(**settings), mailbox.standing() as box:
        given = {**settings, "smtp_url": box.url}
        for number in range(many):
            ask(number)
        box.of_receiver = ["451 Not now", "421 Too busy"] * 3
        box.of_letter = ["451 Not now"] * 3
        box.dies_after_data = 2
        for kill in range(1, kills + 1):
            with working(given, tmp_path / "log"), working(given, tmp_path / "log"):
                due = many * kill // (kills + 1)
                servers.wait_for(lambda due=due: arrived(box) >= due)
            at_once()
        with working(given, tmp_path / "log") as worker:
            servers.wait_for(lambda: at_once() or waiting() == 0, every=0.1)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0
        ids = Counter(letter["Message-ID"] for letter in box.letters)
        receivers = {letter["To"] for letter in box.letters}
    assert receivers == {f"reader{number}@example.com" for number in range(many)}
    assert len(ids) == many
    # Two workers at each kill, and the letters after which the server died.
    assert sum(ids.values()) - many <= 2 * kills + 2


def arrived(box: Mailbox) -> int:
    return len({letter["Message-ID"] for letter in list(box.letters)})


def test_a_worker_killed_between_letter_and_note_doubles_that_letter_alone(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with servers.inside(**settings) as app, mailbox.opened(app) as box:
        migrated()
        for number in range(4):
            ask(number)
        with working({**settings, "smtp_url": box.url}, tmp_path / "log") as worker:
            box.on_letter = killing(worker, box, 2)
            worker.wait(timeout=60)
        at_once()
        box.drain()
        found = [(letter["To"], letter["Message-ID"]) for letter in box.letters]
        assert waiting() == 0
    assert sorted(Counter(found).values()) == [1, 1, 1, 2]
    assert len(dict(found)) == 4


def killing(worker: subprocess.Popen[bytes], box: Mailbox, number: int) -> Callable[[], None]:
    """Have this letter, and kill whoever sent it instead of saying so."""

    def on_letter() -> None:
        if len(box.letters) == number:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    return on_letter

"""Real workers that are killed, and a mail server that fails by turns: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from comments import clock
from comments.accounts import letters
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


@pytest.fixture
def settings(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    given = {"instance": str(tmp_path / "instance")}
    if engine == "postgresql":
        given["database_url"] = request.getfixturevalue("new_postgresql")()
    return given


def test_nothing_is_lost_whoever_dies(
    settings: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    many, kills = (500, 10) if request.config.getoption("--soak") else (40, 2)
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
            servers.wait_for(lambda: at_once() or waiting() == 0)
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

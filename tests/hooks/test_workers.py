"""Real workers that are killed after a receiver was told and before that was noted."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from comments import clock
from comments.db import db, transaction
from comments.outbox import Outgoing
from tests import factories, secure_server, servers
from tests.hooks import receiving
from tests.moderation import acts
from tests.secure_server import Server

POSTS, KILLED_AT = 12, (5, 14)


@contextmanager
def working(settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    given = [settings["instance"], settings.get("database_url", "")]
    command = [sys.executable, "-m", "tests.hooks.worker", *given, str(secure_server.certificate())]
    worker = subprocess.Popen(command, cwd=servers.ROOT, start_new_session=True)
    try:
        yield worker
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def at_once() -> None:
    """What a dead worker had claimed is due now."""
    transaction(lambda: db.session.execute(sa.update(Outgoing).values(due_at=clock.now())) and None)


def waiting() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Outgoing)) or 0


def talk(server: Server) -> None:
    gazette = factories.site("gazette")
    receiving.hook(gazette, server.url, "published", "reported")
    floods = factories.article(gazette, "floods")
    rae, sam = factories.user("rae"), factories.user("sam")
    for _ in range(POSTS):
        acts.report(factories.comment(floods, rae), sam)


def test_nothing_is_lost_or_overtaken_whoever_dies(settings: dict[str, str]) -> None:
    with servers.migrated_inside(**settings), secure_server.serving() as server:
        talk(server)
        for number in KILLED_AT:
            with working(settings) as worker:
                server.answer = killing(worker, server, number)
                worker.wait(timeout=60)
            at_once()
        server.says(b"ok")
        with working(settings):
            servers.wait_for(lambda: waiting() == 0)
        found = receiving.told(server)
    ids = Counter(each.headers["webhook-id"] for each in found)
    assert (len(ids), sum(ids.values())) == (2 * POSTS, 2 * POSTS + len(KILLED_AT))
    firsts: dict[str, Any] = {}
    for each in found:
        firsts.setdefault(each.body["id"], each.body)
    by_comment: dict[str, list[str]] = {}
    for body in firsts.values():
        by_comment.setdefault(body["data"]["comment"]["id"], []).append(body["type"])
    assert list(by_comment.values()) == [["comment.published", "comment.reported"]] * POSTS


def killing(worker: subprocess.Popen[bytes], server: Server, number: int) -> object:
    """Take what is sent, and at this request kill whoever sent it instead of answering."""

    def answer(connection: ssl.SSLSocket) -> None:
        if len(server.asked) == number:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        else:
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    return answer

"""What was acknowledged is there, once, however the service ends."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from comments.db import db
from comments.sites.models import Role
from comments.threads.models import Answer, Revision, Vote
from tests import factories, recount, servers
from tests.servers import Service

WRITERS = 8


@dataclass(frozen=True)
class Writer:
    id: int
    token: str


@dataclass
class Ledger:
    """What clients were told: the id of each post by its key, the last vote by person and comment,
    and every refusal."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    votes: dict[tuple[int, str], int] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    cut: int = 0

    def parent(self) -> str | None:
        return random.choice([None, *self.acknowledged.values()])

    def of_others(self, writer: Writer) -> list[str]:
        own = f"{writer.id}-"
        return [id for key, id in list(self.acknowledged.items()) if not key.startswith(own)]


def writers() -> list[Writer]:
    """People of a site who may write as fast as they like."""
    gazette = factories.site("gazette", origins=("https://gazette.example",))
    people = [factories.user(f"writer {number}") for number in range(1, WRITERS + 1)]
    for each in people:
        factories.member(gazette, each, Role.STAFF)
    return [Writer(each.id, factories.bearer(each, gazette)) for each in people]


@dataclass(frozen=True)
class Client:
    """One writer's program, which does not give up."""

    writer: Writer
    service: Service
    ledger: Ledger

    def write(self, posts: int) -> None:
        """Post, and after each post vote for somebody else's."""
        for number in range(posts):
            self.post(f"{self.writer.id}-{number}")
            if others := self.ledger.of_others(self.writer):
                self.vote(random.choice(others), random.choice([1, -1, 0]))

    def post(self, key: str) -> None:
        parent = self.ledger.parent()
        body = {"site": "gazette", "article": "a-1", "body": f"{key}.", "parent": parent}
        said = self.acknowledged("POST", "/api/v1/comments", body, {"Idempotency-Key": key})
        self.ledger.acknowledged[key] = said["id"]

    def vote(self, id: str, value: int) -> None:
        self.acknowledged("PUT", f"/api/v1/comments/{id}/vote", {"value": value})
        self.ledger.votes[self.writer.id, id] = value

    def acknowledged(
        self, method: str, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask until it is done, waiting while the service is gone or asks for it."""
        own = {"Authorization": f"Bearer {self.writer.token}", "Content-Type": "application/json"}
        while True:
            call = (method, path, json.dumps(body), own | (headers or {}))
            status, said, wait = attempt(self.service, call)
            if status in (200, 201):
                answer: dict[str, Any] = json.loads(said)
                return answer
            if not status:
                self.ledger.cut += 1
                servers.wait_for(self.service.answers)
            elif status in (429, 503) and wait:
                time.sleep(float(wait))
            else:
                self.ledger.refusals.append(f"{status} {said.decode()}")
                raise AssertionError(self.ledger.refusals)


def attempt(
    service: Service, call: tuple[str, str, str, dict[str, str]]
) -> tuple[int, bytes, str | None]:
    """The status, the answer, and how long to wait; no status where the service is gone."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        try:
            connection.request(*call)
            response = connection.getresponse()
            return response.status, response.read(), response.headers["Retry-After"]
        except (OSError, http.client.HTTPException):
            return 0, b"", None


def killed_now_and_then(service: Service, ledger: Ledger, posts: int, kills: int) -> None:
    """Kill and start the service again, evenly spread over all that is to be written."""
    for kill in range(1, kills + 1):
        due = posts * kill // (kills + 1)
        servers.wait_for(lambda due=due: len(ledger.acknowledged) >= due or bool(ledger.refusals))
        service.kill()
        service.start()


def test_what_was_acknowledged_is_there_once(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    posts, kills = (150, 10) if request.config.getoption("--soak") else (20, 2)
    settings = {"instance": str(tmp_path / "instance")}
    if engine == "postgresql":
        settings["database_url"] = request.getfixturevalue("new_postgresql")()
    ledger = Ledger()
    with servers.served(tmp_path, **settings) as service:
        with servers.inside(**settings):
            crowd = [
                threading.Thread(target=Client(writer, service, ledger).write, args=(posts,))
                for writer in writers()
            ]
        for each in crowd:
            each.start()
        killed_now_and_then(service, ledger, posts * WRITERS, kills)
        for each in crowd:
            each.join()
        assert service.stop() == 0
    assert not ledger.refusals
    assert ledger.cut >= kills
    with servers.inside(**settings):
        assert_kept(ledger, engine)


def assert_kept(ledger: Ledger, engine: str) -> None:
    answers = db.session.execute(sa.select(Answer.key, Answer.comment_id))
    assert {key: str(id) for key, id in answers} == ledger.acknowledged
    texts = db.session.scalars(sa.select(Revision.source))
    assert sorted(texts) == sorted(f"{key}." for key in ledger.acknowledged)
    votes = db.session.execute(sa.select(Vote.user_id, Vote.comment_id, Vote.value))
    given = {(by, str(id)): value for by, id, value in votes}
    assert given == {place: value for place, value in ledger.votes.items() if value}
    assert recount.differences() == []
    if engine == "sqlite":
        assert db.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"

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

import pytest
import sqlalchemy as sa

from comments.db import db
from comments.sites.models import Role
from comments.threads.models import Answer, Revision
from tests import factories, recount, servers
from tests.servers import Service

WRITERS = 8


@dataclass(frozen=True)
class Writer:
    id: int
    token: str


@dataclass
class Ledger:
    """What clients were told: the id of each post by its key, and every other answer."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    cut: int = 0

    def parent(self) -> str | None:
        return random.choice([None, *self.acknowledged.values()])


def writers() -> list[Writer]:
    """People of a site who may write as fast as they like."""
    gazette = factories.site("gazette", origins=("https://gazette.example",))
    people = [factories.user(f"writer {number}") for number in range(1, WRITERS + 1)]
    for each in people:
        factories.member(gazette, each, Role.STAFF)
    return [Writer(each.id, factories.bearer(each, gazette)) for each in people]


def write(writer: Writer, posts: int, service: Service, ledger: Ledger) -> None:
    for number in range(posts):
        key = f"{writer.id}-{number}"
        body = {"site": "gazette", "article": "a-1", "body": f"{key}.", "parent": ledger.parent()}
        while key not in ledger.acknowledged:
            attempt(writer, key, body, service, ledger)


def attempt(
    writer: Writer, key: str, body: dict[str, str | None], service: Service, ledger: Ledger
) -> None:
    """Post once; wait when the service is gone, or asks for it. Anything else is a refusal."""
    headers = {
        "Authorization": f"Bearer {writer.token}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
    }
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        try:
            connection.request("POST", "/api/v1/comments", json.dumps(body), headers)
            response = connection.getresponse()
            status, said, wait = response.status, response.read(), response.headers["Retry-After"]
        except (OSError, http.client.HTTPException):
            ledger.cut += 1
            servers.wait_for(service.answers)
            return
    if status == 201:
        ledger.acknowledged[key] = json.loads(said)["id"]
    elif status in (429, 503) and wait:
        time.sleep(float(wait))
    else:
        ledger.refusals.append(f"{status} {said.decode()}")
        raise AssertionError(ledger.refusals)


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
                threading.Thread(target=write, args=(writer, posts, service, ledger))
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
    assert recount.differences() == []
    if engine == "sqlite":
        assert db.session.scalar(sa.text("PRAGMA integrity_check")) == "ok"

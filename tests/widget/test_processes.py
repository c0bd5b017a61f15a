"""Several processes on one database: what one of them changes is soon right in all of them."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import brotli
import pytest

from comments.sites.models import Role
from tests import factories, servers
from tests.servers import Service

PROCESSES = 4
# Whoever asks so many seconds after an answer to a write gets what was written.
FRESH = 5

READS = (
    "/embed/thread?site=gazette&article=tides",
    "/embed/thread?site=gazette&article=tides&sort=oldest&include=1",
    "/embed/thread?site=gazette&article=tides&sort=top&locale=de",
    "/api/v1/comments?site=gazette&article=tides",
)
COUNTS = (
    "/api/v1/counts?site=gazette&article=tides",
    "/api/v1/articles?site=gazette",
    "/embed/articles?site=gazette&order=active",
)
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}


@dataclass(frozen=True)
class Answer:
    status: int
    tag: str
    body: bytes


# What was answered last, by process, address and encoding.
Kept = dict[tuple[Service, str, str], Answer]


@dataclass(frozen=True)
class World:
    """The processes; tokens of a reader, of one who goes, and of a moderator; a comment to remove,
    as it was seen."""

    services: list[Service]
    reader: str
    goer: str
    moderator: str
    comment: int
    seen: int | None


@dataclass(frozen=True)
class Expected:
    """What is right: a text that is shown, one that is not, and the number of comments."""

    shown: str
    gone: str
    count: int

    def holds(self, path: str, text: str) -> bool:
        if path in READS:
            return self.shown in text and self.gone not in text
        numbers = (f'"tides":{self.count}}}', f'"comments":{self.count},', f">{self.count} comment")
        return any(number in text for number in numbers)


@pytest.fixture(scope="module")
def world(
    new_postgresql: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("processes")
    settings = {"instance": str(folder / "instance"), "database_url": new_postgresql()}
    with ExitStack() as running:
        services = [
            running.enter_context(servers.served(folder, **settings)) for _ in range(PROCESSES)
        ]
        with servers.inside(**settings):
            gazette = factories.site("gazette", origins=("https://gazette.example",))
            rae, mo = factories.user("rae"), factories.user("mo")
            factories.member(gazette, rae, Role.STAFF)
            factories.member(gazette, mo, Role.MODERATOR)
            article = factories.article(gazette, "tides", title="Tides")
            factories.comment(article, rae, "Always there.")
            removed = factories.comment(article, rae, "To be removed.")
            reader, goer = factories.bearer(rae, gazette), factories.bearer(rae, gazette)
            moderator = factories.api_token(mo)
            made = World(services, reader, goer, moderator, removed.id, removed.decided_id)
        yield made


def test_what_one_process_changes_is_soon_right_in_all(world: World) -> None:
    first, second, third, fourth = world.services
    kept = warm(world)
    body: Any = {"site": "gazette", "article": "tides", "body": "Newly published."}
    posted = told(first, "POST", "/api/v1/comments", world.reader, body)
    kept = assert_soon(kept, Expected("Newly published.", "Edited since.", 3))
    mine = f"/api/v1/comments/{posted['id']}"
    told(second, "PATCH", mine, world.reader, {"body": "Edited since."})
    kept = assert_soon(kept, Expected("Edited since.", "Newly published.", 3))
    path = f"/api/v1/comments/{world.comment}/decisions"
    body = {"action": "reject", "reason": "spam", "revision": 1, "seen": str(world.seen)}
    told(third, "POST", path, world.moderator, body)
    kept = assert_soon(kept, Expected("Always there.", "To be removed.", 2))
    told(fourth, "DELETE", mine, world.reader, None)
    assert_soon(kept, Expected("Always there.", "Edited since.", 1))


def test_a_session_that_one_process_ends_is_over_in_all(world: World) -> None:
    mine, here = "/embed/me?site=gazette&article=tides", f"Bearer {world.goer}"
    for service in world.services:
        assert ask(service, "GET", mine, Authorization=here).status == 200
    first = world.services[0]
    ended = ask(first, "DELETE", "/api/v1/sessions/current", Authorization=here)
    assert ended.status == 204
    for service in world.services:
        assert ask(service, "GET", mine, Authorization=here).status == 401


def warm(world: World) -> Kept:
    """Let every process keep every answer."""
    return {
        (service, path, encoding): ask(service, "GET", path, Accept_Encoding=encoding)
        for service in world.services
        for path in READS + COUNTS
        for encoding in UNPACK
    }


def assert_soon(kept: Kept, expected: Expected) -> Kept:
    """Everywhere, for readers with an old answer too: who asks five seconds later has the new."""
    due = time.monotonic() + FRESH
    return {place: fresh(*place, answer, expected, due) for place, answer in kept.items()}


def fresh(
    service: Service, path: str, encoding: str, old: Answer, expected: Expected, due: float
) -> Answer:
    """Ask until the answer is right. No wrong one may begin after `due`."""
    while True:
        asked = time.monotonic()
        new = ask(service, "GET", path, Accept_Encoding=encoding, If_None_Match=old.tag)
        answer = old if new.status == 304 else new
        text = UNPACK[encoding](answer.body).decode()
        if expected.holds(path, text):
            return answer
        assert asked < due, (path, encoding, new.status, text)


def ask(service: Service, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = None if body is None else json.dumps(body)
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request(method, path, sent, given | {"Content-Type": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("ETag", ""), response.read())


def told(service: Service, method: str, path: str, token: str, body: Any) -> dict[str, Any]:
    answer = ask(service, method, path, body, Authorization=f"Bearer {token}")
    assert answer.status in (200, 201), answer
    found: dict[str, Any] = json.loads(answer.body)
    return found

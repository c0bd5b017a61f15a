"""A crowd reads one article while somebody writes: what that costs does not depend on the crowd."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.request import Request, urlopen

import pytest

from comments.sites.models import Role
from tests import factories, servers
from tests.servers import Service

READ = "/embed/thread?site=gazette&article=tides"
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
TAG = re.compile(rb'etag: ("[^"]+")', re.IGNORECASE)
COUNT = re.compile(rb'data-count="(\d+)"')
VIEWED = 'comments_requests_total{method="GET",route="/embed/thread",status="200"}'
# A post with its screening, and everything that is read to draw one page again.
A_POST, A_RENDER = 20, 8
# What is told of a post beside the requests, and how often all chores together look in a second.
A_TOLD, LOOKS = 15, 3


@dataclass
class Crowd:
    """Readers on connections of their own that stay open, and what went wrong with any."""

    service: Service
    readers: int
    read: int = 0
    counts: list[int] = field(default_factory=list)
    over: bool = False

    async def reader(self) -> None:
        """Ask again and again, as a browser does that keeps the last answer; never go back."""
        into, out = await asyncio.open_connection("127.0.0.1", self.service.port)
        tag, count, is_last = b"", 0, False
        while not is_last:
            is_last = self.over
            out.write(_request(self.service.port, tag))
            head = await into.readuntil(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 200"):
                body = await into.readexactly(int(LENGTH.search(head)[1]))  # type: ignore[index]
                tag = TAG.search(head)[1]  # type: ignore[index]
                new = int(COUNT.search(body)[1])  # type: ignore[index]
                assert new >= count
                count = new
            else:
                assert head.startswith(b"HTTP/1.1 304"), head
            self.read += 1
        self.counts.append(count)
        out.close()
        await out.wait_closed()

    async def writer(self, posts: int, token: str) -> None:
        """Post whenever everybody has read about twice more."""
        for number in range(1, posts + 1):
            due = self.read + 2 * self.readers
            while self.read < due:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(_post, self.service, token, f"Number {number}.")
        self.over = True

    async def meet(self, posts: int, token: str) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self.readers):
                tasks.create_task(self.reader())
            tasks.create_task(self.writer(posts, token))


def _request(port: int, tag: bytes) -> bytes:
    known = b"If-None-Match: %b\r\n" % tag if tag else b""
    return b"GET %b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%b\r\n" % (READ.encode(), port, known)


def _post(service: Service, token: str, text: str) -> None:
    body = json.dumps({"site": "gazette", "article": "tides", "body": text}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{service.url}/api/v1/comments", body, headers), timeout=30) as answer:
        assert answer.status == 201


def figures(service: Service) -> dict[str, float]:
    with urlopen(f"{service.url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    }


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """A server, and the token of somebody who may write as fast as they like."""
    folder = tmp_path_factory.mktemp("crowd")
    with servers.served(folder) as service:
        with servers.inside(str(folder / "instance")):
            gazette = factories.site("gazette", origins=("https://gazette.example",))
            rae = factories.user("rae")
            factories.member(gazette, rae, Role.STAFF)
            token = factories.bearer(rae, gazette)
        yield service, token


def test_a_crowd_costs_one_render_a_version(
    running: tuple[Service, str], request: pytest.FixtureRequest
) -> None:
    service, token = running
    readers, posts = (2000, 60) if request.config.getoption("--soak") else (200, 5)
    before, began = figures(service), time.monotonic()
    crowd = Crowd(service, readers)
    # In a thread of its own: the browser of other tests has a loop running in this one.
    with ThreadPoolExecutor(1) as alone:
        alone.submit(lambda: asyncio.run(crowd.meet(posts, token))).result()
    after, seconds = figures(service), time.monotonic() - began
    assert crowd.counts == [posts] * readers
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["comments_lane_renders_total"] <= posts + 1
    assert grown[VIEWED] <= posts + 1
    # Looking whether an answer still holds takes one statement a second, whoever asks.
    bound = posts * (A_POST + A_TOLD) + (posts + 1) * A_RENDER + (1 + LOOKS) * (seconds + 1)
    assert grown["comments_statements_total"] <= bound
    assert crowd.read > bound

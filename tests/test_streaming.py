"""Event streams of the server that comes along: many of them, across processes, and to the end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path

import psycopg
import pytest

from comments.changes import CHANNEL
from comments.console import migrated
from comments.sites.models import Role
from comments.threads.editions import Edition, Place
from comments.widget import live, watching
from tests import factories, servers, streams
from tests.servers import Service
from tests.streams import Told, told

LISTENING = f"""SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND query = 'LISTEN {CHANNEL}'"""


def writer() -> str:
    """The token of somebody who may write as fast as they like on the gazette."""
    gazette = factories.site("gazette", origins=("https://gazette.example",))
    zoe = factories.user("zoe")
    factories.member(gazette, zoe, Role.STAFF)
    return factories.bearer(zoe, gazette)


class Others:
    """Somebody who goes on asking for other things meanwhile."""

    def __init__(self, service: Service) -> None:
        self.answers: list[int] = []
        self.slowest = 0.0
        self._service = service
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _ask(self) -> None:
        with closing(HTTPConnection("127.0.0.1", self._service.port, timeout=60)) as connection:
            while not self._is_over.is_set():
                began = time.monotonic()
                connection.request("GET", "/embed/thread?site=gazette&article=a1")
                response = connection.getresponse()
                response.read()
                self.answers.append(response.status)
                self.slowest = max(self.slowest, time.monotonic() - began)


def test_a_post_reaches_everybody_while_others_are_answered(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    is_soak = request.config.getoption("--soak")
    with servers.served(tmp_path) as service:
        with servers.inside(str(tmp_path / "instance")):
            token = writer()
        with streams.pages(service, live.ROOM if is_soak else 40, "a1") as pages:
            assert {page.status for page in pages} == {200}
            with Others(service) as others:
                began = time.monotonic()
                streams.post(service, token, "first")
                servers.wait_for(lambda: all(len(page.told) == 2 for page in pages))
                seconds = time.monotonic() - began
                servers.wait_for(lambda: len(others.answers) > 10)
            assert {tuple(page.told) for page in pages} == {
                (Told("a1", 0, True), Told("a1", 2, True))
            }
            assert set(others.answers) == {200}
            if is_soak:
                print(f"{len(pages)} streams: {seconds:.2f} s, {others.slowest:.2f} s for others")
                assert seconds < 2
                one_more = streams.Page(service, "a1")
                assert (one_more.status, one_more.headers["Retry-After"]) == (503, "120")
            began = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - began < 5
            assert all(page.ended() for page in pages)


def test_a_post_through_one_process_reaches_a_stream_of_another(
    tmp_path: Path, new_postgresql: Callable[[], str]
) -> None:
    settings = {"instance": str(tmp_path / "instance"), "database_url": new_postgresql()}
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with (
        servers.served(tmp_path / "one", **settings) as one,
        servers.served(tmp_path / "other", **settings) as other,
    ):
        with servers.inside(**settings):
            token = writer()
        with streams.pages(other, 1, "a1") as (page,):
            streams.post(one, token, "first")
            servers.wait_for(lambda: page.versions() == [0, 2])
            streams.post(one, token, "second")
            servers.wait_for(lambda: page.versions() == [0, 2, 3])


def test_what_postgresql_tells_is_looked_at_at_once(
    tmp_path: Path, new_postgresql: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SECOND", 3600)
    url = new_postgresql()
    with servers.inside(str(tmp_path), url) as app:
        migrated()
        article = factories.article(factories.site("gazette"), "a1")
        hub = watching.hub_of(app)
        hub.room = 1
        stream = hub.join({Place(article.site_id, "a1"): Edition(article.id, 1)}, None)
        with (
            closing(stream),
            psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other,
        ):
            servers.wait_for(lambda: other.execute(LISTENING).fetchone() == (1,))
            for version in (2, 3, 4):
                other.execute("UPDATE articles SET version = %s", [version])
                told_of = json.dumps({"by": "another", "articles": [article.id]})
                other.execute("SELECT pg_notify(%s, %s)", [CHANNEL, told_of])
                events = (event for part in islice(stream, 5) for event in told([part]))
                assert Told("a1", version, True) in events

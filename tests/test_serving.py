"""The server that comes along, run as operators run it."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from comments import clock
from comments.db import db
from comments.serving import CONNECTIONS
from comments.sites.sso.models import Sso
from tests import factories, servers
from tests.servers import Service
from tests.sites.sso import publisher

LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with servers.served(tmp_path_factory.mktemp("served")) as service:
        yield service


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(service: Service, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # Sending what is refused may break off before the answer is read.
            connection.request(method, path, body, given)
        with connection.getresponse() as response:
            return Answer(response.status, response.headers, response.read())


def test_it_is_alive_and_ready(running: Service) -> None:
    assert ask(running, "GET", "/livez").status == 200
    assert ask(running, "GET", "/readyz").body == b"ready\n"


def test_publishers_keys_are_fetched_beside_the_requests(running: Service) -> None:
    with servers.inside(running.environment["COMMENTS_INSTANCE"]):
        site = factories.site("fetched", origins=("https://fetched.example",))
        publisher.settle(site, url="https://127.0.0.1/keys.json", due_at=clock.now())

        def is_tried() -> bool:
            db.session.rollback()
            db.session.expire_all()
            return bool(db.session.get_one(Sso, site.id).failure)

        servers.wait_for(is_tried)
        assert db.session.get_one(Sso, site.id).failure["code"] == "private"


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere"])
@pytest.mark.parametrize("pieces", [65, 10_000])
def test_a_body_that_is_too_long_is_refused(running: Service, path: str, pieces: int) -> None:
    kind = "application/x-www-form-urlencoded"
    in_pieces = iter([b"a" * 1024] * pieces)
    assert ask(running, "POST", path, b"a" * (LIMIT + 1), Content_Type=kind).status == 413
    assert ask(running, "POST", path, in_pieces, Content_Type=kind).status == 413


def test_a_body_in_pieces_is_read_whole(running: Service) -> None:
    in_pieces = iter([b"a" * 1024] * 64)
    assert ask(running, "POST", "/api/v1/nowhere", in_pieces).status == 404


def test_a_request_is_one_line_with_its_id(running: Service) -> None:
    answer = ask(running, "GET", "/nowhere?token=hush%0A", X_Request_Id="given-by-me")
    assert answer.headers["X-Request-Id"] == "given-by-me"
    (line,) = [line for line in running.lines() if line.get("request") == "given-by-me"]
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 404)
    assert "hush" not in str(line)


def test_an_id_that_could_forge_a_line_is_replaced(running: Service) -> None:
    given = 'x", "event": "all is well'
    answer = ask(running, "GET", "/nowhere", X_Request_Id=given)
    assert answer.headers["X-Request-Id"] != given
    assert "all is well" not in running.log.read_text()


def test_it_refuses_a_second_server_of_one_file(running: Service) -> None:
    instance = str(running.log.parent / "instance")
    second = servers.command("serve", "--port", str(servers.free_port()), instance=instance)
    assert second.returncode == 2
    assert "Another comments serve has this database" in second.stderr
    assert ask(running, "GET", "/livez").status == 200


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked(tmp_path: Path, by: signal.Signals) -> None:
    with servers.served(tmp_path) as service:
        with socket.create_connection(("127.0.0.1", service.port)) as slow:
            head = "POST /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\n"
            head += "Transfer-Encoding: chunked\r\n\r\n"
            slow.sendall(head.encode())  # a request that never ends
            assert ask(service, "GET", "/livez").status == 200
            began = time.monotonic()
            assert service.stop(by) == 0
        assert time.monotonic() - began < 10
        assert service.lines()[-1]["event"] == "stopped"


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    with servers.served(tmp_path) as service:
        (worker,) = service.workers()
        os.kill(worker, signal.SIGKILL)
        servers.wait_for(lambda: service.workers() not in ([], [worker]))
        servers.wait_for(service.answers)
        assert service.stop() == 0


def test_it_may_open_a_file_for_each_connection(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        with servers.served(tmp_path) as service:
            (worker,) = service.workers()
            assert resource.prlimit(worker, resource.RLIMIT_NOFILE)[0] > min(CONNECTIONS, hard - 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_several_processes_serve_postgresql(
    tmp_path: Path, new_postgresql: Callable[[], str]
) -> None:
    url = new_postgresql()
    with servers.served(tmp_path, "--workers", "2", database_url=url) as service:
        assert len(service.workers()) == 2
        assert ask(service, "GET", "/readyz").status == 200
        assert service.stop() == 0

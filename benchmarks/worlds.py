"""The servers that are measured, each with what it needs to know, in a folder that goes again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from benchmarks import bare, load, machine
from comments import clock, names, serving
from comments.accounts import sessions
from comments.accounts.models import Kind, User
from comments.accounts.sessions import Scope
from comments.console import migrated
from comments.db import db, transaction
from comments.demo import bulk, large, loading
from comments.demo.bulk import Talk
from comments.demo.shapes import Plan, Planned
from comments.sites.models import Role, Site
from tests import factories, servers

ROOT = Path(__file__).resolve().parents[1]
ISSO = ROOT / ".venv-isso"
SITE, PUBLISHER = "gazette", "https://gazette.example"
# Each is read as 25 comments with a reply each: what the first page of a thread shows.
PAIRS = 25
ARTICLES = 1_000
LOT = 100
# So many that nobody writes again before five seconds are over.
WRITERS = 2_000
GRANIAN = (
    *("--interface", "wsgi", "--http", "1", "--no-ws", "--log-level", "error"),
    *("--workers", "1", "--blocking-threads", str(serving.THREADS)),
    *("--backpressure", str(serving.CONNECTIONS)),
)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """What runs: its first process, and where it listens."""

    pid: int
    port: int


def text(number: int) -> str:
    """A comment of about 220 characters in Markdown, another for each number."""
    return (
        f"Number {number}: the *harbour* wall has been mended twice since the storm, and each time"
        " the council said it would hold.\n\nI would rather **see the report** than hear about it"
        " again; [it was promised](https://council.example/reports) for May."
    )


def article(number: int) -> str:
    return f"article-{number}"


# Ours.


@contextmanager
def ours(world: Path, **settings: str) -> Iterator[Server]:
    """`comments serve` on a copy of a world."""
    instance = world.with_name(f"instance-{next(_numbers)}")
    shutil.copytree(world, instance)
    settings = {"instance": str(instance), "trusted_proxies": "127.0.0.1", **settings}
    service = servers.Service(instance / "service.log", **settings)
    with machine.on(machine.SERVING):
        service.start()
    try:
        yield Server(service.process.pid, service.port)
    finally:
        service.kill()


def opened(instance: Path, full: int = 1) -> None:
    """A site where everybody may write at once. So many of its articles have a full first page, the
    others have none."""
    with servers.inside(str(instance)):
        migrated()
        site = factories.site(SITE, origins=(PUBLISHER,), links_allowed=3)
        factories.member(site, factories.user("Ada"), Role.OWNER)
        said = large.pool(site, texts=[text(number) for number in range(2 * PAIRS)])
        begun = clock.now() - timedelta(days=1)
        plans = [_pairs() if number < full else [] for number in range(ARTICLES)]
        for start in range(0, ARTICLES, LOT):
            lot = enumerate(plans[start : start + LOT], start)
            bulk.store(site, [Talk(article(number), begun, plan) for number, plan in lot], said)
        loading.analyse()


def _pairs() -> Plan:
    """Comments with a reply each, every one by somebody else and in other words."""
    return [
        Planned(n - 1 if n % 2 else None, float(n), n / (2 * PAIRS), n / (2 * PAIRS))
        for n in range(2 * PAIRS)
    ]


def tokens(instance: Path) -> list[str]:
    """The tokens of many readers."""
    with servers.inside(str(instance)):
        site = db.session.scalars(sa.select(Site)).one()
        return transaction(lambda: _tokens(site))


def _tokens(site: Site) -> list[str]:
    now = clock.now()
    people = [
        User(name=f"Reader {number}", name_key=names.key(f"Reader {number}"), created_at=now)
        for number in range(WRITERS)
    ]
    db.session.add_all(people)
    db.session.flush()
    scope = Scope(Kind.BEARER, site.id, PUBLISHER)
    return [sessions.begin(person, scope, now) for person in people]


# The least that could answer.


@contextmanager
def raw(folder: Path, headers: dict[str, str], body: bytes) -> Iterator[Server]:
    """A callable without anything around it that gives this answer."""
    kept = folder / f"answer-{next(_numbers)}.json"
    kept.write_text(json.dumps({"headers": headers, "body": body.hex()}))
    with _granian(
        sys.executable, "benchmarks.bare:raw", ["--factory"], **{bare.ANSWER: kept}
    ) as it:
        yield it


@contextmanager
def one_row(folder: Path) -> Iterator[Server]:
    """A view that stores one row."""
    kept = folder / "rows.db"
    target = "benchmarks.bare:posts"
    with _granian(sys.executable, target, ["--factory"], **{bare.DATABASE: kept}) as it:
        yield it


# Isso, in its own virtual environment.


@contextmanager
def isso(folder: Path, full: int = 1) -> Iterator[Server]:
    """Isso with the same comments in the same articles, and without its limits."""
    folder.mkdir()
    settings, database = folder / "isso.cfg", folder / "isso.db"
    settings.write_text(
        textwrap.dedent(f"""\
            [general]
            dbpath = {database}
            host = {PUBLISHER}
            [guard]
            enabled = false
            """)
    )
    python = str(ISSO / "bin" / "python")
    with _granian(python, "isso.run:application", [], ISSO_SETTINGS=settings) as it:
        _fill_isso(database, full)
        yield it


def _fill_isso(database: Path, full: int) -> None:
    size = 2 * PAIRS
    rows = (
        (number + 1, number * size + n if n % 2 else None, time.time(), text(n), bytes(256))
        for number in range(full)
        for n in range(size)
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO threads (id, uri, title) VALUES (?, ?, ?)",
            [(n + 1, f"/{article(n)}", f"Article {n}") for n in range(ARTICLES)],
        )
        connection.executemany(
            "INSERT INTO comments (tid, parent, created, mode, remote_addr, text, author, voters)"
            " VALUES (?, ?, ?, 1, '127.0.0.1', ?, 'Rae', ?)",
            rows,
        )


# All of them.


@contextmanager
def _granian(
    python: str, target: str, options: Sequence[str], **environment: object
) -> Iterator[Server]:
    port = servers.free_port()
    command = [python, "-m", "granian", *GRANIAN, *options, "--port", str(port), target]
    own = {name: str(value) for name, value in environment.items()}
    with machine.on(machine.SERVING):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **own},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        servers.wait_for(lambda: _answers(port) or process.poll() is not None)
        if process.poll() is not None:
            raise SystemExit(f"did not start: {' '.join(command)}")
        yield Server(process.pid, port)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int) -> bool:
    try:
        load.answer(port, load.request("GET", "/", {}))
    except OSError:
        return False
    return True

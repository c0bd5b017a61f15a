"""The same page of ever larger threads: what it takes of the processor, and how long it is.

The pages are alike from 100 comments on, so that only the size of the thread makes a difference.
The application is asked without its memory and in this process, and where the database is
PostgreSQL what that takes is counted, too.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
import structlog
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks import worlds
from benchmarks.contests import Course, spread
from benchmarks.load import address
from comments import create_app
from comments.console import migrated
from comments.db import db
from comments.demo import large, loading, shapes
from comments.demo.shapes import Plan, Planned
from comments.settings import Settings
from comments.sites.models import Site
from comments.threads.models import STEP, Article, Comment
from comments.threads.reading import BRANCH
from comments.threads.tree import Place
from tests import servers

SIZES = (10, 100, 1_000, 10_000, 100_000)
USUAL = 100
REQUESTS = 20
# Comments that answer each other, before all others answer the last of them.
DEEP = 20

View = dict[str, str]
_readers = count()


@dataclass(frozen=True, slots=True)
class Reader:
    """An application with its database: what is asked of it, and the processes of the database."""

    name: str
    app: Flask
    pages: dict[str, dict[int, View]]
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one page took in one round."""

    cpu_ms: float
    bytes: int


def report(folder: Path, course: Course) -> Iterator[str]:
    with ExitStack() as running:
        new = running.enter_context(servers.postgresql())
        readers = [
            _reader("SQLite", folder / "sqlite", f"sqlite:///{folder / 'growth.db'}"),
            _reader("PostgreSQL", folder / "postgresql", new()),
        ]
        # No line for each request.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        found = _in_turns(readers, course)
        for reader in readers:
            with reader.app.app_context():
                db.engine.dispose()
            yield _table(reader, found)


Found = dict[tuple[str, str, int], list[Figures]]


def _in_turns(readers: list[Reader], course: Course) -> Found:
    found: Found = defaultdict(list)
    for number in range(course.rounds + 1):
        _say(f"Growth: round {number} of {course.rounds}, after one to warm up")
        for reader in readers:
            for name, sizes in reader.pages.items():
                for size, view in sizes.items():
                    figures = _read(reader, view)
                    if number:
                        found[reader.name, name, size].append(figures)
    return found


def _read(reader: Reader, view: View) -> Figures:
    path = f"/embed/thread?{urlencode({'site': large.KEY, **view})}"
    asked = [_environment(path) for _ in range(REQUESTS)]
    before = _cpu_seconds(reader)
    answers = [run_wsgi_app(reader.app, each, buffered=True) for each in asked]
    cpu = _cpu_seconds(reader) - before
    if wrong := {status for _, status, _ in answers if status != "200 OK"}:
        raise SystemExit(f"wrong answers: {wrong}")
    return Figures(cpu / REQUESTS * 1000, len(b"".join(answers[-1][0])))


def _environment(path: str) -> dict[str, Any]:
    """A question from an address of its own, since one may not ask all that often."""
    environment = EnvironBuilder(path, headers={"Origin": worlds.PUBLISHER}).get_environ()
    return {**environment, "REMOTE_ADDR": address(next(_readers))}


def _cpu_seconds(reader: Reader) -> float:
    """What this process and the database took of the processor so far."""
    spent = (Path(f"/proc/{pid}/schedstat").read_text().split()[0] for pid in reader.others)
    return time.process_time() + sum(map(int, spent)) / 1e9


def _table(reader: Reader, found: Found) -> str:
    others = [size for size in SIZES if size != USUAL]
    ratios = [f"{size:,} : {USUAL}" for size in others]
    heads = [f"CPU ms at {USUAL} comments", *ratios, f"bytes at {USUAL}", "at most"]
    lines = [
        f"### The same page of larger threads, {reader.name}, {REQUESTS} times a round",
        "",
        f"| | {' | '.join(heads)} |",
        "| --- " * (len(heads) + 1) + "|",
    ]
    for name in reader.pages:
        usual = found[reader.name, name, USUAL]
        cells = [spread([each.cpu_ms for each in usual])]
        for size in others:
            pairs = zip(found[reader.name, name, size], usual, strict=True)
            cells.append(spread([one.cpu_ms / other.cpu_ms for one, other in pairs]))
        longest = max(found[reader.name, name, size][-1].bytes for size in SIZES)
        cells += [f"{usual[-1].bytes:,}", f"{longest / usual[-1].bytes:.3f} ×"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _reader(name: str, instance: Path, database_url: str) -> Reader:
    app = create_app(Settings(instance=instance, database_url=database_url, cache_mib=0))
    with app.app_context():
        migrated()
        site = large.opened([worlds.PUBLISHER])
        said = large.pool(site, texts=[worlds.text(1)])
        for size in SIZES:
            _say(f"Growth: {size:,} comments in {name}")
            large.thread(site, f"even-{size}", shapes.even(size), said)
            large.thread(site, f"deep-{size}", _deep(size), said)
        loading.analyse()
        pages = {
            f"first page, {sort}": {s: {"article": f"even-{s}", "sort": sort} for s in SIZES}
            for sort in ("newest", "oldest", "top")
        }
        pages["last page of replies"] = {size: _last_replies(site, size) for size in SIZES}
        return Reader(name, app, pages, tuple(_processes()))


def _deep(size: int) -> Plan:
    """A line of answers, and under its end all the others."""
    end = min(DEEP, size // 2)
    parents = [None, *range(end - 1), *[end - 1] * (size - end)]
    return [Planned(parent, number, 0.0, 0.0) for number, parent in enumerate(parents)]


def _last_replies(site: Site, size: int) -> View:
    key = f"deep-{size}"
    paths = (
        sa.select(Comment.path)
        .join(Article, Article.id == Comment.article_id)
        .where(Article.site_id == site.id, Article.key == key)
        .order_by(Comment.path.desc())
    )
    path = db.session.scalars(paths.offset(min(BRANCH, size - 1)).limit(1)).one()
    return {"article": key, "after": Place(path, max(STEP, len(path) - STEP)).cursor}


def _processes() -> Iterator[int]:
    """Those that work for this one in the database."""
    if db.engine.dialect.name == "postgresql":
        own = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        yield from db.session.scalars(own)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)

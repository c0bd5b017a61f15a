"""Looks at the articles that streams wait for, and lets the hub tell what changed.

One thread does so while anybody waits: at once when a change is told of, by this process or,
through PostgreSQL, by another; and once a second whatever was told, since votes and closing by time
change what is seen without anybody's doing, and what was told may get lost.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Mapping

import psycopg
from flask import Flask
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from comments import changes, clock, settings
from comments.changes import Changes
from comments.logs import log
from comments.threads import editions
from comments.threads.editions import Edition, Place
from comments.widget.live import Hub

SECOND = 1.0
# Many changes in a row are looked at together.
PAUSE = 0.1
# After a failure of the database.
PATIENCE = (2.0, 10.0)


def init_app(app: Flask) -> None:
    """Threads begin with the first stream: after the process was forked, and only where needed."""
    hub = app.extensions["live"] = Hub(lambda: _begin(app))
    changes.committed.connect(hub.heard)
    app.extensions["metrics"].add(Told(hub))


def hub_of(app: Flask) -> Hub:
    found: Hub = app.extensions["live"]
    return found


def _begin(app: Flask) -> None:
    acts = [_watch]
    if not settings.current_of(app).is_sqlite:
        acts.append(_listen)
    for act in acts:
        threading.Thread(target=act, args=(app,), name=act.__name__, daemon=True).start()


def _watch(app: Flask) -> None:
    hub = hub_of(app)

    def look(known: Mapping[Place, Edition]) -> dict[Place, Edition]:
        with app.app_context():  # at whose end the connection goes back
            return editions.current(known, clock.now())

    while True:
        hub.woken.wait(SECOND if len(hub) else None)
        hub.woken.clear()
        try:
            hub.look(look)
            time.sleep(PAUSE)
        except Exception as error:
            _failed("can't look for what is new", error)


def _listen(app: Flask) -> None:
    """Hear of the changes of other processes, on a connection of one's own."""

    def tell(changed: Changes) -> None:
        app.extensions["versions"].heard(changed)
        hub_of(app).heard(changed)

    address = settings.current_of(app).database_url.replace("+psycopg", "", 1)
    while True:
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(f"LISTEN {changes.CHANNEL}")
                tell(Changes(everything=True))  # whatever was missed meanwhile
                for notice in connection.notifies():
                    if changed := changes.read(notice.payload):
                        tell(changed)
        except Exception as error:
            _failed("can't listen to the database", error)


def _failed(what: str, error: Exception) -> None:
    log.warning(what, error=type(error).__name__)
    time.sleep(random.uniform(*PATIENCE))  # noqa: S311 - no secret


class Told(Collector):
    """The figures of the streams, for /metrics."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("comments_streams", "Event streams that are open.", len(self._hub))
        yield CounterMetricFamily(
            "comments_streams_refused", "Streams without room.", self._hub.refused
        )

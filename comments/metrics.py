"""What a process tells of itself at /metrics, in the text format of Prometheus.

Numbers only: routes and counts, no site, no person, no text. Each process counts for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPMethod
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.engine import Engine

from comments.db import db

# Whatever else somebody sends would be a series of its own for ever.
METHODS = frozenset(HTTPMethod)
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """The figures of one app."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "comments_requests",
            "Requests that a view answered, by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "comments_request_seconds",
            "How long views took, by route.",
            ("route",),
            buckets=BUCKETS,
            registry=self._registry,
        )

    def add(self, collector: Collector) -> None:
        """Let this one tell its figures, too."""
        self._registry.register(collector)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def note(self, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        self._requests.labels(method, route, response.status_code).inc()
        self._seconds.labels(route).observe(time.perf_counter() - g.request_began)
        return response


class Statements(Collector):
    """How many statements this process sent to its database; about right when threads meet."""

    def __init__(self, engine: Engine) -> None:
        self._sent = 0
        # Not by an event: where there is any for connections, each statement looks for all of them.
        dialect = engine.dialect
        for name in ("do_execute", "do_execute_no_params", "do_executemany"):
            setattr(dialect, name, self._noted(getattr(dialect, name)))

    def _noted(self, send: Callable[..., None]) -> Callable[..., None]:
        def noted(*statement: Any, **context: Any) -> None:
            self._sent += 1
            send(*statement, **context)

        return noted

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily("comments_statements", "Sent to the database.", self._sent)


def init_app(app: Flask) -> None:
    metrics = app.extensions["metrics"] = Metrics()
    with app.app_context():
        metrics.add(Statements(db.engine))
    app.after_request(metrics.note)

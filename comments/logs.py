"""One JSON line for each request and each fault, with an id, and without anybody's secrets."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback

import structlog
from flask import Flask, Response, g, request
from structlog.typing import ExcInfo

log = structlog.get_logger("comments")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
DATABASES = ("sqlalchemy", "psycopg", "sqlite3")
QUIET = ("/livez", "/readyz", "/metrics")


SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure() -> None:
    """Let everything that libraries log come out as JSON lines, too."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(),
            ],
            foreign_pre_chain=SHARED,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _rendering() -> list[structlog.types.Processor]:
    return [
        structlog.processors.ExceptionRenderer(_without_rows),
        structlog.processors.JSONRenderer(),
    ]


def _without_rows(exc_info: ExcInfo) -> str:
    """The traceback, but for what a database says of its rows: they hold what people typed."""
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        told += ["".join(traceback.format_tb(error.__traceback__)) + _named(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nbecause of\n\n".join(told)


def _named(error: BaseException) -> str:
    module = type(error).__module__
    name = f"{module}.{type(error).__qualname__}"
    return name if module.partition(".")[0] in DATABASES else f"{name}: {error}"


def init_app(app: Flask) -> None:
    """Whichever server runs the app: structlog by itself would print the values of variables."""
    structlog.configure(
        processors=[*SHARED, *_rendering()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
    g.request_began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _end(response: Response) -> Response:
    if request.path not in QUIET:
        log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round((time.perf_counter() - g.request_began) * 1000, 1),
        )
    return response

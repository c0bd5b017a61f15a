"""Is the service alive, can it serve, and what does it do?"""

from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from comments import resources
from comments.db import db
from comments.logs import log

health = Blueprint("health", __name__)


@health.get("/livez")
def livez() -> Response:
    return Response("alive\n", mimetype="text/plain")


@health.get("/readyz")
def readyz() -> Response:
    try:
        ready, words = (True, "ready") if is_migrated() else (False, "migrations are behind")
    except SQLAlchemyError as error:
        log.warning("not ready", error=type(error).__name__)
        ready, words = False, "the database can't be reached"
    return Response(words + "\n", status=200 if ready else 503, mimetype="text/plain")


@health.get("/metrics")
def metrics() -> Response:
    return Response(current_app.extensions["metrics"].text(), content_type=CONTENT_TYPE_LATEST)


def is_migrated() -> bool:
    """Whether the database has every migration. Raises SQLAlchemyError when it can't be asked."""
    head = ScriptDirectory(resources.MIGRATIONS).get_current_head()
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head

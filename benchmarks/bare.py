"""The least that could answer, as measures: a WSGI callable that returns bytes, and a view that
stores one row through Flask-SQLAlchemy on a database that is as careful as ours."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from comments.db import WAL_PAGES

# In the environment: where the answer lies that `raw` gives, and where `posts` keeps its rows.
ANSWER, DATABASE = "BENCHMARKS_ANSWER", "BENCHMARKS_DATABASE"


def raw() -> Any:
    """A callable that gives one answer, whatever is asked, or says that it has not changed."""
    kept = json.loads(Path(os.environ[ANSWER]).read_text())
    body, tag = bytes.fromhex(kept["body"]), kept["headers"]["etag"]
    headers = list(kept["headers"].items())
    unchanged = [(name, value) for name, value in headers if not name.startswith("content-")]

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") == tag:
            start_response("304 NOT MODIFIED", unchanged)
            return ()
        start_response("200 OK", headers)
        return (body,)

    return app


class Base(DeclarativeBase):
    pass


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    article: Mapped[str] = mapped_column(index=True)
    body: Mapped[str]
    created_at: Mapped[datetime]


def posts() -> Flask:
    """An app with one view, which stores what it is sent in one row."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ[DATABASE]}"
    db = SQLAlchemy(app, model_class=Base)
    with app.app_context():
        sa.event.listen(db.engine, "connect", _connected)
        Base.metadata.create_all(db.engine)

    @app.post("/posts")
    def post() -> ResponseReturnValue:
        sent = request.get_json()
        row = Post(article=sent["article"], body=sent["body"], created_at=datetime.now(UTC))
        db.session.add(row)
        db.session.commit()
        return jsonify(id=row.id), 201

    return app


def _connected(connection: Any, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"wal_autocheckpoint={WAL_PAGES}",
        "busy_timeout=20000",
    ):
        connection.execute(f"PRAGMA {pragma}")

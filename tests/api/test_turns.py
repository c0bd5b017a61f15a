"""On SQLite posts come one after the other, and nobody waits for who is slow to send theirs."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from comments import settings, turns
from tests.api.conftest import Call, rows
from tests.api.test_posting import NEW


def is_sqlite(app: Flask) -> bool:
    return settings.current_of(app).is_sqlite


def test_a_post_waits_for_the_one_before(
    call: Call, app: Flask, rae: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.001)
    before = rows()
    with turns.posts.held(1):
        response = call("POST", "/comments", rae, json=NEW)
        others = call("GET", "/comments?site=gazette&article=a1")
    assert others.status_code == 200
    if is_sqlite(app):
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert response.content_type == "application/problem+json"
        assert rows() == before
    else:
        assert response.status_code == 201
    monkeypatch.undo()
    assert call("POST", "/comments", rae, json=NEW).status_code == 201


def test_nobody_waits_for_what_is_slow_to_arrive(call: Call, rae: str) -> None:
    sent = Slow(json.dumps(NEW).encode())
    headers = {"Content-Length": str(len(sent.getvalue()))}
    response = call(
        "POST",
        "/comments",
        rae,
        input_stream=sent,
        content_type="application/json",
        headers=headers,
    )
    assert response.status_code == 201
    assert sent.reads


class Slow(BytesIO):
    """A body during whose arrival somebody else has their turn."""

    reads = 0

    def readinto(self, room: Any) -> int:
        self.reads += 1
        with turns.posts.held(0.001):
            return super().readinto(room)

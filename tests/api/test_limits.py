from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import Client

from comments.security import limiter
from tests.api.conftest import Call
from tests.conftest import HOST

OTHER_HOPS = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP")


@pytest.fixture
def limited() -> Iterator[None]:
    """Count the requests of an address, which other tests don't."""
    limiter.reset()
    limiter.enabled = True
    yield
    limiter.enabled = False
    limiter.reset()


def test_a_flood_is_told_when_to_come_again(app: Flask, call: Call, limited: None) -> None:
    flood = Client(app)
    for _request in range(2401):  # 1,200 a minute, and a minute may end meanwhile
        answer = flood.delete(
            "/api/v1/sessions/current",
            base_url=HOST,
            environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
        )
        if answer.status_code == 429:
            break
    pretended = dict.fromkeys(OTHER_HOPS, "192.0.2.7")
    response = call("DELETE", "/sessions/current", headers=pretended)
    assert (response.status_code, response.json["code"]) == (429, "too-many")
    assert response.headers["Retry-After"] == "60"

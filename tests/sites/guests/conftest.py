"""A site that takes guests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories, mailbox
from tests.conftest import Cast
from tests.mailbox import Mailbox

Come = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def takes_guests(cast: Cast) -> None:
    factories.settle(cast.gazette, commenters="guests")


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


@pytest.fixture
def come(client: FlaskClient, cast: Cast) -> Come:
    """Ask the API to be let in as a guest; a program does, unless there is an `origin`."""

    def act(
        name: str = "Wren", origin: str | None = None, key: str | None = None, **more: str
    ) -> TestResponse:
        headers = {"Origin": origin} if origin else {}
        headers |= {"Idempotency-Key": key} if key else {}
        sent = {"site": "gazette", "name": name, **more}
        return client.post("/api/v1/guests", json=sent, headers=headers)

    return act

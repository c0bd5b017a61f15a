"""A publisher's page, a browser that nobody used before, and what the service was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import flask
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from comments.db import transaction
from comments.sites.models import Origin
from comments.widget import watching
from comments.widget.live import PING_SECONDS, Hub
from tests.conftest import Cast
from tests.widget import publisher as publishers
from tests.widget.publisher import Publisher


@pytest.fixture
def publisher(address: str, cast: Cast) -> Iterator[Publisher]:
    """A web site where the comments of the gazette may appear."""
    with publishers.serving(address) as made:
        transaction(lambda: cast.gazette.origins.append(Origin(address=made.url)))
        yield made


@dataclass(frozen=True)
class Asked:
    """One request as the service saw it."""

    method: str
    path: str
    headers: dict[str, str]


@pytest.fixture
def asked(app: Flask) -> Iterator[list[Asked]]:
    """Every request that reached the service so far."""
    seen: list[Asked] = []

    def note(_sender: Flask, **_more: object) -> None:
        request = flask.request
        seen.append(Asked(request.method, request.path, dict(request.headers)))

    flask.request_started.connect(note, app)
    yield seen
    flask.request_started.disconnect(note, app)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(
        locale="en-GB", timezone_id="UTC", viewport={"width": 1280, "height": 900}
    )
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab. An error that no script caught fails the test."""
    made = context.new_page()
    thrown: list[str] = []
    made.on("pageerror", lambda error: thrown.append(str(error)))
    yield made
    assert thrown == []


@pytest.fixture
def hub(app: Flask) -> Iterator[Hub]:
    """The hub of event streams, with room for a few, which soon notices who is gone."""
    found = watching.hub_of(app)
    found.room = 20
    found.ping_seconds = 0.2
    yield found
    found.room, found.ping_seconds = 0, PING_SECONDS

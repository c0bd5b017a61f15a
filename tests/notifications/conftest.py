from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from comments.threads.models import Article
from tests import factories, mailbox, secure_server
from tests.conftest import Cast
from tests.mailbox import Mailbox
from tests.notifications import pushing
from tests.secure_server import Server


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides", title="High water")


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


@pytest.fixture
def pushes(app: Flask) -> Iterator[None]:
    """The service may tell people in their browsers."""
    with pushing.set_up(app):
        yield


@pytest.fixture
def server(pushes: None, cast: Cast, frozen: object) -> Iterator[Server]:
    """A push service on this machine, which takes everything."""
    with secure_server.serving() as made:
        made.says(b"", "201 Created")
        yield made

"""A receiver that runs, and an article to talk about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from comments.threads.models import Article
from tests import factories, secure_server
from tests.conftest import Cast
from tests.secure_server import Server


@pytest.fixture
def server(cast: Cast, frozen: datetime) -> Iterator[Server]:
    with secure_server.serving() as made:
        made.says(b"ok")
        yield made


@pytest.fixture
def floods(cast: Cast) -> Article:
    url = "https://gazette.example/floods"
    return factories.article(cast.gazette, "floods", title="The river rises", url=url)

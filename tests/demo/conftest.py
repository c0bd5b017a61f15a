"""The publisher, and the port it stands on for a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from comments.demo.publisher import create_publisher
from tests import live

SERVICE = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def publisher() -> Flask:
    return create_publisher(SERVICE, as_of=datetime.now(UTC))


@pytest.fixture(scope="session")
def publisher_url(publisher: Flask) -> Iterator[str]:
    with live.serving(publisher, "localhost") as address:
        yield address

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.db import db
from tests import factories
from tests.conftest import Cast

Call = Callable[..., TestResponse]


@pytest.fixture
def call(client: FlaskClient, cast: Cast) -> Call:
    """A call of the API, by a program: by nobody, or with a token."""

    def act(method: str, path: str, token: str | None = None, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return client.open(f"/api/v1{path}", method=method, headers=headers, **kwargs)

    return act


@pytest.fixture
def rae(cast: Cast) -> str:
    """The token of rae's widget on the gazette."""
    return factories.bearer(cast.rae, cast.gazette)


def rows() -> dict[str, int]:
    """How many rows every table has."""
    db.session.rollback()
    return {
        table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in db.metadata.sorted_tables
    }


def later(**by: float) -> None:
    """Set the frozen clock on."""
    clock.freeze(clock.now() + timedelta(**by))

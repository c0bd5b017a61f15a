"""Filling in forms as a browser does: with the token of the page that they stand on."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def csrf_of(client: FlaskClient, page: str) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found, f"no form on {page}"
    return found[1]


def send(
    client: FlaskClient, page: str, /, *, to: str | None = None, **fields: str
) -> TestResponse:
    """Fill in the form on `page` and send it."""
    return client.post(to or page, data={"csrf_token": csrf_of(client, page), **fields})


def faults(answer: TestResponse) -> list[str]:
    """The field of each fault that the summary of a form names, in order."""
    return re.findall(r'<a href="#field-([a-z_]+)">', answer.text)

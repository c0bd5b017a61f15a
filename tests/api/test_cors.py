from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.conftest import HOST, PUBLISHER, Cast

WANTED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}
LOOK_ALIKES = [
    "null",
    "http://gazette.example",
    "https://gazette.example.evil.example",
    "https://evilgazette.example",
    "https://gazette.example:8443",
    "https://m.gazette.example",
    "https://gazette.example/",
    "https://GAZETTE.example",
    "https://gazette.example https://evil.example",
    "https://gazette.example, https://evil.example",
    "*",
    "",
    HOST,
]


def preflight(client: FlaskClient, path: str, origin: str) -> dict[str, str]:
    return dict(client.options(path, headers={"Origin": origin, **WANTED}).headers)


@pytest.mark.parametrize("path", ["/api/v1/comments", "/api/v1/comments/1", "/embed/me"])
def test_a_page_that_a_site_names_may_ask(client: FlaskClient, cast: Cast, path: str) -> None:
    headers = preflight(client, path, PUBLISHER)
    assert headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE"
    assert headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, Idempotency-Key"
    assert headers["Access-Control-Expose-Headers"] == "ETag, Retry-After"
    assert headers["Access-Control-Max-Age"] == "7200"
    assert "Access-Control-Allow-Credentials" not in headers
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", LOOK_ALIKES)
def test_no_other_page_may(client: FlaskClient, cast: Cast, origin: str) -> None:
    headers = preflight(client, "/api/v1/comments", origin)
    assert not [name for name in headers if name.startswith("Access-Control")]
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", ["/api/v1/accounts", "/api/v1/sessions"])
def test_no_page_may_send_passwords(client: FlaskClient, cast: Cast, path: str) -> None:
    headers = preflight(client, path, PUBLISHER)
    assert not [name for name in headers if name.startswith("Access-Control")]


def test_our_own_pages_are_for_nobody_elses(client: FlaskClient, cast: Cast) -> None:
    response = client.options("/account", headers={"Origin": PUBLISHER, **WANTED})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]

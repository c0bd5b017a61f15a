from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from comments import security
from tests.conftest import HOST, Cast


def test_a_form_without_its_token_changes_nothing(
    cast: Cast, as_: Callable[..., FlaskClient]
) -> None:
    browser = as_(cast.rae)
    assert browser.post("/sign-out", data={"csrf_token": ""}).status_code == 403
    assert browser.post("/sign-out").status_code == 303


def forms_without_token(app: Flask) -> list[str]:
    """All but those of programs: a mail program ends letters by the address alone."""
    elsewhere = ("/api/", "/embed", *security.SIGNED)
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(elsewhere)
    ]


def test_every_form_of_our_pages_asks_for_its_token(
    app: Flask, cast: Cast, as_: Callable[..., FlaskClient]
) -> None:
    browser = as_(cast.ada)
    rules = forms_without_token(app)
    assert rules
    for rule in rules:
        address = rule.replace("<key>", "gazette").replace("<int:id>", "1")
        response = browser.post(address, data={"csrf_token": "forged"})
        assert response.status_code == 403, rule


def test_every_answer_carries_its_headers(client: FlaskClient, cast: Cast) -> None:
    for address in ("/sign-in", "/nowhere", "/livez", "/api/v1/nowhere"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Request-Id"]


def test_what_publishers_pages_ask_never_sees_or_sets_a_cookie(
    cast: Cast, as_: Callable[..., FlaskClient]
) -> None:
    response = as_(cast.ada).get("/api/v1/moderation/queue?site=gazette")
    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")


def test_links_name_the_configured_host_only(client: FlaskClient, cast: Cast) -> None:
    page = client.get(
        "/thread?site=gazette&article=a1", headers={"X-Forwarded-Host": "evil.example"}
    )
    assert page.status_code == 200
    assert "evil.example" not in page.text
    assert f'href="{HOST}/thread?' in page.text


def test_another_host_is_refused(client: FlaskClient, cast: Cast) -> None:
    page = client.get("/thread?site=gazette&article=a1", headers={"Host": "evil.example"})
    assert page.status_code == 400
    assert "evil.example" not in page.text


def test_who_comes_through_a_socket_without_an_address_is_counted_too(app: Flask) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": ""}):
        assert security.client_address()

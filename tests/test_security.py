from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import RateLimitItemPerMinute

from comments import clock, security
from comments.accounts import guests, letters, links
from comments.db import transaction
from tests import factories
from tests.conftest import HOST, Cast

# Pages whose address is a secret, and for whom each is.
BY_LINK: dict[str, Callable[[Cast], str]] = {
    "/link/": lambda cast: links.make(cast.rae, clock.now()),
    "/confirm/": lambda _cast: letters.confirmation(
        factories.person("Una", "una@example.com"), "una@example.com", clock.now()
    ),
    "/guest/": lambda cast: guests.link(
        guests.make(cast.gazette.id, "Wren", None, clock.now()), clock.now()
    ),
}


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


@pytest.mark.parametrize("page", BY_LINK)
def test_a_page_whose_address_is_told_to_nobody_takes_its_form_by_https(
    cast: Cast, as_: Callable[..., FlaskClient], page: str
) -> None:
    """A browser then names no referrer, which is no reason to refuse the form."""
    address = page + transaction(lambda: BY_LINK[page](cast))
    browser, https = as_(cast.mo), HOST.replace("http:", "https:")
    shown = browser.get(address, base_url=https)
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    forged = browser.post(address, base_url=https, data={"csrf_token": "forged"})
    assert forged.status_code == 403
    assert browser.post(address, base_url=https).status_code == 303


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


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/api/v1/articles", "/embed/thread"])
def test_a_query_that_is_no_text_is_refused_in_words(client: FlaskClient, path: str) -> None:
    """No browser sends such bytes as they are; others do."""
    answer = client.get(path, environ_overrides={"QUERY_STRING": "next=\xff"})
    assert (answer.status_code, "could not be understood" in answer.text) == (400, True)


def test_who_comes_through_a_socket_without_an_address_is_counted_too(app: Flask) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": ""}):
        assert security.client_address()


@pytest.fixture
def counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests a minute are enough."""
    monkeypatch.setitem(app.config, "COUNT_REQUESTS", True)
    monkeypatch.setattr(security, "MOST", RateLimitItemPerMinute(3))
    app.extensions["rates"].storage.reset()


@pytest.mark.usefixtures("counted", "cast")
def test_one_address_that_asks_too_much_is_held_up_alone(client: FlaskClient) -> None:
    asked = [client.post("/api/v1/preview") for _ in range(4)]
    assert [answer.status_code for answer in asked] == [401, 401, 401, 429]
    assert (asked[3].json["code"], asked[3].headers["Retry-After"]) == ("too-many", "60")
    elsewhere = {"REMOTE_ADDR": "192.0.2.77"}
    assert client.post("/api/v1/preview", environ_overrides=elsewhere).status_code == 401
    assert client.post("/api/v1/comments").status_code == 401


@pytest.mark.usefixtures("counted", "cast")
def test_files_of_pages_are_not_counted(client: FlaskClient) -> None:
    for _ in range(5):
        with client.get("/assets/pages.css") as answer:
            assert answer.status_code == 200


@pytest.mark.usefixtures("counted", "cast")
def test_the_page_says_so_in_words(client: FlaskClient) -> None:
    pages = [client.get("/sign-in") for _ in range(4)]
    assert pages[3].status_code == 429
    assert "Please wait a little." in pages[3].text

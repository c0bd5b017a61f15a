"""Whatever is sent: a clear 4xx that names each fault, never a 500, nothing stored by halves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from werkzeug.test import TestResponse

from comments import clock, markup
from comments.accounts import passwords
from comments.db import transaction
from comments.threads.models import Status
from tests import factories
from tests.api.conftest import Call, later, rows
from tests.conftest import Cast
from tests.corpora import naughty_strings

PASSWORD = "a long walk by the sea"
NUL, LONE_SURROGATE = "a\0b", "a\ud800b"
INVISIBLE = "\u200b\u2060\u00ad"
SERVERS_OWN = (
    "id", "status", "author", "author_id", "user_id", "site_id", "article_id", "parent_id",
    "role", "is_staff", "approved", "created_at", "edited_at", "score", "ip", "shown", "html",
    "revision", "depth", "path", "decided_id", "email_confirmed_at", "version", "published",
    "__class__", "constructor", "",
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A good call, and which of its fields may be left out, or be empty."""

    method: str
    path: str
    who: str
    body: dict[str, Any]
    optional: frozenset[str] = frozenset()


NO_DATES = (
    "yesterday",
    "2026-01-01",
    "2026-13-01T00:00:00Z",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1700000000",
    1700000000,
)
WORDS = (1, 1.5, True, [], {}, ["a"], {"a": "b"})
DATES = (
    "",
    "yesterday",
    "2026-13-01T00:00:00Z",
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
)
CALLS = {
    "post": Sent(
        "POST",
        "/comments",
        "rae",
        {
            "site": "gazette",
            "article": "a1",
            "body": "Hello.",
            "url": "https://gazette.example/a",
            "title": "A title",
            "section": "Local",
            "published_at": "2026-03-01T00:00:00Z",
        },
        optional=frozenset({"url", "title", "section", "published_at"}),
    ),
    "edit": Sent("PATCH", "/comments/{own}", "rae", {"body": "Hello."}),
    "preview": Sent("POST", "/preview", "rae", {"site": "gazette", "body": "Hello."}),
    "describe": Sent(
        "PUT",
        "/articles/a1",
        "publisher",
        {
            "site": "gazette",
            "url": "https://gazette.example/a",
            "title": "A title",
            "section": "Local",
            "language": "en",
            "published_at": "2026-03-01T00:00:00Z",
            "state": "open",
            "closes_at": "2026-03-01T00:00:00Z",
        },
        optional=frozenset(
            {"url", "title", "section", "language", "published_at", "state", "closes_at"}
        ),
    ),
    "report": Sent(
        "POST",
        "/comments/{other}/reports",
        "rae",
        {"reason": "spam", "text": "Look."},
        optional=frozenset({"text"}),
    ),
    "decide": Sent(
        "POST",
        "/comments/{other}/decisions",
        "mo",
        {"action": "reject", "reason": "spam", "note": "Look.", "revision": 1, "seen": None},
        optional=frozenset({"note", "seen"}),
    ),
    "sign_up": Sent(
        "POST",
        "/accounts",
        "nobody",
        {"site": "gazette", "name": "Nina", "email": "nina@example.org", "password": PASSWORD},
        optional=frozenset({"email"}),
    ),
    "sign_in": Sent(
        "POST", "/sessions", "nobody", {"site": "gazette", "login": "rae", "password": PASSWORD}
    ),
}
Try = Callable[..., TestResponse]


@cache
def _secret() -> str:
    return passwords.hashed(PASSWORD)


@pytest.fixture
def asked(call: Call, cast: Cast, frozen: object) -> Try:
    """Make a call of this name with this body."""
    article = factories.article(cast.gazette, "a0")
    ids = {
        "own": factories.comment(article, cast.rae).id,
        "other": factories.comment(article, cast.sam).id,
    }
    transaction(lambda: passwords.keep(cast.rae, _secret(), clock.now()))
    later(minutes=1)
    tokens = {
        "rae": factories.bearer(cast.rae, cast.gazette),
        "mo": factories.api_token(cast.mo),
        "publisher": factories.site_key(cast.gazette),
        "nobody": None,
    }

    def act(name: str, body: Any, **kwargs: Any) -> TestResponse:
        sent = CALLS[name]
        kwargs.setdefault("content_type", "application/json")
        given = body if isinstance(body, bytes) else json.dumps(body)
        path = sent.path.format_map(ids)
        return call(sent.method, path, tokens[sent.who], data=given, **kwargs)

    return act


@pytest.fixture
def attempt(asked: Try) -> Iterator[Try]:
    """Make a call which must be refused and, whatever else is tried, must store nothing."""
    before = stored()

    def act(name: str, body: Any, **kwargs: Any) -> TestResponse:
        response = asked(name, body, **kwargs)
        assert 400 <= response.status_code < 500, (response.status_code, str(body)[:200])
        assert response.mimetype == "application/problem+json"
        assert response.json["detail"]
        return response

    yield act
    assert stored() == before


def stored() -> dict[str, int]:
    """How many rows there are, but for those that count tries."""
    return {name: count for name, count in rows().items() if name != "tallies"}


def faulty(response: TestResponse) -> set[str]:
    assert response.status_code == 422
    assert all(fault["code"] and fault["message"] for fault in response.json["faults"])
    return {fault["field"] for fault in response.json["faults"]}


@pytest.mark.parametrize("name", CALLS)
def test_what_these_tests_bend_is_good(asked: Try, name: str) -> None:
    """The bodies above are taken as they stand, or the tests below would prove nothing."""
    assert asked(name, CALLS[name].body).status_code in (200, 201)


@pytest.mark.parametrize("name", CALLS)
def test_a_field_of_the_wrong_type_is_named(attempt: Try, name: str) -> None:
    sent, numbers = CALLS[name], ("revision", "seen")
    for field in sent.body:
        wrong = [value for value in WORDS if field not in numbers or type(value) is not int]
        for value in wrong if field in sent.optional else [*wrong, None]:
            assert field in faulty(attempt(name, {**sent.body, field: value})), value


@pytest.mark.parametrize("name", CALLS)
def test_characters_that_cannot_be_kept_are_named(attempt: Try, name: str) -> None:
    body = CALLS[name].body
    for field in body:
        assert field in faulty(attempt(name, {**body, field: NUL}))
        assert faulty(attempt(name, {**body, field: LONE_SURROGATE})), field


@pytest.mark.parametrize("name", CALLS)
def test_a_field_that_is_too_long_is_named(attempt: Try, name: str) -> None:
    body = CALLS[name].body
    for field in body:
        assert field in faulty(attempt(name, {**body, field: "x" * 40_000}))


@pytest.mark.parametrize("name", CALLS)
def test_a_field_that_is_missing_is_named(attempt: Try, name: str) -> None:
    sent = CALLS[name]
    for field in sent.body.keys() - sent.optional:
        body = {key: value for key, value in sent.body.items() if key != field}
        assert faulty(attempt(name, body)) == {field}


@pytest.mark.parametrize("name", CALLS)
def test_a_field_that_is_empty_is_refused(attempt: Try, name: str) -> None:
    sent = CALLS[name]
    # To look at nothing is no fault.
    for field in sent.body.keys() - sent.optional - ({"body"} if name == "preview" else set()):
        for empty in ("", " ", INVISIBLE):
            response = attempt(name, {**sent.body, field: empty})
            assert response.status_code in (404, 422), field


@pytest.mark.parametrize("name", CALLS)
def test_every_fault_is_named_at_once(attempt: Try, name: str) -> None:
    body = dict.fromkeys(CALLS[name].body, NUL)
    assert faulty(attempt(name, {**body, "else": 1})) == {*body, "else"}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_the_servers_own_is_not_known_here(attempt: Try, name: str) -> None:
    for field_ in set(SERVERS_OWN) - CALLS[name].body.keys():
        for value in ("published", 1, True, None):
            assert field_ in faulty(attempt(name, {**CALLS[name].body, field_: value}))


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_object_is_refused(attempt: Try, name: str) -> None:
    for body in (
        b"", b" ", b"{", b"}", b"null", b"true", b"1", b'"a"', b"[]", b"[{}]", b"{}", b"{'a': 1}",
        b'{"site": "gazette"', b'{"site": gazette}', b'{"site": "gazette",}', b"NaN", b"\xff\xfe",
        b'{"body": "\xff"}', b'{"body": "\xed\xa0\x80"}', b'{"body": "\\ud800"}', b"\xef\xbb\xbf{}",
        b'{"body": "\\u0000"}', b'{"body": "\0"}', b'{"\\u0000": 1}', b'{"body": "\\x"}',
        b'{"parent": 1e999}', b'{"parent": -0}', b'{"parent": ' + b"9" * 5000 + b"}",
        "{}".encode("utf-16"), json.dumps(CALLS[name].body).encode("utf-16"), b"body=Hello",
    ):  # fmt: skip
        assert faulty(attempt(name, body)), body[:60]


@pytest.mark.parametrize("name", CALLS)
def test_deep_nesting_is_refused(attempt: Try, name: str) -> None:
    first = next(iter(CALLS[name].body))
    for depth in (33, 199, 201, 30_000):
        assert faulty(attempt(name, b"[" * depth))
        assert faulty(attempt(name, b"[" * depth + b"]" * depth))
        nested = b'{"' + first.encode() + b'":' + b"[" * depth + b"]" * depth + b"}"
        assert faulty(attempt(name, nested))


@pytest.mark.parametrize("name", CALLS)
def test_a_huge_body_is_too_much(attempt: Try, name: str) -> None:
    body = json.dumps(CALLS[name].body).encode()
    response = attempt(name, body + b" " * (64 * 1024 + 1 - len(body)))
    assert (response.status_code, response.json["code"]) == (413, "too-large")
    response = attempt(name, b'{"body": "' + b"x" * 2_000_000 + b'"}')
    assert response.status_code == 413


@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_sent_as_json_is_not_read(attempt: Try, name: str) -> None:
    """A page can send these without asking first, so they must never count."""
    for content_type in (
        "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x", "application/json-patch+json", "application/csp-report",
        "text/json", "",
    ):  # fmt: skip
        response = attempt(name, CALLS[name].body, content_type=content_type)
        assert response.status_code == 415, content_type


@pytest.mark.parametrize("name", CALLS)
def test_a_packed_body_is_not_unpacked(attempt: Try, name: str) -> None:
    for encoding in ("gzip", "deflate", "br"):
        packed = b"\x1f\x8b\x08\0" + b"\0" * 100
        attempt(name, packed, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize("name", ["post", "describe"])
def test_a_wrong_date_is_named(attempt: Try, name: str) -> None:
    for field in CALLS[name].body:
        for value in NO_DATES if field.endswith("_at") else ():
            assert faulty(attempt(name, {**CALLS[name].body, field: value})) == {field}, value


@pytest.mark.parametrize("name", ["post", "describe"])
def test_a_wrong_address_is_named(attempt: Try, name: str) -> None:
    for value in (
        "javascript:alert(1)", "data:text/html,x", "ftp://gazette.example/a", "//gazette.example/a",
        "/a", "gazette.example/a", "https://", "https://user:word@gazette.example/a",
        "https://gazette.example:99999/a", "https://[::1/a", "https://gazette.example/" + "ä" * 500,
    ):  # fmt: skip
        assert faulty(attempt(name, {**CALLS[name].body, "url": value})) == {"url"}, value


def test_a_parent_is_published_and_of_this_article(asked: Try, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    elsewhere = factories.comment(factories.article(cast.gazette, "a2"), cast.sam)
    foreign = factories.comment(factories.article(cast.notes, "a1"), cast.sam)
    hidden = [
        factories.comment(article, cast.sam, to=status)
        for status in (Status.PENDING, Status.REJECTED, Status.WITHDRAWN)
    ]
    before = stored()
    for parent in (elsewhere.id, foreign.id, *(row.id for row in hidden), 999_999, 2**63 - 1):
        for spelling in (parent, str(parent)):
            response = asked("post", {**CALLS["post"].body, "parent": spelling})
            assert faulty(response) == {"parent"}
    for nothing in (0, -1, 2**63, "0", "-1", "1.0", "x", "9" * 30, 1.0, True, [1], {"id": 1}):
        assert faulty(asked("post", {**CALLS["post"].body, "parent": nothing})) == {"parent"}
    assert stored() == before


@pytest.mark.parametrize("name", [name for name, sent in CALLS.items() if "site" in sent.body])
def test_a_site_is_named_once_and_is_there(attempt: Try, name: str) -> None:
    body = CALLS[name].body
    assert attempt(name, {**body, "site": "nowhere"}).status_code == 404
    for site in (["gazette"], {"key": "gazette"}, ["gazette", "field-notes"], 1):
        assert "site" in faulty(attempt(name, {**body, "site": site}))
    without = {key: value for key, value in body.items() if key != "site"}
    assert faulty(attempt(name, without)) == {"site"}
    response = attempt(name, without, query_string={"site": "gazette"})
    assert faulty(response) == {"site"}


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_is_not_overridden(call: Call, cast: Cast, rae: str, header: str) -> None:
    own = factories.comment(factories.article(cast.gazette, "a0"), cast.rae)
    before = stored()
    for method in ("DELETE", "PATCH"):
        response = call("POST", f"/comments/{own.id}", rae, json={}, headers={header: method})
        assert response.status_code == 405
    assert stored() == before


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Basic cmFlOnJhZQ==",
        "bearer a b",
        "Token x",
        "\xff",
        "Bearer \xff",
        ",",
    ],
)
def test_a_wrong_authorization_is_none(call: Call, cast: Cast, authorization: str) -> None:
    own = factories.comment(factories.article(cast.gazette, "a0"), cast.rae)
    for sent in CALLS.values():
        if sent.who != "nobody":
            path = sent.path.format(own=own.id, other=own.id)
            headers = {"Authorization": authorization}
            response = call(sent.method, path, json=sent.body, headers=headers)
            assert response.status_code == 401


# Where `make soak` tries all of the big list in each field, every day each gets a part of it.
PARTS = 13
FIELDS = [(name, field) for name, sent in CALLS.items() for field in sent.body]


@pytest.fixture
def naughty(request: pytest.FixtureRequest) -> list[str]:
    """All of the big list for `make soak`, else every seventh."""
    return naughty_strings()[:: 1 if request.config.getoption("--soak") else 7]


@pytest.mark.shared
def test_naughty_texts_are_kept_unchanged_or_refused(
    call: Call, cast: Cast, frozen: object
) -> None:
    factories.settle(cast.gazette, links_allowed=100)
    token, kept = factories.api_token(cast.mo), 0
    for text in naughty_strings():
        later(minutes=6)
        body = {"site": "gazette", "article": "a1", "body": text}
        response = call("POST", "/comments", token, json=body)
        assert response.status_code in (201, 422), (response.status_code, text)
        if response.status_code == 201:
            kept += 1
            assert response.json["body"] == markup.normalise(text)
    assert kept > 480


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in CALLS if not name.startswith("sign_")])
def test_naughty_words_anywhere_are_no_fault_of_ours(
    asked: Try, request: pytest.FixtureRequest, name: str
) -> None:
    body = CALLS[name].body
    parts = 1 if request.config.getoption("--soak") else PARTS
    for field in body:
        for text in naughty_strings()[FIELDS.index((name, field)) % parts :: parts]:
            response = asked(name, {**body, field: text})
            assert response.status_code < 500, text


@pytest.mark.shared
@pytest.mark.parametrize("name", ["site", "article", "url", "sort", "after", "limit", "locale"])
def test_naughty_words_in_an_address_are_no_fault_of_ours(
    call: Call, cast: Cast, naughty: list[str], name: str
) -> None:
    factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    for text in naughty:
        asked = {"site": "gazette", "article": "a1", name: text}
        assert call("GET", "/comments", query_string=asked).status_code < 500, text


@pytest.mark.shared
def test_naughty_words_in_a_list_are_no_fault_of_ours(
    call: Call, cast: Cast, naughty: list[str]
) -> None:
    for text in naughty:
        asked = {"site": "gazette", "article": [text, "a1"]}
        assert call("GET", "/counts", query_string=asked).status_code < 500, text

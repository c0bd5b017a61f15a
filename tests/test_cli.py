"""The `comments` command, as an operator types it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from comments.accounts.models import User
from comments.cli import main
from comments.db import db
from tests import servers
from tests.conftest import Cast

Command = Callable[..., Result]
Browsers = Callable[[User | None], FlaskClient]
HOST = "http://127.0.0.1:8000"


@pytest.fixture
def comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`comments ARGS` in an instance folder of its own."""
    monkeypatch.setenv("COMMENTS_INSTANCE", str(tmp_path / "instance"))

    def run(*args: str, **settings: str) -> Result:
        env = {f"COMMENTS_{name.upper()}": value for name, value in settings.items()}
        return CliRunner().invoke(main, args, env=env)

    return run


def refused(result: Result) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 2, result.output
    (sentence,) = result.stderr.splitlines()
    return str(sentence)


def test_migrating_twice_changes_nothing(comments: Command) -> None:
    for _ in range(2):
        result = comments("migrate")
        assert (result.exit_code, result.output) == (0, "The database is up to date.\n")


def test_a_port_that_is_taken_is_refused(comments: Command) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port}" in refused(comments("serve", "--port", str(port)))


@pytest.mark.parametrize(
    ("settings", "args", "words"),
    [
        ({}, [], "run: comments migrate"),
        ({"url": "talk.example"}, [], "COMMENTS_URL"),
        ({"url": "http://talk.example"}, [], "https://"),
        ({"secret_key": "short"}, [], "COMMENTS_SECRET_KEY"),
        ({"trusted_proxies": "everyone"}, [], "COMMENTS_TRUSTED_PROXIES"),
        ({"database_url": "mysql://localhost/x"}, [], "COMMENTS_DATABASE_URL"),
        ({"database_url": "postgresql://u:hush@127.0.0.1:1/x"}, [], "COMMENTS_DATABASE_URL"),
        ({"instance": "/proc/nowhere"}, [], "/proc/nowhere"),
        ({}, ["--workers", "2"], "PostgreSQL"),
        ({}, ["--host", "nowhere.invalid"], "nowhere.invalid"),
    ],
)
def test_serving_is_refused_with_one_sentence(
    comments: Command, settings: dict[str, str], args: list[str], words: str
) -> None:
    result = comments("serve", "--port", str(servers.free_port()), *args, **settings)
    assert words in refused(result)
    assert "hush" not in result.output


@pytest.fixture
def operator(app: Flask, database: str, comments: Command) -> Command:
    """`comments ARGS` on the database of the test, which succeeds; what it prints."""

    def run(*args: str) -> str:
        result = comments(*args, database_url=database)
        assert result.exit_code == 0, result.output
        db.session.rollback()
        return str(result.stdout).strip()

    return run


def test_a_link_signs_in_once(operator: Command, cast: Cast, as_: Browsers) -> None:
    client = as_(None)
    address = operator("user", "link", "rae")
    assert address.startswith(f"{HOST}/link/")
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 303
    assert "rae" in client.get("/account").text
    assert client.get(address).status_code == 404


def test_a_confirmed_address_names_its_person(operator: Command, cast: Cast) -> None:
    operator("user", "confirm", "rae", "Rae@mail.example")
    assert operator("user", "link", "rae@mail.example").startswith(HOST)
    assert cast.rae.email_confirmed_at is not None


def test_an_address_is_confirmed_for_one_person(
    operator: Command, cast: Cast, comments: Command, database: str
) -> None:
    operator("user", "confirm", "rae", "rae@mail.example")
    taken = comments("user", "confirm", "mo", "rae@mail.example", database_url=database)
    assert "somebody else's" in refused(taken)


def test_a_token_is_good_for_the_api(operator: Command, cast: Cast, client: FlaskClient) -> None:
    token = operator("user", "token", "mo")
    answer = client.post(
        "/api/v1/comments",
        json={"site": "gazette", "article": "a-1", "body": "By a program."},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("link", "nobody"), "nobody called nobody"),
        (("link", "nobody@mail.example"), "nobody called nobody@mail.example"),
        (("confirm", "rae", "no address"), "e-mail"),
    ],
)
def test_what_is_not_so_is_refused(
    app: Flask, cast: Cast, comments: Command, database: str, args: tuple[str, ...], words: str
) -> None:
    assert words in refused(comments("user", *args, database_url=database))

"""The `comments` command, as an operator types it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from comments.cli import main
from tests import servers

Command = Callable[..., Result]


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

"""`comments demo` as an operator runs it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from comments.cli import main
from tests import servers

Demo = Callable[..., Result]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What the first run left, and what it said."""
    folder = tmp_path_factory.mktemp("first")
    done = servers.command("demo", instance=str(folder))
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def instance(first: tuple[Path, str], tmp_path: Path) -> Path:
    return Path(shutil.copytree(first[0], tmp_path / "instance"))


@pytest.fixture
def demo(instance: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """`comments demo ARGS` once more, where something else is configured."""
    monkeypatch.setenv("COMMENTS_INSTANCE", str(instance))
    # Set, so that what the command sets itself is taken back.
    monkeypatch.setenv("COMMENTS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/real")
    monkeypatch.setenv("COMMENTS_URL", "https://talk.example")
    return lambda *args: CliRunner().invoke(main, ["demo", *args])


def rows(instance: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the database."""
    connection = sqlite3.connect(instance / "demo.db")
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    tables = [name for name in names if not name.startswith(("ix_", "uq_", "sqlite_"))]
    found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    connection.close()
    return found


def test_it_says_where_to_go_and_how_to_sign_in(first: tuple[Path, str]) -> None:
    said = first[1]
    assert said.startswith("Loading the demo")
    assert "http://localhost:8001/" in said
    assert "http://127.0.0.1:8000/" in said
    assert "tide clock 1931" in said


def test_twice_changes_nothing_and_says_the_same(
    first: tuple[Path, str], demo: Demo, instance: Path
) -> None:
    before = rows(instance)
    result = demo()
    assert result.exit_code == 0, result.output
    assert result.output in first[1]
    assert "Loading" not in result.output
    assert len(before["comments"]) > 250
    assert rows(instance) == before


def test_another_port_lets_the_publisher_stand_there_too(demo: Demo, instance: Path) -> None:
    result = demo("--port", "9000")
    assert "http://localhost:9001/" in result.output
    origins = {address for _site, address in rows(instance)["origins"]}
    assert origins == {"http://localhost:8001", "http://localhost:9001"}


def test_a_taken_port_is_refused_in_one_sentence(demo: Demo) -> None:
    with socket.create_server(("localhost", 0)) as other:
        port = other.getsockname()[1]
        result = demo("--serve", "--port", str(port - 1))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: Can't listen on localhost port {port}")


def test_serving_brings_up_both_and_a_signal_ends_both(instance: Path) -> None:
    port = servers.two_free_ports()
    process = subprocess.Popen(
        [sys.executable, "-m", "comments", "demo", "--serve"],
        env=servers.environment(instance=str(instance)) | {"PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    service, publisher = f"http://127.0.0.1:{port}/readyz", f"http://localhost:{port + 1}/"
    try:
        servers.wait_for(lambda: (answers(service) and answers(publisher)) or has_ended(process))
        assert not has_ended(process)
    finally:
        if not has_ended(process):
            os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert not answers(publisher)


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def test_comments_to_measure_with_are_made_in_the_database_that_is_configured(
    instance: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMENTS_DATABASE_URL", f"sqlite:///{instance / 'other.db'}")
    for made, before in ((300, 0), (0, 300)):
        result = demo("--comments", "300", "--articles", "3")
        assert result.exit_code == 0, result.output
        assert f"{made} comments made, {before} were there already." in result.output
        assert "/thread?site=large&article=3-300-1-" in result.output
    connection = sqlite3.connect(instance / "other.db")
    assert connection.execute("SELECT count(*) FROM comments").fetchone() == (300,)
    connection.close()


def test_comments_to_measure_with_stand_beside_the_demo(
    instance: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(instance)
    monkeypatch.delenv("COMMENTS_DATABASE_URL")
    assert demo("--comments", "50").exit_code == 0
    after = rows(instance)
    assert len(after["comments"]) == len(before["comments"]) + 50
    monkeypatch.setenv("COMMENTS_DATABASE_URL", "")
    assert demo().exit_code == 0
    assert rows(instance) == after


@pytest.mark.parametrize("wrong", [("--articles", "3"), ("--comments", "3", "--serve")])
def test_half_an_order_for_comments_is_refused(demo: Demo, wrong: tuple[str, ...]) -> None:
    assert demo(*wrong).exit_code == 2

"""What is released: built, installed where nothing of this checkout is, and served."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.servers import ROOT, Service


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str, **environment: str) -> str:
    """What a command says, run away from the checkout."""
    done = subprocess.run(
        command,
        cwd="/",
        env=environment or {**os.environ},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"comments"}
    german = "translations/de/LC_MESSAGES/messages.mo"
    for needed in ("templates/base.html", "migrations/env.py", "static/pages.css", german):
        assert f"comments/{needed}" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".po")]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The `comments` of an environment that holds nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    pip = (sys.executable, "-m", "pip", "--python", str(folder), "--disable-pip-version-check")
    install = (*pip, "install", "--quiet", "--no-compile")
    run(*install, "--require-hashes", "-r", str(ROOT / "requirements.txt"))
    run(*install, "--no-deps", str(wheel))
    return str(folder / "bin/comments")


@pytest.fixture
def service(installed: str, tmp_path: Path) -> Iterator[Service]:
    """What is installed, set up and served."""
    instance = str(tmp_path / "instance")
    service = Service(tmp_path / "service.log", instance=instance)
    service.command[:3] = [installed]
    del service.environment["PYTHONPATH"]
    site = ("--site", "evening", "--origin", "http://localhost:8080")
    run(installed, "setup", *site, "--owner", "ada@evening.example", **service.environment)
    service.start()
    yield service
    service.stop()


def test_it_draws_a_thread_where_there_is_nothing_else(installed: str, service: Service) -> None:
    token = run(installed, "user", "token", "ada", **service.environment).strip()
    post = Request(
        f"{service.url}/api/v1/comments",
        json.dumps({"site": "evening", "article": "a-1", "body": "The *first*."}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urlopen(post) as response:
        assert response.status == 201
    for path in ("/embed/thread", "/thread"):
        with urlopen(f"{service.url}{path}?site=evening&article=a-1") as response:
            assert "The <em>first</em>." in response.read().decode()

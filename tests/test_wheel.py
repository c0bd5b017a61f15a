"""What is released: built, installed where nothing of this checkout is, and served."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.servers import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT))
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str, **environment: str) -> str:
    """What a command says, run away from the checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMMENTS_")}
    done = subprocess.run(
        command,
        cwd="/",
        env={**env, **environment},
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
    for needed in ("templates/base.html", "migrations/env.py", "static/pages.css"):
        assert f"comments/{needed}" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".po")]


def test_it_serves_where_there_is_nothing_else(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv/bin/python")
    install = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*install, "--require-hashes", "-r", str(ROOT / "requirements.txt"))
    run(*install, "--no-deps", str(wheel))
    comments = str(tmp_path / "venv/bin/comments")
    settings = {"COMMENTS_INSTANCE": str(tmp_path / "instance")}
    assert run(comments, "migrate", **settings) == "The database is up to date.\n"

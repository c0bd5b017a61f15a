from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from comments import create_app
from comments.db import db
from tests import factories
from tests.imports import exports

MEGABYTE = 1_000_000
TEXT = f"<![CDATA[<p>{'Many words that somebody wrote. ' * 120}</p>]]>"
# Started by a small process: one that is started here begins with what these tests take.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def large(file: Path, size: int) -> Path:
    """An export in which every other post answers the one before it below the same article."""
    before, after = exports.DISQUS.split("%s")
    with file.open("w") as stream:
        stream.write(before)
        for number in range(1_000):
            stream.write(exports.thread(str(number), f"https://news.example/{number}"))
        number = 0
        while stream.tell() < size:
            parent = str(number - 1_000) if number >= 1_000 and number % 2 else ""
            stream.write(
                exports.post(str(number), str(number % 1_000), parent=parent, message=TEXT)
            )
            number += 1
        stream.write(after)
    return file


@pytest.mark.soak
def test_a_file_of_200_megabytes_is_imported_in_less_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMENTS_INSTANCE", str(tmp_path / "instance"))
    command = [sys.executable, "-m", "comments"]
    subprocess.run([*command, "migrate"], check=True)
    with create_app().app_context():
        factories.site("gazette", origins=("https://news.example",))
        db.engine.dispose()
    file = large(tmp_path / "large.xml", 200 * MEGABYTE)
    brings = [*command, "import", "disqus", str(file), "--site", "gazette"]
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, *brings], check=True, stdout=subprocess.PIPE
    )
    assert int(ran.stdout.split()[-1]) * 1024 < 200 * MEGABYTE

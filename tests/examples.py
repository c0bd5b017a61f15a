"""The examples of the documentation, run as they stand."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT

COMMANDS = {"python": sys.executable, "js": "node", "php": "php"}
AT_HAND = [language for language, command in COMMANDS.items() if shutil.which(command)]
LACKING = [command for command in COMMANDS.values() if not shutil.which(command)]


def written_in(language: str, document: str) -> str:
    """The first example of a document in this language."""
    text = (ROOT / "docs" / document).read_text()
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def run(language: str, file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMANDS[language], str(file)],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

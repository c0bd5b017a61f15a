"""What docs/quickstart.md has people write into files."""

from __future__ import annotations

import re
import shlex
import subprocess
from email.utils import parseaddr
from pathlib import Path

from comments.settings import Settings
from tests.servers import ROOT


def block(heading: str) -> str:
    """The first file behind these words."""
    text = (ROOT / "docs/quickstart.md").read_text()
    found = re.search(rf"{re.escape(heading)}.*?```\w+\n(.*?)```", text, re.DOTALL)
    assert found, heading
    return found[1]


def test_settings_are_the_same_to_a_shell_and_to_systemd(tmp_path: Path) -> None:
    """systemd takes quotes off the way that shlex does."""
    file = tmp_path / "comments.env"
    file.write_text(block("**2. Settings.**"))
    to_systemd = dict(line.split("=", 1) for line in shlex.split(file.read_text()))
    script = f"set -a; . {shlex.quote(str(file))}; env"
    said = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=True, env={})
    to_a_shell = dict(line.split("=", 1) for line in said.stdout.splitlines())
    assert to_systemd.items() <= to_a_shell.items()
    settings = Settings(
        **{name.removeprefix("COMMENTS_").lower(): value for name, value in to_systemd.items()}
    )
    assert parseaddr(settings.sender) == ("Comments", "talk@example.org")

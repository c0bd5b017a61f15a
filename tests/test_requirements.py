"""The pinned dependencies: complete, and of no particular host."""

from __future__ import annotations

import re

import pytest

from tests.servers import ROOT

FILES = ("requirements.txt", "requirements-dev.txt")


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_with_its_hashes(name: str) -> None:
    entries = (ROOT / name).read_text().replace("\\\n", "").splitlines()
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+$", entry)


@pytest.mark.parametrize("name", FILES)
def test_no_requirement_names_a_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "index" not in text
    assert "find-links" not in text

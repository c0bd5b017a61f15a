"""The shared corpora, read where they lie."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any


def shared() -> Path:
    given = os.environ.get("COMMENTS_SHARED")
    return Path(given) if given else Path(__file__).resolve().parents[2] / "shared"


def xss_payloads() -> list[str]:
    return _payloads("xss")


def markdown_payloads() -> list[str]:
    return _payloads("markdown")


def html5lib_payloads() -> list[str]:
    return payloads("html5lib/tree-construction-inputs.json")


def pathological() -> dict[str, str]:
    """Texts that make a careless renderer slow, by name."""
    return {
        entry["name"]: "".join(part * times for part, times in entry["parts"])
        for entry in _json("markdown/pathological.json")
    }


def naughty_strings() -> list[str]:
    return list(_json("strings/big-list-of-naughty-strings.json"))


def invisible_characters() -> list[str]:
    entries = _json("strings/invisible-and-bidi.json")["characters"]
    return [chr(int(entry["code"], 16)) for entry in entries]


def names_of_impostors() -> list[str]:
    """Names that pose as admin, moderator or Editor."""
    (names,) = _json("strings/invisible-and-bidi.json")["names_that_must_not_pass_as"].values()
    return list(names)


def confusables() -> Iterator[tuple[str, str]]:
    """Pairs of a character and the ASCII letter or digit that it looks like."""
    for one, other in _json("strings/unicode-confusables-ascii.json"):
        yield chr(int(one, 16)), chr(int(other, 16))


def sso_vectors() -> dict[str, Any]:
    return dict(_json("jwt/sso-vectors.json"))


def inside_addresses() -> list[str]:
    """Ways to spell an address that a server should not ask for others."""
    return list(_json("urls/ssrf.json"))


def json_web_signatures() -> dict[str, Any]:
    """The test vectors of the Wycheproof project."""
    return dict(_json("jwt/wycheproof-json-web-signature.json"))


def xss_check() -> ModuleType:
    """The tool that loads HTML in a real browser and tells what it did."""
    name = "xss_check"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, shared() / "tools" / "xss_check.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def payloads(file: str) -> list[str]:
    return list(xss_check().load_payloads(_path(file)))


def _payloads(folder: str) -> list[str]:
    files = sorted(file.name for file in _path(folder).iterdir())
    return [payload for name in files for payload in payloads(f"{folder}/{name}")]


def _json(path: str) -> Any:
    return json.loads(_path(path).read_text())


def _path(path: str) -> Path:
    return shared() / "corpora" / path

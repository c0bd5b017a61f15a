"""What the made-up readers say, read from the files in voices/: one conversation a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from comments.demo.articles import ARTICLES, FOLDER, duration

VOICES = FOLDER / "voices"
SPANS = ("edited_after", "withdrawn_after")


@dataclass(frozen=True, slots=True)
class Voice:
    """One comment: who says it, how long ago, in answer to what, and what became of it."""

    article: str
    at: str
    by: str
    ago: timedelta
    text: str
    answers: str | None = None
    edited: str | None = None
    edited_after: timedelta = timedelta()
    withdrawn_after: timedelta | None = None
    rejected: str | None = None
    note: str | None = None
    website: str = ""
    waits: bool = False
    premoderated: bool = False
    found: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reader's report of one comment."""

    article: str
    at: str
    by: str
    ago: timedelta
    reason: str
    text: str = ""


def conversations() -> list[Voice]:
    """Everything that is said under every article, the oldest first."""
    said = [voice for article in ARTICLES for voice in conversation(article)]
    return sorted([*said, *waiting()], key=lambda voice: -voice.ago)


def conversation(article: str) -> list[Voice]:
    """What is said under one article, in the order of the file; nothing where there is no file."""
    file = VOICES / f"{article}.toml"
    return list(_conversation(article, _read(file.name)["comments"])) if file.exists() else []


def waiting() -> list[Voice]:
    """What no moderator has looked at."""
    return [
        Voice(
            **_told(entry, "ago", "to", "found"),
            at=f"waiting {number}",
            ago=duration(entry["ago"]),
            answers=entry.get("to"),
            waits=True,
            found=frozenset(entry["found"]),
        )
        for number, entry in enumerate(_read("waiting.toml")["comments"], 1)
    ]


def complaints() -> list[Complaint]:
    return [
        Complaint(**{**entry, "ago": duration(entry["ago"])})
        for entry in _read("reports.toml")["reports"]
    ]


def _conversation(article: str, entries: Iterable[dict[str, Any]]) -> Iterable[Voice]:
    begun = {"": ARTICLES[article].ago}
    for entry in entries:
        answers = entry["at"].rpartition(".")[0]
        ago = begun[answers] - duration(entry["after"])
        begun[entry["at"]] = ago
        yield Voice(article=article, ago=ago, answers=answers or None, **_told(entry, "after"))


def _told(entry: dict[str, Any], *but: str) -> dict[str, Any]:
    """The fields of an entry as they stand in the file, but for those named."""
    told = {name: value for name, value in entry.items() if name not in but}
    told["text"] = entry["text"].strip()
    if "edited" in entry:
        told["edited"] = entry["edited"].strip()
    spans = {name: duration(entry[name]) for name in SPANS if name in entry}
    return told | spans


def _read(file: str) -> dict[str, Any]:
    return tomllib.loads((VOICES / file).read_text(encoding="utf-8"))

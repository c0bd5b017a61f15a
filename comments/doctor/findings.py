"""What the doctor says: one line about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.about}: {self.words}"


def ok(about: str, words: str) -> Finding:
    return Finding(Level.OK, about, words)


def warn(about: str, words: str) -> Finding:
    return Finding(Level.WARN, about, words)


def fail(about: str, words: str) -> Finding:
    return Finding(Level.FAIL, about, words)

"""What the made-up publications print, read once from articles.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Paper:
    key: str
    name: str
    tagline: str
    home: str
    articles: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A page about the publication itself."""

    id: str
    title: str
    text: str

    @property
    def paragraphs(self) -> list[str]:
        return _paragraphs(self.text)


@dataclass(frozen=True, slots=True)
class Article:
    id: str
    paper: str
    headline: str
    summary: str
    source: str
    section: str
    ago: timedelta
    alt: str
    caption: str
    text: str
    picture: str
    listed: bool
    topics: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where its page is, on the publisher's site."""
        return f"{PAPERS[self.paper].articles}/{self.id}"

    @property
    def paragraphs(self) -> list[str]:
        return _paragraphs(self.text)

    @property
    def minutes(self) -> int:
        """How long an unhurried reader takes."""
        return max(1, round(len(self.text.split()) / 200))

    @property
    def conversations(self) -> tuple[str, ...]:
        """The articles whose comments its page shows: itself, or its topics on a live page."""
        return self.topics or (self.id,)


def _paragraphs(text: str) -> list[str]:
    return text.strip().split("\n\n")


def duration(text: str) -> timedelta:
    """`1d 2h 30min` as a time span."""
    units = {"d": "days", "h": "hours", "min": "minutes"}
    parts = re.findall(r"(\d+)(d|h|min)\b", text)
    return timedelta(**{units[unit]: int(number) for number, unit in parts})


def _article(entry: dict[str, Any]) -> Article:
    defaults = {"picture": entry["id"], "listed": True, "topics": ()}
    return Article(**{**defaults, **entry, "ago": duration(entry["ago"])})


_PRINTED = tomllib.loads((FOLDER / "articles.toml").read_text(encoding="utf-8"))

PAPERS = {entry["key"]: Paper(**entry) for entry in _PRINTED["papers"]}
NOTICES = {entry["id"]: Notice(**entry) for entry in _PRINTED["notices"]}
ARTICLES = {entry["id"]: _article(entry) for entry in _PRINTED["articles"]}


def printed_by(paper: Paper) -> list[Article]:
    """The articles on a paper's front page, in its order."""
    return [each for each in ARTICLES.values() if each.paper == paper.key and each.listed]


def related_to(article: Article) -> list[Article]:
    """Four more to read, beginning after this one."""
    listed = printed_by(PAPERS[article.paper])
    after = listed.index(article) + 1 if article.listed else 0
    others = [each for each in listed[after:] + listed[:after] if each is not article]
    return others[:4]

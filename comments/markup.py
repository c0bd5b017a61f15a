"""Placeholder until the pipeline lands."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

RENDERER, MAX_SOURCE = 0, 8000


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    text: str
    links: tuple[str, ...]
    renderer: int


def normalise(text: str) -> str:
    return text.strip()


def is_blank(text: str) -> bool:
    return not text.strip()


def render(text: str) -> Rendered:
    return Rendered(f"<p>{escape(text)}</p>", text, (), RENDERER)

"""The facts about what somebody is about to say, gathered before anything judges them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from comments.sites.models import Role


@dataclass(frozen=True, slots=True)
class Standing:
    """Who writes: the facts about the person on this site."""

    role: Role | None = None
    is_guest: bool = False
    is_of_another_site: bool = False
    is_confirmed: bool = False
    is_subscriber: bool = False
    published: int = 0
    measure: str | None = None
    until: str | None = None
    reason: str | None = None
    seconds_since_last: float | None = None
    same_text_as: int | None = None

    @property
    def is_staff(self) -> bool:
        return self.role is not None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written, where, by whom. Lengths are in characters that can be seen."""

    source: str
    length: int
    is_blank: bool
    links: tuple[str, ...]
    standing: Standing
    takes_comments: bool = True
    is_edit: bool = False
    trap: bool = False

    def facts(self) -> dict[str, Any]:
        """What is kept beside the revision; the text itself is there already."""
        return {
            "length": self.length,
            "links": list(self.links[:20]),
            "published": self.standing.published,
            "is_staff": self.standing.is_staff,
            "is_edit": self.is_edit,
        }

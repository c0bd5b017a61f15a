"""What a check found: a code, its parameters, and where in the text. Words come when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    span: tuple[int, int] | None = None

    def kept(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "params": self.params,
            "span": list(self.span) if self.span else None,
        }

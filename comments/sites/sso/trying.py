"""What would become of a token, and why, without signing anybody in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comments.sites.models import Role, Site
from comments.sites.sso import entering, signed
from comments.sites.sso.entering import KeyAwaited, Proved
from comments.sites.sso.reasons import Reason, Refused


@dataclass(frozen=True, slots=True)
class Trial:
    """A token as a person reads it. `proved` is None for one that is refused, for `reasons`;
    `header` and `claims` are what it says, whoever says so."""

    reasons: tuple[str, ...]
    header: str = ""
    claims: str = ""
    proved: Proved | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        return tuple(map(str, self.proved.said.remarks)) if self.proved else ()

    @property
    def badges(self) -> tuple[str, ...]:
        return self.proved.said.badges if self.proved else ()

    @property
    def role(self) -> Role | None:
        return self.proved.said.role if self.proved else None


def tried(site: Site, token: str, now: datetime) -> Trial:
    header, claims = _legible(token)
    try:
        proved = entering.looked_at(site, token, now)
    except Refused as error:
        return Trial(tuple(map(str, error.reasons)), header, claims)
    except KeyAwaited as error:
        return Trial((error.message,), header, claims)
    if entering.is_used(site, proved, now):
        return Trial((str(Reason("used")),), header, claims)
    return Trial((), header, claims, proved)


def _legible(token: str) -> tuple[str, str]:
    """The header and the claims, as far as they can be read."""
    try:
        parts = signed.apart(token)
    except Refused:
        return "", ""
    try:
        return _written(parts.header), _written(signed.mapping(parts.payload, "no-claims"))
    except Refused:
        return _written(parts.header), ""


def _written(said: Any) -> str:
    text = json.dumps(said, indent=2, ensure_ascii=False)
    return text.encode(errors="replace").decode()

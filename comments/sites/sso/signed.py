"""Whether one of some keys signed a token, before anything that it says is believed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from comments.sites.sso.models import Algorithm
from comments.sites.sso.public_keys import SPELLINGS, Key
from comments.sites.sso.reasons import refused, shown

LONGEST = 8192
# What a token says of its own key, and what would have it read in another way: never heeded.
UNHEARD = ("crit", "b64", "jku", "jwk", "x5u", "x5c", "zip")

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")
_VERIFIERS = {
    Algorithm.HS256: JWSRegistry.algorithms["HS256"],
    Algorithm.RS256: JWSRegistry.algorithms["RS256"],
    Algorithm.ES256: JWSRegistry.algorithms["ES256"],
    Algorithm.EDDSA: JWSRegistry.algorithms["Ed25519"],
}


@dataclass(frozen=True, slots=True)
class Parts:
    """A token taken apart. Nobody has looked yet who signed it."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signed: str

    @property
    def algorithm(self) -> Algorithm:
        named = self.header["alg"]
        return Algorithm(SPELLINGS.get(named, named))

    @property
    def kid(self) -> str | None:
        return self.header.get("kid")

    @property
    def digest(self) -> str:
        """What tells this token from every other, however its signature is spelled."""
        return hashlib.sha256(self.signed.encode()).hexdigest()


def apart(token: str) -> Parts:
    """The parts of a token of a kind that may be taken. Raises Refused."""
    if len(token) > LONGEST:
        raise refused("too-long", most=LONGEST)
    found = _PARTS.fullmatch(token)
    if found is None:
        raise refused("no-token")
    header = mapping(_decoded(found[1]), "no-header")
    _check(header)
    return Parts(header, _decoded(found[2]), _decoded(found[3]), f"{found[1]}.{found[2]}")


def check(parts: Parts, keys: Sequence[Key]) -> Key:
    """The key of these that signed it, by the key's own algorithm.

    Raises Refused: `unknown-key` where none was asked for by this name.
    """
    fitting = [key for key in keys if key.algorithm is parts.algorithm]
    if not fitting:
        known = ", ".join(sorted({key.algorithm.value for key in keys}))
        code = "other-algorithm" if known else "no-keys"
        raise refused(code, algorithm=parts.algorithm.value, known=known)
    asked = [key for key in fitting if parts.kid in (None, key.kid)]
    if not asked:
        raise refused("unknown-key", kid=shown(parts.kid))
    for key in asked:
        if _is_signed(parts, key):
            return key
    raise refused("signature")


def mapping(octets: bytes, code: str) -> dict[str, Any]:
    """A JSON object in which no name comes twice. Raises Refused."""
    try:
        found = json.loads(octets.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise refused(code) from None
    if not isinstance(found, dict):
        raise refused(code)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _decoded(part: str) -> bytes:
    """What base64url spells, in the one way in which it may be spelled. Raises Refused."""
    try:
        octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise refused("no-token") from None
    if base64.urlsafe_b64encode(octets).rstrip(b"=").decode() != part:
        raise refused("no-token")
    return octets


def _check(header: Mapping[str, Any]) -> None:
    named = header.get("alg")
    if not isinstance(named, str) or SPELLINGS.get(named, named) not in set(Algorithm):
        raise refused("algorithm", algorithm=shown(named))
    for name in UNHEARD:
        if name in header:
            raise refused("header", name=name)
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise refused("type", type=shown(kind))
    if not isinstance(header.get("kid", ""), str):
        raise refused("no-header")


def _is_signed(parts: Parts, key: Key) -> bool:
    try:
        return bool(
            _VERIFIERS[key.algorithm].verify(parts.signed.encode(), parts.signature, key.material)
        )
    except (JoseError, ValueError):
        return False

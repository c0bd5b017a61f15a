"""Keys that prove tokens, and the public ones of publishers: as PEM, as JWK, as a set of those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import base64_to_int

from comments.sites.sso.models import Algorithm

KINDS: dict[str, tuple[type[RSAKey | ECKey | OKPKey], Algorithm, tuple[str, ...]]] = {
    "RSA": (RSAKey, Algorithm.RS256, ("n", "e")),
    "EC": (ECKey, Algorithm.ES256, ("crv", "x", "y")),
    "OKP": (OKPKey, Algorithm.EDDSA, ("crv", "x")),
}
CURVES = {"EC": "P-256", "OKP": "Ed25519"}
# Two names of one algorithm: that of RFC 8037, and the later one of RFC 9864.
SPELLINGS = {"Ed25519": Algorithm.EDDSA.value}
FEWEST_BITS, MOST_BITS = 2048, 8192
MOST_IN_A_SET = 20
LONGEST_KID = 200
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class Unusable(Exception):
    """No key that could prove a token; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and the one algorithm that it is good for."""

    kid: str
    algorithm: Algorithm
    material: OctKey | RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class Public:
    """A public key as it is kept."""

    kid: str
    algorithm: Algorithm
    jwk: dict[str, str | list[str]]

    def key(self) -> Key:
        kind = KINDS[str(self.jwk["kty"])][0]
        return Key(self.kid, self.algorithm, kind.import_key(self.jwk))


def secret(kid: str, octets: bytes) -> Key:
    return Key(kid, Algorithm.HS256, OctKey.import_key(octets))


def of_text(text: str) -> Public:
    """The public key that somebody pasted, as PEM or as a JWK. Raises Unusable."""
    text = text.strip()
    if "PRIVATE KEY-----" in text:
        raise Unusable("private")
    return of_jwk(_of_pem(text) if text.startswith("-----BEGIN") else _of_json(text))


def of_set(document: bytes) -> list[Public]:
    """The usable keys of a JWKS; others are for other purposes. Raises Unusable without any."""
    try:
        given = json.loads(document)
        listed = given["keys"][:MOST_IN_A_SET]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unusable("no-set") from None
    found = []
    for each in listed:
        try:
            found.append(of_jwk(each))
        except Unusable:
            continue
    if not found:
        raise Unusable("empty-set")
    return found


def of_jwk(given: Any) -> Public:
    """The public key of a JWK, of which nothing else is kept. Raises Unusable."""
    if not isinstance(given, dict):
        raise Unusable("no-key")
    if PRIVATE & given.keys():
        raise Unusable("private")
    kind = given.get("kty")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Unusable("kind")
    importing, algorithm, members = KINDS[kind]
    _check_purpose(given, algorithm)
    if given.get("crv") != CURVES.get(kind):
        raise Unusable("kind")
    jwk: dict[str, str | list[str]] = {"kty": kind}
    jwk |= {name: str(given.get(name, "")) for name in members}
    try:
        if kind == "RSA" and not FEWEST_BITS <= _bits(jwk) <= MOST_BITS:
            raise Unusable("weak")
        kid = given.get("kid") or importing.import_key(dict(jwk)).thumbprint()
        importing.import_key(dict(jwk)).check_key_op("verify")
    except (JoseError, ValueError, TypeError):
        raise Unusable("no-key") from None
    if not isinstance(kid, str) or len(kid) > LONGEST_KID or not kid.isprintable():
        raise Unusable("no-key")
    return Public(kid, algorithm, jwk)


def _check_purpose(given: Mapping[str, Any], algorithm: Algorithm) -> None:
    named, acts = given.get("alg", algorithm.value), given.get("key_ops", ["verify"])
    if not isinstance(named, str) or not isinstance(acts, list):
        raise Unusable("no-key")
    if SPELLINGS.get(named, named) != algorithm.value:
        raise Unusable("kind")
    if given.get("use", "sig") != "sig" or "verify" not in acts:
        raise Unusable("purpose")


def _bits(jwk: Mapping[str, Any]) -> int:
    return base64_to_int(jwk["n"]).bit_length()


def _of_pem(text: str) -> Any:
    for importing, _algorithm, _members in KINDS.values():
        try:
            return importing.import_key(text.encode()).as_dict()
        except (JoseError, ValueError, TypeError):
            continue
    raise Unusable("no-key")


def _of_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unusable("no-key") from None

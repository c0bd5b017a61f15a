"""Secrets that must be read again, kept so that a copy of the database does not give them away."""

from __future__ import annotations

import hashlib

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from comments import settings

HOW = {"alg": "dir", "enc": "A256GCM"}


class Unreadable(Exception):
    """Sealed under another secret key of the service."""


def seal(secret: bytes) -> str:
    return jwe.encrypt_compact(HOW, secret, _key())


def unseal(sealed: str) -> bytes:
    """What was sealed. Raises Unreadable."""
    try:
        return jwe.decrypt_compact(sealed, _key()).plaintext or b""
    except (JoseError, ValueError) as error:
        raise Unreadable from error


def _key() -> OctKey:
    digest = hashlib.sha256(f"sealing\n{settings.current().secret}".encode()).digest()
    return OctKey.import_key(digest)

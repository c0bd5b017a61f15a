"""Secrets that are handed out once and kept only as hashes."""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """32 random bytes, as text for a URL or a header."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is kept of a token. It is random and long, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()

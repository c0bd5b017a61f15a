"""Signatures as Standard Webhooks describe them: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

PREFIX = "whsec_"
OCTETS = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(OCTETS)).decode()


def headers(given: list[str], message: str, body: bytes, now: datetime) -> dict[str, str]:
    """What proves to a receiver, by each of these secrets, who sent this and when."""
    stamp = str(int(now.timestamp()))
    return {
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signed(each, message, stamp, body) for each in given),
    }


def _signed(secret: str, message: str, stamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"

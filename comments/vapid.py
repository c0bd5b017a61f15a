"""What push services know this service by: a key pair of its own, and whom they may write to.

Voluntary Application Server Identification (RFC 8292).
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

LIFE = timedelta(hours=12)
BYTES = 32

_CONTACT = re.compile(r"mailto:[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+|https://[^\s/@.]+\.[^\s/@]+(/\S*)?")


def _key(given: SecretStr) -> SecretStr | None:
    text = given.get_secret_value()
    if not text:
        return None
    try:
        _pair(text)
    except ValueError:
        raise ValueError("is no key; make one by: comments push key") from None
    return given


def _contact(given: str, info: ValidationInfo) -> str:
    """Push services want one, so there is no key without."""
    if (given or info.data.get("push_key")) and not _CONTACT.fullmatch(given):
        raise ValueError("must look like mailto:you@example.org, or https://example.org/contact")
    return given


PushKey = Annotated[SecretStr, AfterValidator(_key)]
Contact = Annotated[str, AfterValidator(_contact), Field(validate_default=True)]


def new_key() -> str:
    """A private key, as base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encoded(number.to_bytes(BYTES))


def public_key(private: str) -> str:
    """What browsers are told, so that their push service takes nothing from anybody else."""
    point = _pair(private).public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return encoded(point)


def authorization(private: str, contact: str, endpoint: str, now: datetime) -> str:
    """The header that says to the push service of an endpoint who sends."""
    place = urlsplit(endpoint)
    until = int((now + LIFE).timestamp())
    claims = {"aud": f"{place.scheme}://{place.netloc}", "sub": contact, "exp": until}
    return str(_pair(private).sign(claims)["Authorization"])


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What base64url stands for, with or without padding. Raises ValueError."""
    bare = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", bare):
        raise ValueError("is no base64url")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error as error:
        raise ValueError("is no base64url") from error


def _pair(private: str) -> Vapid:
    raw = decoded(private)
    if len(raw) != BYTES:
        raise ValueError("is of another length")
    return Vapid(ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1()))

"""What a browser says of where it takes messages: a PushSubscription as the Push API writes it."""

from __future__ import annotations

import re
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric import ec
from flask_babel import gettext as _
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from comments import outward, vapid
from comments.forms import Form, Line

AUTH_BYTES = 16
# What a push service may be called in the header that says who sends.
_NAMED = re.compile(r"[^:\[\]]+(:[0-9]+)?")


def _endpoint(text: str) -> str:
    try:
        is_named = _NAMED.fullmatch(outward.parts(text).netloc)
    except ValueError:
        is_named = None
    if not is_named:
        raise PydanticCustomError("address", _("This is no address of a push service."))
    return text


def _point(text: str) -> str:
    """An uncompressed point of P-256, without padding."""
    try:
        raw = vapid.decoded(text)
        if len(raw) != 65:
            raise ValueError("is of another length")
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        raise PydanticCustomError("key", _("This is no key of a browser.")) from None
    return vapid.encoded(raw)


def _secret(text: str) -> str:
    try:
        raw = vapid.decoded(text)
    except ValueError:
        raw = b""
    if len(raw) != AUTH_BYTES:
        raise PydanticCustomError("key", _("This is no key of a browser."))
    return vapid.encoded(raw)


class Keys(Form):
    """By which what is sent can only be read there (RFC 8291)."""

    p256dh: Annotated[Line, Field(max_length=100), AfterValidator(_point)]
    auth: Annotated[Line, Field(max_length=30), AfterValidator(_secret)]


class Given(Form):
    endpoint: Annotated[Line, Field(max_length=1000), AfterValidator(_endpoint)]
    keys: Keys

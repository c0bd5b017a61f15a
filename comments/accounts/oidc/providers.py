"""The services by which people may come in, as configured, and what each says of itself.

What was fetched is remembered by each process for a while. Nothing here touches the database, and
nobody waits for a provider while they hold a connection to it.
"""

from __future__ import annotations

import ipaddress
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from comments import outward, settings
from comments.errors import Busy, DomainError, NotFound
from comments.outward import Answer, Question, Reach, Unreachable
from comments.settings import Provider

T = TypeVar("T")

# How long something fetched is good for, and how soon a key that is not known is looked for again.
EVERY, SOONEST = 3600.0, 60.0
# Whoever is slow to answer holds up so many threads of the service and no more.
AT_ONCE = 16
MOST_KEYS = 50
FEWEST_BITS = 2048

_turns = threading.BoundedSemaphore(AT_ONCE)


class Untrue(DomainError):
    """What a provider answered is not what it must be; nothing was done."""

    status, code = 502, "untrue"


def _address(value: str) -> str:
    outward.parts(value, urlsplit(value).scheme)
    return value


Address = Annotated[str, AfterValidator(_address)]


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    userinfo_endpoint: Address | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


def offered() -> Mapping[str, Provider]:
    """Those of the configuration, in the order of their buttons."""
    return settings.current().oidc


def by_key(key: str) -> Provider:
    """Raises NotFound."""
    if key not in offered():
        raise NotFound(_("Nobody signs in by this service here."))
    return offered()[key]


def of_issuer(issuer: str | None) -> Provider | None:
    return next((each for each in offered().values() if each.issuer == issuer), None)


def metadata(provider: Provider) -> Metadata:
    """Raises Busy when it can't be reached, Untrue when it says something else than it must."""
    return _kept(provider, "metadata", EVERY, lambda: _metadata(provider))


def keys(provider: Provider, longest: float = EVERY) -> KeySet:
    """What the provider signs with, fetched within so many seconds. Raises as `metadata` does."""
    return _kept(provider, "keys", longest, lambda: _keys(provider))


def ask(provider: Provider, url: str, question: Question) -> Answer:
    """Raises Busy when the provider can't be reached."""
    if not _turns.acquire(blocking=False):
        raise unreachable(provider, "crowded")
    try:
        return outward.ask(url, question, _reach(provider, url))
    except Unreachable as error:
        raise unreachable(provider, error.code) from error
    finally:
        _turns.release()


def read(provider: Provider, answer: Answer) -> dict[str, Any]:
    """The JSON object that was asked for. Raises Busy or Untrue."""
    if answer.status != 200:
        raise unreachable(provider, f"status {answer.status}")
    try:
        return parsed(answer.body)
    except ValueError:
        raise untrue(provider, "no JSON object") from None


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises ValueError."""
    try:
        found = json.loads(body)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("is no object")
    return found


def unreachable(provider: Provider, why: str) -> Busy:
    words = _(
        "%(name)s can't be reached at the moment. Please try again, or come in another way.",
        name=provider.name,
    )
    return Busy(words, retry_after=30, why=why)


def untrue(provider: Provider, why: str) -> Untrue:
    words = _(
        "What %(name)s answered can't be relied on, so nothing was done. "
        "Please try again, or come in another way.",
        name=provider.name,
    )
    return Untrue(words, why=why)


def _kept(provider: Provider, what: str, longest: float, fetch: Callable[[], T]) -> T:
    known: dict[tuple[str, str], tuple[float, T]]
    known = current_app.extensions.setdefault("oidc", {})
    found = known.get((provider.issuer, what))
    if found is None or time.monotonic() - found[0] > longest:
        found = known[provider.issuer, what] = time.monotonic(), fetch()
    return found[1]


def _metadata(provider: Provider) -> Metadata:
    url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    said = read(provider, ask(provider, url, Question()))
    try:
        found = Metadata.model_validate(said)
    except ValidationError as error:
        names = ", ".join(str(each["loc"][0]) for each in error.errors())
        raise untrue(provider, f"metadata: {names}") from None
    if found.issuer != provider.issuer:
        raise untrue(provider, f"calls itself {found.issuer[:200]}")
    if _is_plain(found.authorization_endpoint) and not _is_plain(provider.issuer):
        raise untrue(provider, "would have people sign in without https")
    return found


def _keys(provider: Provider) -> KeySet:
    url = metadata(provider).jwks_uri
    listed = read(provider, ask(provider, url, Question())).get("keys")
    found = [_key(each) for each in listed[:MOST_KEYS]] if isinstance(listed, list) else []
    if not any(found):
        raise untrue(provider, "no usable key")
    return KeySet([key for key in found if key])


def _key(jwk: Any) -> RSAKey | ECKey | None:
    """A public key that may sign; others are for other purposes."""
    kinds: dict[Any, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    try:
        kind = kinds[jwk["kty"]]
        if jwk.get("use", "sig") != "sig" or not isinstance(jwk.get("kid", ""), str):
            return None
        if kind is RSAKey and len(jwk["n"]) * 6 < FEWEST_BITS:
            return None
        key = kind.import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if key.is_private else key


def _reach(provider: Provider, url: str) -> Reach:
    """The operator named the host of the issuer, wherever it is; others must be in public."""
    ours, theirs = urlsplit(provider.issuer), urlsplit(url)
    if theirs.hostname != ours.hostname:
        return Reach()
    if _is_plain(provider.issuer):
        return Reach(lambda address: address.is_loopback, scheme=theirs.scheme)
    return Reach(_is_a_machine)


def _is_a_machine(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_multicast or address.is_unspecified or address.is_link_local)


def _is_plain(url: str) -> bool:
    return url.startswith("http:")

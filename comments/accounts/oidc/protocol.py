"""The authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636).

Authlib speaks it; every word goes out through `outward.py`, and what comes back is believed only
once it was signed for this journey. Nothing here touches the database.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from comments import settings
from comments.accounts.oidc import people, providers
from comments.accounts.oidc.people import Person
from comments.accounts.oidc.providers import Metadata
from comments.outward import Question
from comments.settings import Provider

SCOPES = "openid profile email"
# Signed by a key that only the provider has; never `none`, nor a secret that we have as well.
ALGORITHMS = [f"{kind}{size}" for kind in ("RS", "PS", "ES") for size in (256, 384, 512)]
# What should be known of somebody, besides who they are.
ADDRESS = {"email", "email_verified"}
MORE = {"name", *ADDRESS}
# Clocks may differ by so many seconds.
LEEWAY = 60


@dataclass(frozen=True, slots=True)
class Trip:
    """What one journey to a provider is known by when it comes back."""

    provider: str
    state: str
    nonce: str
    verifier: str


def begun(key: str) -> Trip:
    return Trip(key, *(secrets.token_urlsafe(32) for _secret in range(3)))


def address(provider: Provider, trip: Trip) -> str:
    """Where the journey leads. Raises Busy or Untrue."""
    metadata = providers.metadata(provider)
    url, _state = _client(provider, metadata).create_authorization_url(
        metadata.authorization_endpoint,
        state=trip.state,
        nonce=trip.nonce,
        code_verifier=trip.verifier,
        redirect_uri=_callback(trip),
    )
    return str(url)


def redeem(provider: Provider, trip: Trip, code: str, now: datetime) -> Person:
    """Who came, for the code they brought. Raises Busy, or Untrue when that can't be believed."""
    metadata = providers.metadata(provider)
    try:
        token = _client(provider, metadata).fetch_token(
            metadata.token_endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=trip.verifier,
            redirect_uri=_callback(trip),
        )
    except (OAuth2Error, ValueError, TypeError, OverflowError) as error:
        why = getattr(error, "error", type(error).__name__)
        raise providers.untrue(provider, f"no token: {why!s:.100}") from error
    claims = _verified(provider, trip, token, now)
    try:
        return people.described(provider.issuer, _told(provider, metadata, token, claims))
    except ValueError as error:
        raise providers.untrue(provider, f"claim {error}") from None


def _callback(trip: Trip) -> str:
    return f"{settings.current().url}/sign-in/with/{trip.provider}/callback"


def _client(provider: Provider, metadata: Metadata) -> OAuth2Client:
    by_form = "client_secret_post" in metadata.token_endpoint_auth_methods_supported
    return OAuth2Client(
        session=_Session(provider),
        client_id=provider.client_id,
        client_secret=provider.client_secret.get_secret_value(),
        token_endpoint_auth_method="client_secret_post" if by_form else "client_secret_basic",
        scope=SCOPES,
        code_challenge_method="S256",
    )


@dataclass(frozen=True, slots=True)
class _Session:
    """As much of an HTTP session as Authlib's client asks for."""

    provider: Provider

    def post(
        self, url: str, *, data: dict[str, str], headers: Mapping[str, str], auth: ClientAuth
    ) -> _Response:
        signed = auth.prepare("POST", url, dict(headers), urlencode(data))
        question = Question(headers=signed[1], body=signed[2].encode())
        answer = providers.ask(self.provider, signed[0], question)
        if answer.status >= 500 or answer.status == 429:
            raise providers.unreachable(self.provider, f"status {answer.status}")
        return _Response(answer.status, answer.body)


@dataclass(frozen=True, slots=True)
class _Response:
    status_code: int
    content: bytes

    def json(self) -> Any:
        return providers.parsed(self.content)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise ValueError(f"status {self.status_code}")


def _verified(
    provider: Provider, trip: Trip, token: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What the ID token says, if the provider signed it for us and for this journey."""
    try:
        signed = _decoded(str(token["id_token"]), provider)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            {"iss": {"value": provider.issuer}, "aud": {"value": provider.client_id}},
            {
                "nonce": trip.nonce,
                "client_id": provider.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()
        raise providers.untrue(provider, f"ID token: {why}") from error
    return dict(claims)


def _decoded(id_token: str, provider: Provider) -> jwt.Token:
    try:
        return _signed(id_token, providers.keys(provider))
    except InvalidKeyIdError:
        return _signed(id_token, providers.keys(provider, providers.SOONEST))


def _signed(id_token: str, keys: KeySet) -> jwt.Token:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    return jwt.decode(id_token, keys, registry=registry)


def _told(
    provider: Provider, metadata: Metadata, token: Mapping[str, Any], claims: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What is known of who came: many providers put name and e-mail at their userinfo endpoint.

    An e-mail and whether it is confirmed come from the same place.
    """
    access = token.get("access_token")
    if claims.keys() >= MORE or metadata.userinfo_endpoint is None or not isinstance(access, str):
        return claims
    question = Question({"Authorization": f"Bearer {access}"})
    info = providers.read(provider, providers.ask(provider, metadata.userinfo_endpoint, question))
    if info.get("sub") != claims["sub"]:
        raise providers.untrue(provider, "userinfo of somebody else")
    if "email" in info:
        claims = {name: claims[name] for name in claims if name not in ADDRESS}
    return {**claims, **info}

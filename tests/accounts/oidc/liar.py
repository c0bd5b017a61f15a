"""A provider as no honest library would be: it says what a test wants it to say."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from werkzeug.wrappers import Request, Response

from tests import live
from tests.accounts.oidc.travelling import asked
from tests.conftest import HOST

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class Liar:
    url: str = ""
    # What is said otherwise than an honest provider would; None leaves it out.
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    # The answers to whole requests, by path.
    answers: dict[str, Callable[[Request], Response]] = field(default_factory=dict)
    keys: list[RSAKey | ECKey | OctKey] = field(default_factory=lambda: [KEY])
    signs_with: RSAKey | ECKey | OctKey = field(default_factory=lambda: KEY)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    visits: list[Request] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def lets_in(self, url: str, **more: str) -> str:
        """Where somebody is sent back to who went to this address."""
        self.seen = asked(url)
        sent = {"code": "a-code", "state": self.seen["state"], **more}
        return f"{HOST}/sign-in/with/acme/callback?{urlencode(sent)}"

    def visited(self, path: str) -> list[Request]:
        return [each for each in self.visits if each.path == path]

    def answer(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        request.get_data(cache=True, parse_form_data=False)
        self.visits.append(request)
        own = {
            "/.well-known/openid-configuration": self._metadata,
            "/keys": self._keys,
            "/token": self._token,
        }
        made = self.answers.get(request.path) or own.get(request.path)
        response = made(request) if made else Response("nothing here", 404)
        return response(environ, start)

    def _metadata(self, _request: Request) -> Response:
        honest = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return said({**honest, **self.metadata})

    def _keys(self, _request: Request) -> Response:
        return said({"keys": [key.as_dict(private=False) for key in self.keys]})

    def _token(self, _request: Request) -> Response:
        honest = {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()}
        return said({**honest, **self.token})

    def id_token(self) -> str:
        now = int(time.time())
        honest = {
            "iss": self.url,
            "sub": "wren",
            "aud": "comments",
            "iat": now,
            "exp": now + 300,
            "nonce": self.seen.get("nonce"),
            "name": "Wren",
        }
        claims = {**honest, **self.claims}
        given = {name: value for name, value in claims.items() if value is not None}
        signed = f"{spelled(json.dumps(self.header))}.{spelled(json.dumps(given))}"
        algorithm = JWSRegistry.algorithms[str(self.header["alg"])]
        return f"{signed}.{spelled(algorithm.sign(signed.encode(), self.signs_with))}"


def spelled(octets: str | bytes) -> str:
    given = octets.encode() if isinstance(octets, str) else octets
    return base64.urlsafe_b64encode(given).decode().rstrip("=")


def said(body: Any) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


def challenge(verifier: str) -> str:
    return spelled(hashlib.sha256(verifier.encode()).digest())


@contextmanager
def serving() -> Iterator[Callable[[], Liar]]:
    """A maker of liars, each as honest as a provider is until a test says otherwise, and the only
    one at this address from then on."""
    at_work = [Liar()]
    with live.serving(lambda environ, start: at_work[0].answer(environ, start)) as url:

        def make() -> Liar:
            at_work[0] = Liar(url)
            return at_work[0]

        yield make

"""A publisher who signs tokens for its readers."""

from __future__ import annotations

import json
from typing import Any

from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from comments import clock
from comments.db import db, transaction
from comments.sites.models import Site
from comments.sites.sso import configuring, keys, public_keys
from comments.sites.sso.keys import Secret
from comments.sites.sso.models import Sso

AnyKey = OctKey | RSAKey | ECKey | OKPKey

ISSUER, AUDIENCE = "https://gazette.example", "comments:gazette"
# The names of algorithms by what signs them.
BY_KIND = {"oct": "HS256", "RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
SIGNERS = {"EdDSA": "Ed25519"}


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token says now; None leaves a claim out."""
    now = int(clock.now().timestamp())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "r-1", "name": "Ann", "iat": now}
    return {k: v for k, v in {**good, "exp": now + 300, **changed}.items() if v is not None}


def signed(said: Any, key: AnyKey | str, **header: Any) -> str:
    """A token of this secret or private key, which may say anything."""
    material = OctKey.import_key(key) if isinstance(key, str) else key
    header = {"alg": BY_KIND[material.key_type], "typ": "JWT", **header}
    parts = [json.dumps(part).encode() for part in (header, said)]
    text = b".".join(map(urlsafe_b64encode, parts))
    algorithm = BY_KIND[material.key_type]
    signer = JWSRegistry.algorithms[SIGNERS.get(algorithm, algorithm)]
    return (text + b"." + urlsafe_b64encode(signer.sign(text, material))).decode()


def secret(site: Site) -> Secret:
    return transaction(lambda: keys.make(site, None, clock.now()))


def trust(site: Site, key: AnyKey, **more: Any) -> None:
    """Let tokens of this private key be good, by its public one."""
    public = public_keys.of_jwk({**key.as_dict(private=False), **more})
    transaction(lambda: keys.add(site, public, None, clock.now()))


def settle(site: Site, **changed: Any) -> None:
    """Put other terms in force."""

    def act() -> None:
        sso = db.session.get(Sso, site.id) or configuring.of(site)
        for name, value in changed.items():
            setattr(sso, name, value)
        db.session.add(sso)

    transaction(act)

"""An authenticator in software, which does as WebAuthn says, or as it is told."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Authenticator:
    """`origin` and `host` are what the browser says of the page, and for whom the key is used."""

    origin: str
    host: str
    count: int = 0
    flags: int = PRESENT | VERIFIED
    handle: bytes = b""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def made(self, options: str) -> str:
        """The answer to `navigator.credentials.create`."""
        given = json.loads(options)
        self.handle = base64url_to_bytes(given["user"]["id"])
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        about = self._about(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        said = self._said("webauthn.create", given["challenge"])
        return self._answer(clientDataJSON=said, attestationObject=attestation)

    def proof(self, options: str) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += bool(self.count)
        said = self._said("webauthn.get", json.loads(options)["challenge"])
        about = self._about(self.flags)
        signed = about + hashlib.sha256(said).digest()
        return self._answer(
            clientDataJSON=said,
            authenticatorData=about,
            signature=self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=self.handle,
        )

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _about(self, flags: int) -> bytes:
        rp = hashlib.sha256(self.host.encode()).digest()
        return rp + bytes([flags]) + self.count.to_bytes(4)

    def _answer(self, **response: bytes) -> str:
        id = bytes_to_base64url(self.id)
        parts: dict[str, Any] = {
            name: bytes_to_base64url(value) for name, value in response.items()
        }
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": parts})

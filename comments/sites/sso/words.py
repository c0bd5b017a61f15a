"""Why no keys came from a publisher's address, and why a key is not taken, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

FAILURES = {
    "address": _("This is no https address that could be asked."),
    "name": _("No server of this name was found."),
    "private": _("This address lies in a private network, where nothing is fetched."),
    "silent": _("The server did not answer, or not in HTTP."),
    "slow": _("The answer took more than 10 seconds."),
    "certificate": _("The server's certificate is not good for this name."),
    "status": _("The server answered %(status)s instead of 200; redirects are not followed."),
    "too-large": _("The answer has more than 64 KiB."),
    "no-set": _('The answer is no JWKS: that is JSON such as {"keys": [...]}.'),
    "empty-set": _("None of the keys there is a public one for RS256, ES256 or EdDSA."),
}
UNUSABLE = {
    "no-key": _("This is no public key, neither PEM nor JWK."),
    "private": _(
        "This is a private key, and was not kept. It should not leave your server: better make "
        "another pair, and paste the public one."
    ),
    "kind": _("Only RSA for RS256, P-256 for ES256, and Ed25519 for EdDSA are taken here."),
    "purpose": _("This key says that it is not for checking signatures."),
    "weak": _("An RSA key has 2048 to 8192 bits here."),
}


def failure(facts: Mapping[str, Any]) -> str | None:
    return str(FAILURES[facts["code"]]) % facts if facts else None


def unusable(code: str) -> str:
    return str(UNUSABLE[code])

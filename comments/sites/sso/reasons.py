"""Why a token is refused: a code with its facts, and the words for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(WORDS[self.code]) % self.facts


class Refused(Exception):
    """A token that signs nobody in, for these reasons."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(*(reason.code for reason in reasons))
        self.reasons = reasons


def shown(given: object) -> str:
    """A piece of what came, short and of characters that can be sent back."""
    return str(given)[:100].encode(errors="replace").decode()


def refused(code: str, **facts: Any) -> Refused:
    """A refusal for one reason."""
    return Refused(Reason(code, facts))


WORDS = {
    # Its form.
    "too-long": _("The token has more than %(most)s characters."),
    "no-token": _(
        "This is no signed token: that has three parts of letters, digits, - and _ with a dot "
        "between them, and nothing else, no space or line end either."
    ),
    "no-header": _("The header, the part before the first dot, is no JSON object of a token."),
    "no-claims": _("The claims, the part between the dots, are no JSON object."),
    "header": _("The header holds %(name)s, which is never heeded here. Leave it out."),
    "type": _("The header says typ %(type)s instead of JWT."),
    "algorithm": _(
        "It is signed by %(algorithm)s. Only HS256, RS256, ES256 and EdDSA are taken here."
    ),
    # Its key.
    "no-keys": _("This site has no key yet that could prove a token."),
    "other-algorithm": _(
        "It is signed by %(algorithm)s, and the keys of this site are for %(known)s."
    ),
    "unknown-key": _("No key of this site is called %(kid)s, as the header says in kid."),
    "signature": _(
        "The signature is wrong: it was made with another key, or the token was changed afterwards."
    ),
    # Its claims.
    "missing": _("The claim %(name)s is missing."),
    "no-text": _("The claim %(name)s is no text of up to %(most)s plain characters."),
    "no-number": _("The claim %(name)s is no time: that is a number of seconds since 1970."),
    "issuer": _("The issuer is wrong: iss says %(found)s, and this site expects %(expected)s."),
    "audience": _("The audience is wrong: aud says %(found)s, and this site expects %(expected)s."),
    "expired": _("It expired %(seconds)s seconds ago."),
    "not-yet": _("It is not good yet: nbf is %(seconds)s seconds ahead of our clock."),
    "from-ahead": _("It was made in the future: iat is %(seconds)s seconds ahead of our clock."),
    "too-lasting": _(
        "It is good for %(seconds)s seconds, from iat to exp, and %(most)s are the most."
    ),
    "backwards": _("It ends, by exp, before it begins, by iat."),
    "no-name": _("The claim name holds nothing that could be shown."),
    "used": _("This token has signed somebody in already. Each one does so once."),
    # What is left out of an otherwise good token.
    "no-email": _("The e-mail address is left out: the claim email holds none."),
    "unverified": _(
        "The e-mail address counts as a claim: email_verified is not true, so no mail goes there."
    ),
    "no-words": _("The claim %(name)s is left out: it is no list of texts."),
    "unmapped": _("The role %(word)s means nothing on this site, and is left out."),
    "unmapped-badge": _("The badge %(word)s means nothing on this site, and is left out."),
}

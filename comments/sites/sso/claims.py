"""What a token says, once it is known who signed it: about itself, and about a reader."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comments import names
from comments.accounts.forms import deliverable
from comments.accounts.vouched import LONGEST_SUBJECT, Vouched
from comments.sites.models import Role
from comments.sites.sso.badges import texts
from comments.sites.sso.models import Sso
from comments.sites.sso.reasons import Reason, Refused, shown

# From iat to exp, in seconds; and how far clocks may differ.
LONGEST_LIFE = 600
LEEWAY = 30
LONGEST_ID = 200
MOST_WORDS = 50
# More than these beside a name would be in the way.
MOST_BADGES = 3
# No moment that is meant in earnest is as many seconds away.
FARTHEST = 2**37
# Nobody becomes an owner from outside.
RANKS = (Role.ADMIN, Role.MODERATOR, Role.STAFF)

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A reader, the roles that are claimed for them and that of the site's which follows, the
    badges that everybody would read, until when the token counts, and what was left out."""

    reader: Vouched
    claimed: tuple[str, ...]
    role: Role | None
    badges: tuple[str, ...]
    expires_at: float
    remarks: tuple[Reason, ...]


def check(claims: Claims, sso: Sso, now: datetime) -> Said:
    """Raises Refused, with every reason."""
    reasons = [*_about_itself(claims, sso), *_about_time(claims, now.timestamp()), *_about(claims)]
    if reasons:
        raise Refused(*reasons)
    return _said(claims, sso)


def issued_at(claims: Claims) -> float | None:
    """When it was made, as far as it can be told."""
    found = claims.get("iat")
    return found if _is_number(found) else None


def _about_itself(claims: Claims, sso: Sso) -> Iterator[Reason]:
    audience = claims.get("aud")
    meant = audience if isinstance(audience, list) else [audience]
    for name in ("iss", "aud"):
        if claims.get(name) is None:
            yield Reason("missing", {"name": name})
    if claims.get("iss") is not None and claims["iss"] != sso.issuer:
        yield Reason("issuer", {"found": shown(claims["iss"]), "expected": sso.issuer})
    if audience is not None and sso.audience not in meant:
        yield Reason("audience", {"found": shown(audience), "expected": sso.audience})
    if "jti" in claims and not _is_text(claims["jti"], LONGEST_ID):
        yield Reason("no-text", {"name": "jti", "most": LONGEST_ID})


def _about_time(claims: Claims, now: float) -> Iterator[Reason]:
    given = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    wrong = [name for name, value in given.items() if not _is_number(value)]
    absent = [name for name in ("exp", "iat") if name not in given]
    yield from (Reason("no-number", {"name": name}) for name in wrong)
    yield from (Reason("missing", {"name": name}) for name in absent)
    known = {name: value for name, value in given.items() if name not in wrong}
    ends, made, begins = (known.get(name, now) for name in ("exp", "iat", "nbf"))
    if ends + LEEWAY <= now:
        yield Reason("expired", {"seconds": _whole(now - ends)})
    if begins - LEEWAY > now:
        yield Reason("not-yet", {"seconds": _whole(begins - now)})
    if made - LEEWAY > now:
        yield Reason("from-ahead", {"seconds": _whole(made - now)})
    if ends - made > LONGEST_LIFE:
        yield Reason("too-lasting", {"seconds": _whole(ends - made), "most": LONGEST_LIFE})
    if ends < made and not {*wrong, *absent}:
        yield Reason("backwards")


def _about(claims: Claims) -> Iterator[Reason]:
    if not claims.get("sub"):
        yield Reason("missing", {"name": "sub"})
    elif not _is_text(claims["sub"], LONGEST_SUBJECT):
        yield Reason("no-text", {"name": "sub", "most": LONGEST_SUBJECT})
    if "name" not in claims:
        yield Reason("missing", {"name": "name"})
    elif not isinstance(claims["name"], str) or not names.legible(claims["name"]):
        yield Reason("no-name")


def _said(claims: Claims, sso: Sso) -> Said:
    remarks: list[Reason] = []
    email = _email(claims, remarks)
    roles = _claimed(claims, "roles", remarks)
    badges = _claimed(claims, "badges", remarks)
    remarks += _unmapped("unmapped", roles, sso.roles)
    remarks += _unmapped("unmapped-badge", badges, sso.badges)
    reader = Vouched(
        subject=claims["sub"],
        name=names.legible(claims["name"]),
        email=email,
        is_confirmed=email is not None and claims.get("email_verified") is True,
        is_subscriber=claims.get("subscriber") is True,
        badges=_known(badges, sso),
    )
    read = texts(reader.badges, sso.badges)
    return Said(reader, roles, mapped(roles, sso), read, claims["exp"], tuple(remarks))


def _email(claims: Claims, remarks: list[Reason]) -> str | None:
    claimed = claims.get("email")
    email = deliverable(claimed) if isinstance(claimed, str) else None
    if claimed is not None and email is None:
        remarks.append(Reason("no-email"))
    elif email is not None and claims.get("email_verified") is not True:
        remarks.append(Reason("unverified"))
    return email


def _known(badges: Iterable[str], sso: Sso) -> tuple[str, ...]:
    known = dict.fromkeys(each for each in badges if each in sso.badges)
    return tuple(known)[:MOST_BADGES]


def mapped(claimed: Iterable[str], sso: Sso) -> Role | None:
    """The highest role that the site's own mapping makes of what is claimed."""
    mapping = sso.mapping
    found = {mapping[each] for each in claimed if each in mapping}
    return next((role for role in RANKS if role in found), None)


def _claimed(claims: Claims, name: str, remarks: list[Reason]) -> tuple[str, ...]:
    given = claims.get(name, [])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        remarks.append(Reason("no-words", {"name": name}))
        return ()
    return tuple(listed[:MOST_WORDS])


def _unmapped(code: str, claimed: Iterable[str], known: Mapping[str, Any]) -> Iterator[Reason]:
    return (Reason(code, {"word": shown(each)}) for each in claimed if each not in known)


def _is_text(given: object, most: int) -> bool:
    return isinstance(given, str) and 0 < len(given) <= most and given.isprintable()


def _is_number(given: object) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    return abs(given) < FARTHEST


def _whole(seconds: float) -> int:
    return math.ceil(seconds)

"""A publisher's reader comes in with a token of the publisher's, and gets one of ours.

A token does so once: its hash is kept for as long as it would be good again. What it gets is bound
to the page that brought it, has a reader's rights alone, and ends after a day at the latest, so
that what the publisher knows of its reader, and whether it still knows them, is asked anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts import sessions, vouched
from comments.accounts.models import Kind
from comments.accounts.sessions import Scope
from comments.db import db
from comments.errors import Busy, NotSignedIn
from comments.sites import access, members
from comments.sites.models import Role, Site
from comments.sites.sso import claims, configuring, jwks, keys, signed
from comments.sites.sso.claims import LEEWAY, Said
from comments.sites.sso.models import SsoUse
from comments.sites.sso.public_keys import Key
from comments.sites.sso.reasons import Reason, Refused

LIFE = timedelta(hours=24)


class KeyAwaited(Busy):
    """The key of a token is not known yet, and is fetched; it may be tried again."""

    code = "key-awaited"


@dataclass(frozen=True, slots=True)
class Proved:
    """A token that is good, by which key, and what it says."""

    key: Key
    said: Said
    digest: str


def proved(site: Site, token: str, now: datetime) -> Proved:
    """What a token says. Raises NotSignedIn for one that is not good, or KeyAwaited."""
    try:
        return looked_at(site, token, now)
    except Refused as error:
        raise refusal(error) from None


def looked_at(site: Site, token: str, now: datetime) -> Proved:
    """What a token says. Raises Refused with every reason, or KeyAwaited; nothing changes."""
    sso = configuring.of(site)
    parts = signed.apart(token)
    try:
        key = signed.check(parts, keys.valid(site, sso))
    except Refused as error:
        said = _unproved(parts)
        if error.reasons[0].code in AWAITING and jwks.may_come(sso, claims.issued_at(said)):
            raise _awaited(max(1, int((jwks.next_try(sso, now) - now).total_seconds()))) from None
        raise
    found = claims.check(signed.mapping(parts.payload, "no-claims"), sso, now)
    return Proved(key, found, parts.digest)


# A token may be of a key that the publisher has added since we looked.
AWAITING = frozenset({"unknown-key", "no-keys", "other-algorithm"})


def enter(site: Site, proved: Proved, origin: str | None, now: datetime) -> str:
    """Sign the reader of this token in; the answer is our token, for pages of this origin.

    Raises NotSignedIn for a token that did so before, Forbidden for an origin that is none of the
    site's.
    """
    if origin is not None:
        access.check_origin(site, origin)
    _use(site, proved, now)
    keys.used(site, proved.key, now)
    reader = vouched.met(site.id, proved.said.reader, now)
    members.vouch(site, reader, _role(site, proved.said), now)
    scope = Scope(Kind.BEARER, site.id, origin, ends_at=now + LIFE)
    return sessions.begin(reader, scope, now)


def _role(site: Site, said: Said) -> Role | None:
    """By the mapping that is in force now: it may have changed since the token was looked at."""
    return claims.mapped(said.claimed, configuring.held(site)) if said.claimed else None


def sweep(now: datetime) -> bool:
    """Forget the tokens that are too old to be used again; nothing is left then."""
    db.session.execute(sa.delete(SsoUse).where(SsoUse.ends_at <= now))
    return False


def is_used(site: Site, proved: Proved, now: datetime) -> bool:
    use = db.session.get(SsoUse, (site.id, proved.digest))
    return use is not None and use.ends_at > now


def _use(site: Site, proved: Proved, now: datetime) -> None:
    if is_used(site, proved, now):
        raise refusal(Refused(Reason("used")))
    sweep(now)
    ends_at = datetime.fromtimestamp(proved.said.expires_at + LEEWAY, UTC)
    db.session.add(SsoUse(site_id=site.id, digest=proved.digest, ends_at=ends_at))
    db.session.flush()


def refusal(error: Refused) -> NotSignedIn:
    """The refusal as whoever brought the token reads it."""
    first = error.reasons[0]
    return NotSignedIn(" ".join(map(str, error.reasons)), code=f"token-{first.code}")


def _unproved(parts: signed.Parts) -> claims.Claims:
    try:
        return signed.mapping(parts.payload, "no-claims")
    except Refused:
        return {}


def _awaited(seconds: int) -> KeyAwaited:
    message = _("The key of this sign-in is being fetched. Please try again in a moment.")
    return KeyAwaited(message, retry_after=seconds)

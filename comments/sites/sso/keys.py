"""The keys of a site: two at a time, so that one can take over from the other."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit, sealing
from comments.accounts.models import User
from comments.db import db, identity
from comments.errors import Conflict, NotFound
from comments.logs import log
from comments.sites import access
from comments.sites.models import ADMINS, Site
from comments.sites.sso import public_keys
from comments.sites.sso.models import Algorithm, Sso, SsoKey
from comments.sites.sso.public_keys import Key, Public

MOST = 2
OCTETS = 32
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as it is shown, once, and the name by which tokens may point to it."""

    kid: str
    text: str


def make(site: Site, by: User | None, now: datetime) -> Secret:
    """A new secret, of letters, digits, - and _, whose bytes as they stand are the key.

    Raises Conflict where there are two keys, Forbidden where `by` is no admin (any more).
    """
    text = secrets.token_urlsafe(OCTETS)
    kid = secrets.token_hex(4)
    _add(site, SsoKey(kid=kid, algorithm=Algorithm.HS256), text.encode(), by, now)
    return Secret(kid, text)


def add(site: Site, public: Public, by: User | None, now: datetime) -> SsoKey:
    """Let tokens be proved by this key of the publisher's, too. Raises as `make` does."""
    row = SsoKey(kid=public.kid, algorithm=public.algorithm, material=json.dumps(public.jwk))
    return _add(site, row, None, by, now)


def retire(row: SsoKey, by: User | None, now: datetime) -> None:
    """End a key at once. Raises Forbidden where `by` is no admin (any more)."""
    access.check(row.site_id, by, ADMINS)
    _note("sso-key-retired", row, by, now)
    db.session.execute(sa.delete(SsoKey).where(SsoKey.id == identity(row)))


def of(site: Site) -> sa.Select[SsoKey]:
    return sa.select(SsoKey).where(SsoKey.site_id == site.id).order_by(SsoKey.id)


def the_key(site: Site, id: int) -> SsoKey:
    """A key of this site. Raises NotFound."""
    found = db.session.scalar(of(site).where(SsoKey.id == id))
    if found is None:
        raise NotFound(_("This key is retired already."))
    return found


def valid(site: Site, sso: Sso) -> list[Key]:
    """Every key that proves tokens now: those that were set, and those that were fetched."""
    set_here = [key for row in db.session.scalars(of(site)) if (key := _opened(row))]
    return set_here + [public.key() for public in fetched(sso)]


def fetched(sso: Sso) -> list[Public]:
    return [
        Public(each["kid"], Algorithm(each["algorithm"]), each["jwk"])
        for each in sso.keys.get("keys", [])
    ]


def used(site: Site, key: Key, now: datetime) -> None:
    """Note that a token was proved by this key, so that one sees which is still needed."""
    row = db.session.scalar(of(site).where(SsoKey.kid == key.kid))
    if row is not None and (row.used_at is None or row.used_at + USED_EVERY <= now):
        row.used_at = now


def _add(site: Site, row: SsoKey, octets: bytes | None, by: User | None, now: datetime) -> SsoKey:
    db.session.refresh(site, with_for_update={"of": Site, "key_share": True})
    access.check(site.id, by, ADMINS)
    known = db.session.scalars(of(site)).all()
    if any(each.kid == row.kid for each in known):
        raise Conflict(_("This key is there already."), code="key-known")
    if len(known) >= MOST:
        message = _("Two keys are the most. Retire the one that is not used any more.")
        raise Conflict(message, code="two-keys")
    row.site_id, row.created_at = site.id, now
    if octets is not None:
        row.material = sealing.seal(octets)
    db.session.add(row)
    db.session.flush()
    _note("sso-key", row, by, now)
    return row


def _opened(row: SsoKey) -> Key | None:
    if row.algorithm is not Algorithm.HS256:
        return Public(row.kid, row.algorithm, json.loads(row.material)).key()
    try:
        return public_keys.secret(row.kid, sealing.unseal(row.material))
    except sealing.Unreadable:
        log.warning("a key was sealed under another secret key", sso_key=row.id)
        return None


def _note(act: str, row: SsoKey, by: User | None, now: datetime) -> None:
    by_id = by.id if by else None
    facts = {"key": row.id, "kid": row.kid, "algorithm": row.algorithm.value}
    audit.record(act, now=now, by_id=by_id, site_id=row.site_id, **facts)

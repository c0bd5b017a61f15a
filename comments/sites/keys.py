"""Keys by which a publisher's own programs describe articles, and do nothing else."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit
from comments.accounts import tokens
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.sites.models import Site, SiteKey


def make(site: Site, name: str, by: User | None, now: datetime) -> str:
    """A new key for this site; the answer is shown once and kept nowhere."""
    token = tokens.new()
    row = SiteKey(site_id=site.id, name=name, token_hash=tokens.hashed(token), created_at=now)
    db.session.add(row)
    db.session.flush()
    _note("site-key", row, by, now)
    return token


def revoke(key: SiteKey, by: User | None, now: datetime) -> None:
    _note("site-key-revoked", key, by, now)
    db.session.delete(key)
    db.session.flush()


def of(site: Site) -> sa.Select[SiteKey]:
    return sa.select(SiteKey).where(SiteKey.site_id == site.id).order_by(SiteKey.id.desc())


def find(token: str) -> SiteKey | None:
    """The key with this token."""
    return db.session.scalar(sa.select(SiteKey).where(SiteKey.token_hash == tokens.hashed(token)))


def the_key(site: Site, id: int) -> SiteKey:
    """A key of this site. Raises NotFound."""
    found = db.session.scalar(of(site).where(SiteKey.id == id))
    if found is None:
        raise NotFound(_("This key is revoked already."))
    return found


def _note(act: str, key: SiteKey, by: User | None, now: datetime) -> None:
    by_id = by.id if by else None
    audit.record(act, now=now, by_id=by_id, site_id=key.site_id, key=key.id, name=key.name)

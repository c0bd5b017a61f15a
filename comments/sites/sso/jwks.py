"""The keys at a publisher's address, fetched beside the requests and kept here.

`refresh_due` is for a worker. Any number of workers may call it: whoever claims an address is the
only one to ask there for the next minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import clock, outward
from comments.db import db, transaction
from comments.logs import log
from comments.outward import Reach, Unreachable
from comments.sites.models import Site
from comments.sites.sso import public_keys
from comments.sites.sso.claims import LEEWAY
from comments.sites.sso.models import Sso
from comments.sites.sso.public_keys import Public, Unusable
from comments.working import Chore, IsOver, chores

EVERY = timedelta(minutes=5)
# Neither failures nor unknown keys make anybody ask more often.
AT_MOST = timedelta(minutes=1)
# What became due is looked for after so many seconds.
PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Claimed:
    site_id: int
    url: str


def connect() -> None:
    chores["keys"] = Chore(_fetch, PAUSE)


def _fetch(_is_over: IsOver) -> None:
    if is_due(clock.now()):
        refresh_due(clock.now())


def refresh_due(now: datetime, reach: Reach | None = None) -> int:
    """Fetch what is due, outside of any transaction; how many addresses were asked."""
    asked = 0
    while claimed := transaction(lambda: _claim(now)):
        asked += 1
        _refresh(claimed, now, reach)
    return asked


def is_due(now: datetime) -> bool:
    """Whether there is something to fetch, without a lock."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Sso.due_at <= now))))


def want(site: Site, now: datetime) -> None:
    """Fetch again as soon as that is allowed: there may be a key that is not known here."""
    sso = db.session.get(Sso, site.id, with_for_update=True)
    if sso is not None and sso.url is not None:
        sso.due_at = min(sso.due_at or now, next_try(sso, now))


def next_try(sso: Sso, now: datetime) -> datetime:
    """When the address may be asked again."""
    return now if sso.tried_at is None else max(now, sso.tried_at + AT_MOST)


def may_come(sso: Sso, issued_at: float | None) -> bool:
    """Whether a key that is not known here may be at the address by now.

    That is over once it was fetched after the token was made, clocks that differ allowed for.
    """
    if sso.url is None or issued_at is None:
        return False
    return sso.fetched_at is None or sso.fetched_at.timestamp() < issued_at + LEEWAY


def _claim(now: datetime) -> Claimed | None:
    sso = db.session.scalar(
        sa.select(Sso)
        .where(Sso.due_at <= now, Sso.url.is_not(None))
        .order_by(Sso.due_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=Sso)
    )
    if sso is None or sso.url is None:
        return None
    sso.tried_at, sso.due_at = now, now + AT_MOST
    return Claimed(sso.site_id, sso.url)


def _refresh(claimed: Claimed, now: datetime, reach: Reach | None) -> None:
    try:
        found = public_keys.of_set(outward.get(claimed.url, reach))
    except (Unreachable, Unusable) as error:
        failure = {"code": error.code, "status": getattr(error, "status", None)}
        log.warning("no keys at a publisher's address", site_id=claimed.site_id, **failure)
        transaction(lambda: _failed(claimed, failure))
    else:
        transaction(lambda: _keep(claimed, found, now))


def _keep(claimed: Claimed, found: list[Public], now: datetime) -> None:
    sso = _still(claimed)
    if sso is None:
        return
    keys = {"keys": [_kept(public) for public in found]}
    if keys != sso.keys:
        sso.keys, sso.version = keys, sso.version + 1
    sso.fetched_at, sso.failure, sso.due_at = now, {}, now + EVERY


def _failed(claimed: Claimed, failure: dict[str, object]) -> None:
    """What was fetched before stays good: an address that is down keeps nobody out."""
    sso = _still(claimed)
    if sso is not None:
        sso.failure = failure


def _still(claimed: Claimed) -> Sso | None:
    """The record, unless it names another address meanwhile."""
    sso = db.session.get(Sso, claimed.site_id, with_for_update=True)
    return sso if sso is not None and sso.url == claimed.url else None


def _kept(public: Public) -> dict[str, object]:
    return {"kid": public.kid, "algorithm": public.algorithm.value, "jwk": public.jwk}

"""Where people are signed in. Each place is a row, so ending it ends it everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import signals
from comments.accounts import tokens
from comments.accounts.models import Kind, Session, Step, Ticket, User
from comments.db import db, table, taken
from comments.prepared import Prepared

IDLE = timedelta(days=30)
# Being seen is written at most this often, so that reading stays reading.
SEEN_EVERY = timedelta(hours=1)
# What matters most is done within so long of a proof.
PROVED_FOR = timedelta(minutes=10)


# Every request with a token asks this, so that it is built once.
_OF_TOKEN = Prepared(
    sa.select(
        Session.id,
        Session.kind,
        Session.site_id,
        Session.origin,
        Session.seen_at,
        Session.ends_at,
        Session.proved_at,
        *table(User).c,
    )
    .join(User, User.id == Session.user_id)
    .where(Session.token_hash == sa.bindparam("hash"))
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a session is good for: its kind, for a widget the site and the page's origin, and
    until when at most."""

    kind: Kind
    site_id: int | None = None
    origin: str | None = None
    label: str = ""
    ends_at: datetime | None = None


COOKIE = Scope(Kind.COOKIE)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A living session, as it was found, and its person."""

    id: int
    kind: Kind
    site_id: int | None
    origin: str | None
    seen_at: datetime
    ends_at: datetime | None
    proved_at: datetime | None
    user: User


def begin(user: User, scope: Scope, now: datetime) -> str:
    """Sign `user` in; the answer is the token, which is kept nowhere."""
    token = tokens.new()
    row = Session(
        user_id=user.id,
        kind=scope.kind,
        token_hash=tokens.hashed(token),
        site_id=scope.site_id,
        origin=scope.origin,
        label=scope.label,
        created_at=now,
        seen_at=now,
        ends_at=scope.ends_at,
        proved_at=now if scope.kind is Kind.COOKIE else None,
    )
    db.session.add(row)
    db.session.flush()
    signals.signed_in.send(user, session=row, now=now)
    return token


def sweep(now: datetime) -> bool:
    """End what is good for nothing any more; nothing is left then."""
    idle = sa.and_(Session.seen_at < now - IDLE, Session.kind != Kind.API)
    db.session.execute(sa.delete(Session).where(idle))
    db.session.execute(sa.delete(Session).where(Session.ends_at < now))
    db.session.execute(sa.delete(Ticket).where(Ticket.expires_at < now))
    db.session.execute(sa.delete(Step).where(Step.expires_at < now))
    return False


def find(token: str, kinds: frozenset[Kind], now: datetime) -> SignedIn | None:
    """The living session of this token, with its person."""
    row = _OF_TOKEN.row(hash=tokens.hashed(token))
    if row is None:
        return None
    id, kind, site_id, origin, seen_at, ends_at, proved_at, *person = row
    user = taken(User, person)
    found = SignedIn(id, kind, site_id, origin, seen_at, ends_at, proved_at, user)
    return found if found.kind in kinds and is_alive(found, now) else None


def is_alive(session: SignedIn | Session, now: datetime) -> bool:
    """Whether somebody is signed in by it."""
    if session.user.is_closed or (session.ends_at is not None and session.ends_at <= now):
        return False
    return session.kind is Kind.API or session.seen_at + IDLE >= now


def is_stale(session: SignedIn, now: datetime) -> bool:
    return session.seen_at + SEEN_EVERY < now


def seen(token: str, now: datetime) -> None:
    db.session.execute(
        sa.update(Session).where(Session.token_hash == tokens.hashed(token)).values(seen_at=now)
    )


def is_proved(session: SignedIn, now: datetime) -> bool:
    """Whether its person proved who they are a short while ago."""
    return session.proved_at is not None and session.proved_at + PROVED_FOR > now


def proved(id: int, now: datetime) -> None:
    """The person of this session has just proved who they are."""
    db.session.execute(sa.update(Session).where(Session.id == id).values(proved_at=now))


def prove_no_more(token: str, before: SignedIn) -> None:
    """The session of this token takes the place of another, as its person proved it then."""
    this = sa.update(Session).where(Session.token_hash == tokens.hashed(token))
    db.session.execute(this.values(proved_at=before.proved_at))


def of(user: User) -> sa.Select[Session]:
    return sa.select(Session).where(Session.user_id == user.id).order_by(Session.seen_at.desc())


def end(id: int) -> None:
    """Sign out there. Somebody may have done so already."""
    db.session.execute(sa.delete(Session).where(Session.id == id))


def end_all(
    user: User, but: SignedIn | None = None, kinds: frozenset[Kind] = frozenset(Kind)
) -> None:
    """Sign out everywhere, but in one place."""
    gone = sa.delete(Session).where(Session.user_id == user.id, Session.kind.in_(kinds))
    db.session.execute(gone.where(Session.id != but.id) if but else gone)


def end_on(site_id: int, origins: Sequence[str]) -> None:
    """Sign everybody out on the pages of these origins, as far as this site goes."""
    db.session.execute(
        sa.delete(Session).where(Session.site_id == site_id, Session.origin.in_(origins))
    )

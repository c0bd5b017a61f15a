"""What is to be sent once an act is committed: rows of the act's own transaction.

A worker claims a row for a while, sends it and takes it away. Whoever dies in between leaves it to
the next, who sends it again under the same id: at least once, and a receiver can tell by the id.
"""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from comments import paging
from comments.db import Model, bytewise, db
from comments.prepared import insert

# No sending takes longer than a claim lasts.
CLAIM = timedelta(minutes=5)
# After so long nobody tries again by themselves.
PATIENCE = timedelta(hours=48)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
# A receiver that can't be reached is left alone for as long, from the third time on.
FAILURES = 3
# What died is kept for so long, for somebody to look at.
DEAD_KEPT = timedelta(days=30)
SWEPT_AT_ONCE = 100
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=15)
LONGEST_WORDS = 1000

# By queue: set when this process committed something to send.
woken: dict[str, threading.Event] = defaultdict(threading.Event)


class Refused(Exception):
    """The receiver will never take this; the message is what it said."""


class Deferred(Exception):
    """The receiver does not take this now."""


class Unreachable(Exception):
    """There is no talking to the receiver at all."""


class Outgoing(Model):
    """One thing to be sent. `queue` says by which way, `kind` what is made of `facts` when it is
    sent; `receiver` is what may be out of reach; a dead one waits for somebody to look. Of those
    that stand in one `line`, each is sent only when the ones before it are done with. What is
    written for a site names it, so that those who run it can look."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index(
            "ix_outbox_due",
            "queue",
            "due_at",
            "id",
            sqlite_where=sa.text("died_at IS NULL"),
            postgresql_where=sa.text("died_at IS NULL"),
        ),
        sa.Index(
            "ix_outbox_dead",
            "queue",
            "died_at",
            "id",
            sqlite_where=sa.text("died_at IS NOT NULL"),
            postgresql_where=sa.text("died_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_outbox_receiver",
            "receiver",
            "due_at",
            "id",
            sqlite_where=sa.text("died_at IS NULL"),
            postgresql_where=sa.text("died_at IS NULL"),
        ),
        sa.Index(
            "ix_outbox_line",
            "line",
            "id",
            sqlite_where=sa.text("line IS NOT NULL AND died_at IS NULL"),
            postgresql_where=sa.text("line IS NOT NULL AND died_at IS NULL"),
        ),
        sa.Index(
            "ix_outbox_person_id",
            "person_id",
            sqlite_where=sa.text("person_id IS NOT NULL"),
            postgresql_where=sa.text("person_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_outbox_site",
            "site_id",
            "queue",
            "died_at",
            "id",
            sqlite_where=sa.text("died_at IS NOT NULL"),
            postgresql_where=sa.text("died_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(bytewise(32))
    queue: Mapped[str] = mapped_column(sa.String(20))
    kind: Mapped[str] = mapped_column(sa.String(40))
    receiver: Mapped[str] = mapped_column(bytewise(300))
    line: Mapped[str | None] = mapped_column(bytewise(100))
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    words: Mapped[str | None] = mapped_column(sa.String(LONGEST_WORDS))
    died_at: Mapped[datetime | None]


class Receiver(Model):
    """Somebody who can't be reached, and until when nobody tries."""

    __tablename__ = "receivers"

    name: Mapped[str] = mapped_column(bytewise(300), primary_key=True)
    failures: Mapped[int]
    rests_until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that one worker has for a while."""

    id: int
    uid: str
    kind: str
    created_at: datetime
    receiver: str
    facts: dict[str, Any]


# What became of a try that did not arrive: of which row, in whose words, when.
Outcome = Callable[[Claimed, str, datetime], None]


def init_app(app: Flask) -> None:
    with app.app_context():
        session: Any = db.session
        if not event.contains(session, "after_commit", _wake):
            event.listen(session, "after_commit", _wake)
            event.listen(session, "after_rollback", _forget_all)


def _wake(session: Any) -> None:
    for queue in session.info.pop("outgoing", ()):
        woken[queue].set()


def _forget_all(session: Any) -> None:
    session.info.pop("outgoing", None)


def add(
    queue: str,
    kind: str,
    facts: dict[str, Any],
    now: datetime,
    *,
    receiver: str | None = None,
    line: str | None = None,
    site_id: int | None = None,
    person_id: int | None = None,
) -> None:
    """Let this be sent, once the transaction is committed. Without a receiver, to the queue's."""
    insert(
        Outgoing,
        uid=secrets.token_hex(16),
        queue=queue,
        kind=kind,
        receiver=receiver or queue,
        line=line,
        site_id=site_id,
        person_id=person_id,
        facts=facts,
        created_at=now,
        due_at=now,
    )
    _wake_later(queue)


def _wake_later(queue: str) -> None:
    db.session.info.setdefault("outgoing", set()).add(queue)


def claim(queue: str, now: datetime) -> Claimed | None:
    """The next that is due and whose receiver does not rest, for nobody else meanwhile."""
    return _claimed(Outgoing.queue == queue, now)


def claim_of(receiver: str, now: datetime) -> Claimed | None:
    """The same for one receiver, so that nobody else's rows have to be passed over."""
    return _claimed(Outgoing.receiver == receiver, now)


def _claimed(which: sa.ColumnElement[bool], now: datetime) -> Claimed | None:
    row = db.session.scalar(
        sa.select(Outgoing)
        .where(
            which,
            Outgoing.died_at.is_(None),
            Outgoing.due_at <= now,
            ~rests(now),
            ~_is_behind_another(),
        )
        .order_by(Outgoing.due_at, Outgoing.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Outgoing)
    )
    if row is None:
        return None
    row.due_at, row.tries = now + CLAIM, row.tries + 1
    db.session.flush()
    return Claimed(row.id, row.uid, row.kind, row.created_at, row.receiver, dict(row.facts))


def rests(now: datetime) -> sa.Exists:
    """Whether nobody tries to reach the receiver of a row."""
    return sa.exists().where(Receiver.name == Outgoing.receiver, Receiver.rests_until > now)


def _is_behind_another() -> sa.ColumnElement[bool]:
    first = sa.orm.aliased(Outgoing)
    earlier = sa.exists().where(
        first.line == Outgoing.line, first.id < Outgoing.id, first.died_at.is_(None)
    )
    return sa.and_(Outgoing.line.is_not(None), earlier)


def sent(claimed: Claimed) -> None:
    """It arrived, or nobody wants it any more."""
    db.session.execute(sa.delete(Outgoing).where(Outgoing.id == claimed.id))
    db.session.execute(sa.delete(Receiver).where(Receiver.name == claimed.receiver))


def failed(claimed: Claimed, words: str, now: datetime) -> None:
    """Not now: it is tried again, later each time, and for two days at most."""
    row = _held(claimed.id)
    if row is not None:
        _put_off(row, words, now)


def _put_off(row: Outgoing, words: str, now: datetime) -> None:
    row.words = words[:LONGEST_WORDS]
    if now - row.created_at > PATIENCE:
        row.died_at = now
    else:
        row.due_at = now + min(FIRST_WAIT * 2 ** min(row.tries - 1, 10), LONGEST_WAIT)
    db.session.flush()


def untold(id: int, words: str, now: datetime) -> None:
    """What nobody claimed could not be dealt with: later again, as after a try."""
    row = _held(id)
    if row is not None:
        row.tries += 1
        _put_off(row, words, now)


def unreachable(claimed: Claimed, words: str, now: datetime) -> None:
    """Its receiver can't be reached: after some times, nobody tries for a while."""
    failed(claimed, words, now)
    receiver = db.session.get(Receiver, claimed.receiver, with_for_update=True)
    if receiver is None:
        receiver = Receiver(name=claimed.receiver, failures=0, rests_until=now)
        db.session.add(receiver)
    receiver.failures += 1
    if receiver.failures >= FAILURES:
        rest = FIRST_REST * 2 ** min(receiver.failures - FAILURES, 10)
        receiver.rests_until = now + min(rest, LONGEST_REST)
    db.session.flush()


def died(claimed: Claimed, words: str, now: datetime) -> None:
    """It was refused for good, in these words."""
    row = _held(claimed.id)
    if row is not None:
        row.words, row.died_at = words[:LONGEST_WORDS], now
        db.session.flush()


def again(row: Outgoing, now: datetime) -> None:
    """Somebody looked at what died, and wants it tried as if it were new."""
    row.created_at = row.due_at = now
    row.tries, row.died_at = 0, None
    db.session.flush()
    _wake_later(row.queue)


def wake(receiver: str) -> None:
    """Somebody says that this receiver can be reached again."""
    db.session.execute(sa.delete(Receiver).where(Receiver.name == receiver))


def drop(receiver: str) -> None:
    """Send this receiver nothing of what waits."""
    alive = sa.and_(Outgoing.receiver == receiver, Outgoing.died_at.is_(None))
    db.session.execute(sa.delete(Outgoing).where(alive))


def forget(person_id: int) -> None:
    """Send this person nothing any more."""
    db.session.execute(sa.delete(Outgoing).where(Outgoing.person_id == person_id))


def overdue(now: datetime, patience: timedelta) -> datetime | None:
    """Since when something waits for a worker, if it does for longer than any is patient."""
    return db.session.scalar(
        sa.select(sa.func.min(Outgoing.due_at)).where(
            Outgoing.died_at.is_(None),
            Outgoing.due_at <= now - patience,
            ~rests(now),
            ~_is_behind_another(),
        )
    )


def forget_those(queue: str, kind: str, is_unwanted: Callable[[dict[str, Any]], bool]) -> None:
    """Send none of these any more, of which no person was known when they were added."""
    for is_over in (Outgoing.died_at.is_(None), Outgoing.died_at.is_not(None)):
        rows = db.session.execute(
            sa.select(Outgoing.id, Outgoing.facts).where(
                Outgoing.queue == queue, Outgoing.kind == kind, is_over
            )
        )
        ids = [id for id, facts in rows if is_unwanted(facts)]
        db.session.execute(sa.delete(Outgoing).where(Outgoing.id.in_(ids)))


def dead(queue: str) -> sa.Select[Outgoing]:
    """What could not be sent."""
    return sa.select(Outgoing).where(Outgoing.queue == queue, Outgoing.died_at.is_not(None))


def page(dead: sa.Select[Outgoing], after: str | None, size: int) -> paging.Page[Outgoing]:
    """Some of what could not be sent, the last first."""
    select = paging.by_moment(
        dead,
        (Outgoing.died_at, Outgoing.id),
        newest=True,
        after=after,
        size=size,
    )
    return paging.read(
        select, size, lambda row: paging.moment_cursor(row.died_at or row.due_at, row.id)
    )


def sweep(now: datetime) -> bool:
    """Forget what died long ago; whether there may be more."""
    dead = (
        sa.select(Outgoing.id)
        .where(Outgoing.died_at < now - DEAD_KEPT)
        .order_by(Outgoing.died_at)
        .limit(SWEPT_AT_ONCE)
    )
    ids = db.session.scalars(dead).all()
    db.session.execute(sa.delete(Outgoing).where(Outgoing.id.in_(ids)))
    return len(ids) == SWEPT_AT_ONCE


def sweep_receivers(now: datetime) -> bool:
    """Forget who could not be reached, where nothing was to be sent there for as long as anything
    is tried; whether there may be more."""
    is_over = Receiver.rests_until < now - PATIENCE
    names = db.session.scalars(sa.select(Receiver.name).where(is_over).limit(SWEPT_AT_ONCE)).all()
    db.session.execute(sa.delete(Receiver).where(Receiver.name.in_(names), is_over))
    return len(names) == SWEPT_AT_ONCE


def _held(id: int) -> Outgoing | None:
    return db.session.get(Outgoing, id, with_for_update=True)

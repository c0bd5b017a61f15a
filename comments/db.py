"""The database: one session, one kind of time, and the one place that commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import orjson
import sqlalchemy as sa
from flask_babel import gettext as _
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import event, orm
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from comments.errors import Busy
from comments.turns import TicketLock

T = TypeVar("T")
AnySelect = sa.Select[*tuple[Any, ...]]
AnyResult = sa.CursorResult[*tuple[Any, ...]]
AnyRow = sa.Row[*tuple[Any, ...]]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

TRIES = 3
LOCK_SECONDS = 20.0
# SQLite's: so that nobody else writes between what is read and what is written.
BEGIN_WRITING = "BEGIN IMMEDIATE"
# What is written goes from SQLite's log into the database file after so many pages, 16 MB of them:
# the later, the more often a page is written there once for many changes.
WAL_PAGES = 4_000
# States of PostgreSQL: two transactions crossed, waited for each other, made the same row, or one
# waited for the other for too long.
SERIALISATION, DEADLOCK, DOUBLE, HELD_UP = "40001", "40P01", "23505", "55P03"


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC in and out. SQLite keeps it as text of one width, so that it sorts."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _moment_text if dialect.name == "sqlite" else _moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _moment_of if dialect.name == "sqlite" else _moment


def _moment(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _moment_text(value: datetime | None) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.isoformat(" ", "microseconds")[: -len("+00:00")]


def _moment_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def bytewise(length: int) -> sa.String:
    """Text that compares as bytes on every engine: keys, paths, addresses."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


# 64 bits everywhere; SQLite only numbers a column that is called INTEGER by itself.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Base(orm.DeclarativeBase):
    registry = orm.registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UtcDateTime(), dict[str, Any]: sa.JSON(), int: Id},
    )


M = TypeVar("M", bound=Base)


class _Session(Session):
    """There is one database, so nothing is to be found out before each statement."""

    def get_bind(self, *_args: Any, **_options: Any) -> Engine:
        return db.engine


db = SQLAlchemy(model_class=Base, session_options={"class_": _Session, "expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def upsert(model: type[Base] | sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the dialect of this database."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return dialect.insert(model)


# Past the unit of work, which costs several times as much as the statement that it sends. What it
# still holds back is not sent before.


def fetch(select: AnySelect, asked: Mapping[str, Any] | None = None) -> AnyResult:
    """The rows of a select of columns. Records are for the session to find."""
    return connection().execute(select, asked)


def connection() -> sa.Connection:
    """That of the session's transaction. Every statement asks, and a session takes long to tell."""
    session = db.session()
    found: sa.Connection | None = session.info.get("connection")
    if found is None or found.closed:
        found = session.info["connection"] = session.connection()
    return found


def table(model: type[Base]) -> sa.Table:
    return cast("sa.Table", model.__table__)


def taken(model: type[M], values: Sequence[Any]) -> M:
    """The record with an `id` of which all columns were just read; none of them is read again.

    What the session knew of it before, and what was set and not yet stored, gives way.
    """
    here = dict(zip(_attributes(model), values, strict=True))
    record = held(model, here["id"])
    if record is None:
        return attached(model, here)
    state = orm.attributes.instance_state(record)
    state.dict.update(here)
    state._commit_all(state.dict)  # as the ORM does with what it reads again
    return record


def held(model: type[M], id: int) -> M | None:
    """The record that the session has of this `id`, whatever is known of it."""
    key = model.__mapper__.identity_key_from_primary_key((id,))
    return cast("M | None", db.session.identity_map.get(key))


def attached(model: type[M], values: Mapping[str, Any]) -> M:
    """A record of the session, as if these values of its attributes had just been read.

    It comes to be as one that the ORM loads, without what adding one to a session looks for.
    """
    session, mapper = db.session(), model.__mapper__
    record = cast("M", mapper.class_manager.new_instance())
    state = orm.attributes.instance_state(record)
    state.dict.update(values)
    state.key = mapper.identity_key_from_primary_key((values["id"],))
    state.session_id = session.hash_key
    session.identity_map.replace(state)
    return record


def identity(record: Base) -> int:
    """The `id` of a record, also when the rest of it has to be read again."""
    (id,) = orm.attributes.instance_state(record).identity or (None,)
    return cast(int, id)


def known(record: Base, **values: Any) -> None:
    """Take these values of a record for those that are stored."""
    for name, value in values.items():
        orm.attributes.set_committed_value(record, name, value)


@cache
def _attributes(model: type[Base]) -> list[str]:
    """By what name a record knows each column of its table."""
    mapper = sa.inspect(model)
    return [mapper.get_property_by_column(column).key for column in table(model).c]


def engine_options(url: str) -> dict[str, Any]:
    either: dict[str, Any] = {
        # Parameters hold what people typed; an error that is logged must not.
        "hide_parameters": True,
        "json_serializer": _json,
        "json_deserializer": orjson.loads,
    }
    if url.startswith("sqlite"):
        return {
            **either,
            # Those beyond it are opened anew each time, which costs as much as half a post.
            "pool_size": 15,
            # The one that was used last knows most of what is in the file.
            "pool_use_lifo": True,
            "connect_args": {"timeout": LOCK_SECONDS},
        }
    return {
        **either,
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 20,
        "pool_timeout": 5,
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_writers = TicketLock()
_writing: ContextVar[bool] = ContextVar("writing", default=False)


def transaction(act: Callable[[], T]) -> T:
    """Do `act` in one write transaction and commit it: the only commit in the code.

    What was read before is read again inside, under the lock. A serialisation failure, a deadlock
    or a row that another made just now is tried again, so `act` may run more than once. Raises
    Busy when the database could not take the write in time.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return _once(act)
        except DBAPIError as error:
            if _is_held_up(error) or (_is_passing(error) and attempt == TRIES):
                words = _("The service is busy. Nothing was stored; please try again.")
                raise Busy(words) from error
            if not _is_passing(error) and not (_is_double(error) and attempt < TRIES):
                raise
    raise AssertionError("unreachable")


def _once(act: Callable[[], T]) -> T:
    kept = _end_reading()
    with _write_lock():
        mark = _writing.set(True)
        try:
            if kept is not None:
                _begin_writing(kept)
            result = act()
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            _writing.reset(mark)
    return result


def _end_reading() -> sa.Connection | None:
    """End the transaction of what was read, and forget that. SQLite's connection is kept for the
    next one, where nothing was begun that the session would have to undo."""
    session = db.session()
    here: sa.Connection | None = session.info.get("connection")
    is_kept = (
        here is not None
        and not here.closed
        and not here.invalidated
        and here.dialect.name == "sqlite"
        and not (session.new or session.dirty or session.deleted)
    )
    if is_kept and here is not None:
        here.dialect.do_rollback(here.connection)
    else:
        session.rollback()
    session.expire_all()
    return here if is_kept else None


def _begin_writing(here: sa.Connection) -> None:
    """What SQLAlchemy does, without what it does around every statement."""
    try:
        _begin(here.connection)
    except sqlite3.OperationalError as error:
        raise OperationalError(BEGIN_WRITING, None, error) from error


@contextmanager
def _write_lock() -> Iterator[None]:
    if db.engine.dialect.name != "sqlite":
        yield
        return
    with _writers.held(LOCK_SECONDS):
        yield


def _is_passing(error: DBAPIError) -> bool:
    return _state(error) in (SERIALISATION, DEADLOCK)


def _is_double(error: DBAPIError) -> bool:
    """Another made the very row in the same moment, which a second look will find."""
    return _state(error) == DOUBLE


def _is_held_up(error: DBAPIError) -> bool:
    """The wait for a lock is over already; to begin it anew would only make it longer."""
    locked = isinstance(error, OperationalError) and "database is locked" in str(error.orig)
    return locked or _state(error) == HELD_UP


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def watch(engine: Engine) -> None:
    """Make SQLite durable, strict about foreign keys, and honest about when it begins."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _connected)
    # Not by an event: where there is any for connections, each statement looks for all of them.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign,assignment]


def _connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # or the driver guesses when to begin, and loses updates
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"wal_autocheckpoint={WAL_PAGES}",
        "foreign_keys=ON",
        f"busy_timeout={int(LOCK_SECONDS * 1000)}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    connection.execute(BEGIN_WRITING if _writing.get() else "BEGIN")

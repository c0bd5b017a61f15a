"""Statements that every post sends: compiled once, and given to the driver past SQLAlchemy, whose
execution and results cost several times as much as what the database does for them.

Its types, its transactions and its errors are kept, and whoever counts statements at the dialect
counts these. Its events are not sent.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from comments.db import Base, attached, connection, identity, known, table

T = TypeVar("T")
M = TypeVar("M", bound=Base)
Statement = sa.Select[*tuple[Any, ...]] | sa.UpdateBase
Convert = Callable[[Any], Any]

SQLITE = "sqlite"


class Prepared:
    """A statement to be sent again and again, each time with values by name.

    `names` are the columns that an INSERT or UPDATE sets. None of its values may be a list.
    """

    def __init__(self, statement: Statement, names: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._names = None if names is None else list(names)
        self._forms: dict[str, _Form] = {}

    def rows(self, **values: Any) -> list[Any]:
        """The rows of a select, each a tuple with names."""
        here = connection()
        form = self._form(here.dialect)
        return [form.row(row) for row in form.send(here, values, _fetched)]

    def row(self, **values: Any) -> Any:
        """The only row of a select, or None."""
        rows = self.rows(**values)
        return rows[0] if rows else None

    def send(self, **values: Any) -> None:
        here = connection()
        self._form(here.dialect).send(here, values, _done)

    def inserted(self, **values: Any) -> int:
        """Store a row; the answer is its `id`."""
        here = connection()
        form = self._form(here.dialect)
        return form.send(here, values, _numbered if form.has_lastrowid else _returned)

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, dialect, self._names)
        return form


class _Form:
    """What a statement is for one driver."""

    def __init__(self, statement: Statement, dialect: Dialect, names: list[str] | None) -> None:
        self.has_lastrowid = dialect.name == SQLITE
        if isinstance(statement, sa.Insert) and not self.has_lastrowid:
            statement = statement.returning(*_id(statement))
        compiled = statement.compile(dialect=dialect, column_keys=names)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self._errors = cast(Any, dialect).loaded_dbapi.Error
        places = compiled.positiontup
        self._keys = list(compiled.binds) if places is None else None
        binds = [compiled.binds[name] for name in places or compiled.binds]
        self._names = [bind.key for bind in binds]
        self._given_to = _converted(_to_driver(bind.type, dialect) for bind in binds)
        # What is always the same, by its name.
        self._fixed = {bind.key: bind.effective_value for bind in binds if not bind.required}
        columns = statement.selected_columns if isinstance(statement, sa.Select) else None
        self._got_from = _converted(_from_driver(column.type, dialect) for column in columns or ())
        keys = columns.keys() if columns else []
        self._row: Any = namedtuple("Row", keys, rename=True)  # type: ignore[misc]

    def row(self, values: Any) -> Any:
        return self._row._make(_convert(self._got_from, list(values)))

    def send(self, here: sa.Connection, values: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        """Send it in the transaction of this connection, and read the answer off the cursor."""
        cursor: Any = None
        try:
            cursor = here.connection.cursor()
            here.dialect.do_execute(cursor, self.sql, self._given(values))
            answer = read(cursor)
            cursor.close()
        except self._errors as error:
            raise self._told(here, cursor, error) from error
        return answer

    def _given(self, values: Mapping[str, Any]) -> Any:
        known = {**self._fixed, **values} if self._fixed else values
        given = _convert(self._given_to, [known[name] for name in self._names])
        return given if self._keys is None else dict(zip(self._keys, given, strict=True))

    def _told(self, here: sa.Connection, cursor: Any, error: Exception) -> BaseException:
        """The error as SQLAlchemy would raise it. What people typed is not in it."""
        is_lost = here.dialect.is_disconnect(cast(Any, error), here.connection, cursor)
        if is_lost:
            here.invalidate(error)
        return DBAPIError.instance(
            self.sql,
            None,
            error,
            self._errors,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=here.dialect,
        )


def _fetched(cursor: Any) -> list[Any]:
    return cast("list[Any]", cursor.fetchall())


def _done(_cursor: Any) -> None:
    pass


def _numbered(cursor: Any) -> int:
    return cast(int, cursor.lastrowid)


def _returned(cursor: Any) -> int:
    return cast(int, cursor.fetchone()[0])


def _to_driver(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return type_.dialect_impl(dialect).result_processor(dialect, None)


def _converted(each: Iterable[Convert | None]) -> list[tuple[int, Convert]]:
    """Which values are told otherwise to or by the driver, by their place; most are not."""
    return [(place, convert) for place, convert in enumerate(each) if convert is not None]


def _convert(those: list[tuple[int, Convert]], values: list[Any]) -> list[Any]:
    for place, convert in those:
        values[place] = convert(values[place])
    return values


def _id(statement: sa.Insert) -> list[sa.Column[int]]:
    """What a driver that does not number rows by itself has to give back."""
    return [column for column in cast("sa.Table", statement.table).c if column.key == "id"]


def insert(model: type[Base], **values: Any) -> None:
    """Store a row at once. Columns that are not given get their defaults."""
    _insert(model).send(**_defaults(model) | values)


def stored(model: type[M], **values: Any) -> M:
    """Store a row with an `id` at once; the answer is its record, as if it had been read."""
    whole = _defaults(model) | values
    id = _insert(model).inserted(**whole)
    return attached(model, {**whole, "id": id})


def change(record: Base, **values: Any) -> None:
    """Store these values of a record with an `id` at once; nothing else of it."""
    _update(type(record), tuple(values)).send(record=identity(record), **values)
    known(record, **values)


@cache
def _insert(model: type[Base]) -> Prepared:
    return Prepared(sa.insert(table(model)), _defaults(model))


@cache
def _update(model: type[Base], names: tuple[str, ...]) -> Prepared:
    here = sa.update(table(model)).where(table(model).c.id == sa.bindparam("record"))
    return Prepared(here, names)


@cache
def _defaults(model: type[Base]) -> dict[str, Any]:
    columns = [column for column in table(model).c if column.key != "id"]
    return {column.key: getattr(column.default, "arg", None) for column in columns}

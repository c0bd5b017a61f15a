"""Many rows into tables, in the ways of each engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.schema import ScalarElementColumnDefault as Scalar

from comments.db import Model, db, transaction

Row = dict[str, Any]
Rows = dict[type[Model], list[Row]]


def first_numbers(models: Sequence[type[Model]]) -> dict[type[Model], int]:
    """Ids that nobody has. Whoever writes meanwhile waits, so that nobody takes them."""
    if _on_postgresql():
        tables = ", ".join(model.__tablename__ for model in models)
        db.session.execute(sa.text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
    return {model: 1 + (db.session.scalar(_highest(model)) or 0) for model in models}


def go_on_numbering(models: Sequence[type[Model]]) -> None:
    """SQLite sees by itself which ids are taken."""
    if _on_postgresql():
        for model in models:
            sequence = sa.func.pg_get_serial_sequence(model.__tablename__, "id")
            highest = _highest(model).scalar_subquery()
            db.session.execute(sa.select(sa.func.setval(sequence, highest)))


def insert(rows: Rows) -> None:
    if _on_postgresql():
        # Foreign keys are checked by plans that may be from when the tables were small.
        db.session.execute(sa.text("DISCARD PLANS"))
    for model, made in rows.items():
        table = db.metadata.tables[model.__tablename__]
        if _on_postgresql():
            _copy(table, made)
        else:
            db.session.execute(sa.insert(table), made)


def _copy(table: sa.Table, rows: Sequence[Row]) -> None:
    """What INSERT does, several times as fast; COPY knows no defaults of the model."""
    usual = {c.name: c.default.arg for c in table.c if isinstance(c.default, Scalar)}
    columns = [c for c in table.c if c.name in rows[0] or c.name in usual]
    names = ", ".join(column.name for column in columns)
    kept = [(column.name, _keeping(column)) for column in columns]
    driver: Any = db.session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            full = usual | row
            copy.write_row([keep(full[name]) for name, keep in kept])


def _keeping(column: sa.Column[Any]) -> Callable[[Any], Any]:
    """What turns a value into one that the driver knows."""
    dialect = db.engine.dialect
    return column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


def analyse() -> None:
    """Tell the database how much there is of what: else it plans as for empty tables."""
    transaction(lambda: db.session.execute(sa.text("ANALYZE")))


def _highest(model: type[Model]) -> sa.Select[tuple[int | None]]:
    return sa.select(sa.func.max(model.__table__.c.id))


def _on_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"

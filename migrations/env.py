"""Runs migrations against the app's own database."""

from typing import Any

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db
extra = current_app.extensions["migrate"].configure_args


def plain_types(kind: str, value: Any, autogen: Any) -> str | bool:
    """Write the types of the day, not ours: a migration stands alone."""
    if kind == "type" and type(value).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_item=plain_types,
            **extra,
        )
        with context.begin_transaction():
            context.run_migrations()


run()

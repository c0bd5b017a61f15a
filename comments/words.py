"""Columns that hold one word of a short list."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa


def word(kind: type[StrEnum], name: str | None = None) -> sa.Enum:
    """A column type for the members of `kind`, stored as words, checked by the database."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=16,
        name=name or kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )

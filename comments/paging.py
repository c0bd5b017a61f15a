"""Pages by keyset: where the last one ended, not how many to skip."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import clock
from comments.db import AnySelect, db
from comments.errors import Fault, Invalid

T = TypeVar("T")
S = TypeVar("S", bound=AnySelect)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor behind them, or None at the end."""

    rows: Sequence[T]
    after: str | None


def encode(*parts: str) -> str:
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def decode(cursor: str, parts: int) -> list[str]:
    """The parts of a cursor. Raises Invalid when it is none of ours."""
    found = _parts(cursor)
    if len(found) != parts:
        raise invalid_cursor()
    return found


def _parts(cursor: str) -> list[str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\n")
    except (binascii.Error, ValueError):
        raise invalid_cursor() from None


def kind(cursor: str) -> str:
    """The first part of a cursor, by which some are told apart."""
    return _parts(cursor)[0]


def rank_cursor(rank: int, id: int) -> str:
    return encode("top", str(rank), str(id))


def rank_of(cursor: str) -> tuple[int, int]:
    name, *numbers = decode(cursor, 3)
    if name != "top" or not all(number.isascii() and number.isdigit() for number in numbers):
        raise invalid_cursor()
    rank, id = map(int, numbers)
    if max(rank, id) >= 2**63:
        raise invalid_cursor()
    return rank, id


def invalid_cursor() -> Invalid:
    message = _("This page address is damaged. Start again from the first page.")
    return Invalid(message, [Fault("after", "cursor", message)])


def moment_cursor(moment: datetime, id: int) -> str:
    return encode(moment.isoformat(), str(id))


def moment_of(cursor: str) -> tuple[datetime, int]:
    stamp, id = decode(cursor, 2)
    try:
        moment = datetime.fromisoformat(stamp)
        number = int(id)
    except ValueError:
        raise invalid_cursor() from None
    if moment.tzinfo is None or not clock.is_within_reach(moment) or not 0 <= number < 2**63:
        raise invalid_cursor()
    return moment, number


def by_moment(
    select: S,
    columns: tuple[Any, Any],
    *,
    newest: bool,
    after: str | None,
    size: int,
) -> S:
    """Order by (moment, id), begin behind the cursor, and read one row more than a page."""
    moment, id = columns
    if after:
        stamp, number = moment_of(after)
        place = sa.tuple_(sa.literal(stamp, moment.type), sa.literal(number, id.type))
        here = sa.tuple_(moment, id)
        select = select.where(here < place if newest else here > place)
    order = (moment.desc(), id.desc()) if newest else (moment, id)
    return select.order_by(*order).limit(size + 1)


def cut(rows: Sequence[T], size: int, cursor: Callable[[T], str]) -> Page[T]:
    """The page of a list that was read one row too far."""
    more = len(rows) > size
    shown = rows[:size]
    return Page(shown, cursor(shown[-1]) if more else None)


def read(select: sa.Select[T], size: int, cursor: Callable[[T], str]) -> Page[T]:
    return cut(db.session.scalars(select).all(), size, cursor)

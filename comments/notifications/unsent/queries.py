"""Finding the letters of a site that could not be sent, and to whom they were to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from comments import mail, outbox, paging
from comments.accounts.models import User
from comments.db import db
from comments.outbox import Outgoing
from comments.sites.models import Invitation, Site

PAGE = 30


@dataclass(frozen=True, slots=True)
class Unsent:
    """A letter, and the address that it was for, if that is still known."""

    row: Outgoing
    to: str | None


def of(site: Site) -> sa.Select[Outgoing]:
    """Those of this site."""
    return outbox.dead(mail.QUEUE).where(Outgoing.site_id == site.id)


def page(site: Site, after: str | None) -> paging.Page[Unsent]:
    """Some of them, the last first."""
    found = outbox.page(of(site), after, PAGE)
    return paging.Page(_addressed(found.rows), found.after)


def _addressed(rows: Sequence[Outgoing]) -> list[Unsent]:
    people = _emails(User, {row.person_id for row in rows})
    invited = _emails(Invitation, {row.facts.get("invitation") for row in rows})
    return [
        Unsent(
            row,
            row.facts.get("email")
            or people.get(row.person_id)
            or invited.get(row.facts.get("invitation")),
        )
        for row in rows
    ]


def _emails(model: type[User | Invitation], ids: set[int | None]) -> dict[int | None, str | None]:
    known = ids - {None}
    if not known:
        return {}
    return dict(
        db.session.execute(sa.select(model.id, model.email).where(model.id.in_(known))).all()
    )

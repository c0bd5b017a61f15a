"""Finding receivers, and what was sent to them."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import paging
from comments.db import AnySelect, db, identity
from comments.errors import NotFound
from comments.hooks.models import Delivery, Hook
from comments.sites.models import Site

PAGE = 30


def of(site: Site) -> sa.Select[Hook]:
    return sa.select(Hook).where(Hook.site_id == site.id).order_by(Hook.id)


def told(sites: AnySelect) -> sa.Select[Hook]:
    """The receivers that are told of what happens on these sites."""
    return sa.select(Hook).where(Hook.site_id.in_(sites), Hook.stopped_at.is_(None))


def the_hook(site: Site, id: int) -> Hook:
    """A receiver of this site. Raises NotFound."""
    found = db.session.scalar(of(site).where(Hook.id == id))
    if found is None:
        raise _gone()
    return found


def hold(hook: Hook) -> None:
    """Read a receiver afresh, and let nobody change it before this transaction is over. Raises
    NotFound where it was removed meanwhile."""
    held = sa.select(Hook).where(Hook.id == identity(hook)).with_for_update()
    if db.session.scalar(held.execution_options(populate_existing=True)) is None:
        raise _gone()


def deliveries(hook: Hook, after: str | None) -> paging.Page[Delivery]:
    """What was sent to a receiver, the last first."""
    select = paging.by_moment(
        sa.select(Delivery).where(Delivery.hook_id == hook.id),
        (Delivery.created_at, Delivery.id),
        newest=True,
        after=after,
        size=PAGE,
    )
    return paging.read(select, PAGE, lambda row: paging.moment_cursor(row.created_at, row.id))


def the_delivery(site: Site, id: int) -> Delivery:
    """Something that was sent, or will be, to a receiver of this site. Raises NotFound."""
    found = db.session.get(Delivery, id)
    if found is None or found.site_id != site.id:
        raise NotFound(_("This is not kept any more."))
    return found


def _gone() -> NotFound:
    return NotFound(_("There is no such receiver any more."))

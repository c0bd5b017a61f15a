"""Setting up receivers: where they are, what they are told, and the secret that signs it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit, outbox, outward, sealing
from comments.accounts.models import User
from comments.db import db, identity
from comments.errors import Conflict
from comments.hooks import queries, signing
from comments.hooks.forms import EditedHook, NewHook
from comments.hooks.models import Delivery, Format, Hook
from comments.logs import log
from comments.sites import access
from comments.sites.models import ADMINS, Site

MOST = 10


def add(site: Site, form: NewHook, by: User | None, now: datetime) -> tuple[Hook, str | None]:
    """A new receiver, with the secret that is shown once; a chat checks none and has none.

    Raises Conflict where there are as many as a site may have. All of these raise Forbidden where
    `by` is no admin (any more), and NotFound where the receiver was removed meanwhile.
    """
    db.session.refresh(site, with_for_update={"of": Site, "key_share": True})
    access.check(site.id, by, ADMINS)
    known = sa.select(sa.func.count()).select_from(Hook).where(Hook.site_id == site.id)
    if (db.session.scalar(known) or 0) >= MOST:
        raise Conflict(_("Ten receivers are the most."), code="ten-hooks")
    secret = signing.new_secret() if form.format is Format.JSON else None
    hook = Hook(site_id=site.id, format=form.format, created_at=now)
    hook.secret = sealing.seal(secret.encode()) if secret else None
    _set(hook, form)
    db.session.add(hook)
    db.session.flush()
    _note("hook", hook, by, now)
    return hook, secret


def change(hook: Hook, form: EditedHook, by: User | None, now: datetime) -> None:
    _hold(hook, by)
    if form.url != address_of(hook):
        outbox.wake(hook.receiver)
    _set(hook, form)
    db.session.flush()
    _note("hook-changed", hook, by, now)


def remove(hook: Hook, by: User | None, now: datetime) -> None:
    """Nothing that waits for it is sent any more."""
    _hold(hook, by)
    _note("hook-removed", hook, by, now)
    outbox.wake(hook.receiver)
    outbox.drop(hook.receiver)
    db.session.execute(sa.delete(Delivery).where(Delivery.hook_id == hook.id))
    db.session.execute(sa.delete(Hook).where(Hook.id == identity(hook)))


def start(hook: Hook, by: User | None, now: datetime) -> None:
    """Tell a receiver again that had said it is gone."""
    _hold(hook, by)
    hook.stopped_at = None
    outbox.wake(hook.receiver)
    db.session.flush()
    _note("hook-started", hook, by, now)


def make_secret(hook: Hook, by: User | None, now: datetime) -> str:
    """A fresh secret, shown once. Until the older one is retired, both sign.

    Raises Conflict where there are two.
    """
    _hold(hook, by)
    if hook.secret is None:
        raise Conflict(_("A chat checks no signature."), code="no-secret")
    if hook.older_secret is not None:
        message = _("Two secrets are the most. Retire the older one first.")
        raise Conflict(message, code="two-secrets")
    secret = signing.new_secret()
    hook.secret, hook.older_secret = sealing.seal(secret.encode()), hook.secret
    db.session.flush()
    _note("hook-secret", hook, by, now)
    return secret


def retire_secret(hook: Hook, by: User | None, now: datetime) -> None:
    """Sign with the fresh secret alone; nothing happens where there is no older one."""
    _hold(hook, by)
    if hook.older_secret is not None:
        hook.older_secret = None
        db.session.flush()
        _note("hook-secret-retired", hook, by, now)


def address_of(hook: Hook) -> str:
    """Where it is; nothing if that was sealed under another secret key of the service."""
    try:
        return sealing.unseal(hook.address).decode()
    except sealing.Unreadable:
        log.warning("an address was sealed under another secret key", hook=hook.id)
        return ""


def secrets_of(hook: Hook) -> list[str]:
    """The secrets that sign, the fresh one first. Raises sealing.Unreadable."""
    sealed = [each for each in (hook.secret, hook.older_secret) if each]
    return [sealing.unseal(each).decode() for each in sealed]


def _hold(hook: Hook, by: User | None) -> None:
    queries.hold(hook)
    access.check(hook.site_id, by, ADMINS)


def _set(hook: Hook, form: EditedHook) -> None:
    hook.address = sealing.seal(form.url.encode())
    hook.host = outward.parts(form.url).netloc[:300]
    hook.events = form.events


def _note(act: str, hook: Hook, by: User | None, now: datetime) -> None:
    by_id = by.id if by else None
    facts = {"hook": hook.id, "host": hook.host, "events": hook.events}
    audit.record(act, now=now, by_id=by_id, site_id=hook.site_id, **facts)

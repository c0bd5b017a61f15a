"""What a transaction changed of what pages show, told once it is committed.

In this process by the signal `committed`; where the database is PostgreSQL also by a NOTIFY of the
same transaction, so that other processes may hear of it. Ids only, never a text.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from blinker import Signal
from flask import Flask
from sqlalchemy import event

from comments.db import db

CHANNEL = "comments"
# The payload of a NOTIFY is less than 8,000 bytes; whoever changes more has changed everything.
MOST = 300

# Sender: the Changes.
committed = Signal("Sent after a commit.")

# By process id, since a process that is forked is another one.
_marks: dict[int, str] = {}


@dataclass(slots=True)
class Changes:
    """The articles and the sites of which something is drawn anew; or just everything."""

    articles: set[int] = field(default_factory=set)
    sites: set[int] = field(default_factory=set)
    everything: bool = False

    def payload(self) -> str:
        told: dict[str, Any] = {"by": _mark()}
        if self.everything or len(self.articles) + len(self.sites) > MOST:
            return json.dumps({**told, "everything": True})
        return json.dumps({**told, "articles": sorted(self.articles), "sites": sorted(self.sites)})


def read(payload: str) -> Changes | None:
    """What another process told. What this one told it knew long before."""
    given = json.loads(payload)
    if given.get("by") == _mark():
        return None
    return Changes(
        set(given.get("articles", ())), set(given.get("sites", ())), given.get("everything", False)
    )


def _mark() -> str:
    """By what others tell this process from themselves, on whichever machine it runs."""
    return _marks.setdefault(os.getpid(), secrets.token_hex(8))


def article(id: int) -> None:
    """Something that everybody sees of this article changes in this transaction."""
    _noted().articles.add(id)


def site(id: int) -> None:
    """Something that is drawn on every page of this site changes in this transaction."""
    _noted().sites.add(id)


def everything() -> None:
    """More changes than is worth being told one by one."""
    _noted().everything = True


def init_app(app: Flask) -> None:
    with app.app_context():
        session: Any = db.session
        if not event.contains(session, "after_commit", _tell):
            event.listen(session, "before_commit", _notify)
            event.listen(session, "after_commit", _tell)
            event.listen(session, "after_rollback", _forget)


def _noted() -> Changes:
    noted: Changes = db.session.info.setdefault("changes", Changes())
    return noted


def _notify(session: Any) -> None:
    noted = session.info.get("changes")
    if noted is not None and session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_notify(CHANNEL, noted.payload())))


def _tell(session: Any) -> None:
    noted = session.info.pop("changes", None)
    if noted is not None:
        committed.send(noted)


def _forget(session: Any) -> None:
    session.info.pop("changes", None)

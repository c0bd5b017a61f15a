"""The records of webhooks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from comments.db import Model, bytewise
from comments.words import word

LONGEST_ANSWER = 200


class Event(StrEnum):
    """What a receiver may be told of; a test only if somebody asks for it."""

    PUBLISHED = "published"
    REJECTED = "rejected"
    REPORTED = "reported"
    DECIDED = "decided"
    ACCOUNT_DELETED = "account-deleted"
    TEST = "test"


class Format(StrEnum):
    """How it is told: as signed JSON, or as a message that Slack and others like it show."""

    JSON = "json"
    SLACK = "slack"


class State(StrEnum):
    """What became of one event for one receiver."""

    WAITING = "waiting"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    DEAD = "dead"


class Hook(Model):
    """A receiver. Its address and its secrets are sealed; `host` says in the open where it is.

    While secrets are changed there are two, and both sign. A receiver that said it is gone is told
    nothing since `stopped_at`.
    """

    __tablename__ = "hooks"
    __table_args__ = (sa.UniqueConstraint("site_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    host: Mapped[str] = mapped_column(sa.String(300))
    address: Mapped[str] = mapped_column(sa.Text())
    format: Mapped[Format] = mapped_column(word(Format))
    events: Mapped[list[str]] = mapped_column(sa.JSON())
    secret: Mapped[str | None] = mapped_column(sa.Text())
    older_secret: Mapped[str | None] = mapped_column(sa.Text())
    created_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]

    @property
    def receiver(self) -> str:
        """By what name the outbox knows it."""
        return f"{RECEIVER}{self.id}"

    def wants(self, event: Event) -> bool:
        return event.value in self.events


RECEIVER = "hook:"


class Delivery(Model):
    """One event for one receiver, and what became of the last try. `message` is the event's own
    id, the same for every receiver and each time; `facts` are ids, of which the body is made when
    it is sent."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "hook_id"], ["hooks.site_id", "hooks.id"]),
        sa.Index("ix_deliveries_hook", "hook_id", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    hook_id: Mapped[int]
    event: Mapped[Event] = mapped_column(word(Event))
    message: Mapped[str] = mapped_column(bytewise(40))
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    state: Mapped[State] = mapped_column(word(State), default=State.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    took: Mapped[int | None]
    status: Mapped[int | None]
    failure: Mapped[str | None] = mapped_column(sa.String(20))
    answer: Mapped[str] = mapped_column(sa.String(LONGEST_ANSWER), default="")

    hook: Mapped[Hook] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_done(self) -> bool:
        return self.state in (State.DELIVERED, State.DEAD)

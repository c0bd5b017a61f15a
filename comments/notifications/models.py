"""The records of telling."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from comments.db import Model, bytewise
from comments.words import word


class Kind(StrEnum):
    """Why somebody hears of a comment, the strongest reason first."""

    DECISION = "decision"
    REPLY = "reply"
    MENTION = "mention"
    THREAD = "thread"


class When(StrEnum):
    """How soon a letter says it. What nobody wants letters of is still listed on the page."""

    AT_ONCE = "at-once"
    HOURLY = "hourly"
    DAILY = "daily"
    NEVER = "never"


# For those who chose nothing.
USUAL = {
    Kind.DECISION: When.AT_ONCE,
    Kind.REPLY: When.AT_ONCE,
    Kind.MENTION: When.AT_ONCE,
    Kind.THREAD: When.HOURLY,
}


class Subscription(Model):
    """Somebody follows what is said about an article."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "article_id"], ["articles.site_id", "articles.id"]),
    )

    article_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    created_at: Mapped[datetime]


class Preference(Model):
    """How soon one person hears by letter of what happens on one site, and in which language.

    Who chose nothing may have no row, and hears as the defaults say, in the site's language.
    `mailed_at` is when the last letter was made, so that the next is not too soon, and `pushed_at`
    when browsers were last told.
    """

    __tablename__ = "preferences"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    decisions: Mapped[When] = mapped_column(word(When, "decisions"), default=USUAL[Kind.DECISION])
    replies: Mapped[When] = mapped_column(word(When, "replies"), default=USUAL[Kind.REPLY])
    mentions: Mapped[When] = mapped_column(word(When, "mentions"), default=USUAL[Kind.MENTION])
    threads: Mapped[When] = mapped_column(word(When, "threads"), default=USUAL[Kind.THREAD])
    language: Mapped[str | None] = mapped_column(sa.String(35))
    mailed_at: Mapped[datetime | None]
    pushed_at: Mapped[datetime | None]

    def of(self, kind: Kind) -> When:
        chosen: When = getattr(self, CHOICE_OF[kind].key)
        return chosen


# What says how soon each kind is mailed.
CHOICE_OF = {
    Kind.DECISION: Preference.decisions,
    Kind.REPLY: Preference.replies,
    Kind.MENTION: Preference.mentions,
    Kind.THREAD: Preference.threads,
}


class Notification(Model):
    """One person hears of one comment, for one reason. `decision_id` is what published it, or what
    was decided about one's own.

    It goes into a letter at `due_at`; all with the same `mailed_at` went into one letter. Browsers
    are told at `push_at`; all with the same `pushed_at` were one message.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["article_id", "comment_id"], ["comments.article_id", "comments.id"]
        ),
        sa.UniqueConstraint("comment_id", "user_id"),
        sa.Index("ix_notifications_person", "user_id", "created_at", "id"),
        sa.Index(
            "ix_notifications_unseen",
            "user_id",
            "site_id",
            "created_at",
            "id",
            sqlite_where=sa.text("seen_at IS NULL"),
            postgresql_where=sa.text("seen_at IS NULL"),
        ),
        sa.Index(
            "ix_notifications_due",
            "due_at",
            "user_id",
            "site_id",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
        sa.Index("ix_notifications_letter", "user_id", "site_id", "mailed_at"),
        sa.Index(
            "ix_notifications_push",
            "push_at",
            "user_id",
            "site_id",
            sqlite_where=sa.text("push_at IS NOT NULL"),
            postgresql_where=sa.text("push_at IS NOT NULL"),
        ),
        sa.Index("ix_notifications_pushed", "user_id", "site_id", "pushed_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    article_id: Mapped[int]
    comment_id: Mapped[int]
    kind: Mapped[Kind] = mapped_column(word(Kind))
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decisions.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    push_at: Mapped[datetime | None]
    pushed_at: Mapped[datetime | None]


class Watch(Model):
    """How soon a moderator hears by letter that something waits on a site.

    A letter is due at `due_at`; who has no row hears as the default says.
    """

    __tablename__ = "watches"
    __table_args__ = (
        sa.Index(
            "ix_watches_due",
            "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
    )

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    waiting: Mapped[When] = mapped_column(word(When, "waiting"), default=When.HOURLY)
    due_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class FeedKey(Model):
    """Whoever has the key, of which the hash is here, reads what this person is answered."""

    __tablename__ = "feed_keys"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    created_at: Mapped[datetime]


class PushSubscription(Model):
    """A browser in which somebody hears: where its push service takes messages (RFC 8030), and the
    keys that only the browser can read them by (RFC 8291). It ends with the session it was made in.

    `failure` says why nothing arrives there since `failing_since`.
    """

    __tablename__ = "push_subscriptions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    session_id: Mapped[int] = mapped_column(
        sa.ForeignKey("sessions.id", ondelete="CASCADE"), unique=True
    )
    endpoint: Mapped[str] = mapped_column(bytewise(1000), unique=True)
    p256dh: Mapped[str] = mapped_column(bytewise(100))
    auth: Mapped[str] = mapped_column(bytewise(30))
    created_at: Mapped[datetime]
    failure: Mapped[str | None] = mapped_column(sa.String(30))
    failing_since: Mapped[datetime | None]

    @property
    def service(self) -> str:
        """The host of the push service, with its port if it names one."""
        return urlsplit(self.endpoint).netloc

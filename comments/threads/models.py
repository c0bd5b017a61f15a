"""The records of talk."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from comments.accounts.models import User
from comments.db import Model, bytewise
from comments.sites.models import Site
from comments.words import word

# A path holds the ids of the drawn ancestors and one's own, eight base-36 digits each.
STEP = 8
DEEPEST = 50
# So many levels are drawn on one page, and so many of them where there is little room.
LEVELS = 6
FEW_LEVELS = 3


class State(StrEnum):
    """Whether an article takes comments, only shows them, or shows nothing."""

    OPEN = "open"
    CLOSED = "closed"
    HIDDEN = "hidden"


class Status(StrEnum):
    PENDING = "pending"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


# What nobody but its author and moderators may see.
OUT = frozenset({Status.REJECTED, Status.WITHDRAWN})


class Act(StrEnum):
    """What was done to a comment."""

    POST = "post"
    EDIT = "edit"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    IMPORT = "import"


class Article(Model):
    """What is talked about, under the publisher's own id (`key`); its addresses are attributes.

    `version` goes up in the transaction of every visible change of its thread; after a vote it
    counts as one higher from `recount_at` on, so that many votes are one change.
    """

    __tablename__ = "articles"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "key"),
        sa.UniqueConstraint("site_id", "id"),
        sa.Index("ix_articles_site", "site_id", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    key: Mapped[str] = mapped_column(bytewise(2000))
    url: Mapped[str | None] = mapped_column(bytewise(2000))
    title: Mapped[str | None] = mapped_column(sa.String(300))
    section: Mapped[str | None] = mapped_column(sa.String(120))
    language: Mapped[str | None] = mapped_column(sa.String(35))
    published_at: Mapped[datetime | None]
    state: Mapped[State] = mapped_column(word(State), default=State.OPEN)
    closes_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    recount_at: Mapped[datetime | None]
    published: Mapped[int] = mapped_column(default=0)
    pending: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)

    site: Mapped[Site] = relationship()

    def takes_comments_at(self, moment: datetime) -> bool:
        if self.state is not State.OPEN:
            return False
        return self.closes_at is None or self.closes_at > moment

    def version_at(self, moment: datetime) -> int:
        return self.version + (self.recount_at is not None and self.recount_at <= moment)


class Alias(Model):
    """A canonical address under which an article is found when its id is not known."""

    __tablename__ = "aliases"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "article_id"], ["articles.site_id", "articles.id"]),
        sa.Index("ix_aliases_article", "article_id"),
    )

    site_id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(bytewise(2000), primary_key=True)
    article_id: Mapped[int]


class Comment(Model):
    """One contribution. Its text lies in revisions; its status only `status.move` may change.

    `replies` counts the published comments drawn below it, at any depth. `shown` says that it
    has a place on the page: it is published, or something published hangs below it. `ups` and
    `downs` count its votes and `rank` is what they make of it; only `voting` writes these.
    """

    __tablename__ = "comments"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "id"),
        sa.UniqueConstraint("article_id", "id"),
        sa.ForeignKeyConstraint(["site_id", "article_id"], ["articles.site_id", "articles.id"]),
        sa.ForeignKeyConstraint(
            ["article_id", "parent_id"], ["comments.article_id", "comments.id"]
        ),
        sa.ForeignKeyConstraint(["article_id", "root_id"], ["comments.article_id", "comments.id"]),
        sa.UniqueConstraint("site_id", "import_key"),
        # Roots of a page, by time; and what is drawn below a root, in the order of drawing. The
        # path of a root orders as its id does, and SQLite finds a place by it in the index alone.
        sa.Index(
            "ix_comments_drawn",
            "article_id",
            "created_at",
            "path",
            sqlite_where=sa.text("shown = 1 AND parent_id IS NULL"),
            postgresql_where=sa.text("shown AND parent_id IS NULL"),
        ),
        # The same by votes, and what was published lately.
        sa.Index(
            "ix_comments_ranked",
            "article_id",
            "rank",
            "path",
            sqlite_where=sa.text("shown = 1 AND parent_id IS NULL"),
            postgresql_where=sa.text("shown AND parent_id IS NULL"),
        ),
        sa.Index(
            "ix_comments_fresh",
            "article_id",
            "decided_id",
            sqlite_where=sa.text("status = 'published'"),
            postgresql_where=sa.text("status = 'published'"),
        ),
        sa.Index(
            "ix_comments_replies",
            "root_id",
            "path",
            sqlite_where=sa.text("shown = 1 AND parent_id IS NOT NULL"),
            postgresql_where=sa.text("shown AND parent_id IS NOT NULL"),
        ),
        # Without roots, or SQLite would read all of them here for one page.
        sa.Index(
            "ix_comments_children",
            "article_id",
            "parent_id",
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        ),
        # The queues, the lists of the desk, and a person's own.
        sa.Index("ix_comments_status", "site_id", "status", "created_at", "id"),
        sa.Index("ix_comments_site", "site_id", "created_at", "id"),
        sa.Index("ix_comments_author", "author_id", "site_id", "created_at", "id"),
        sa.Index("ix_comments_mine", "author_id", "created_at", "id"),
        sa.Index("ix_comments_article", "article_id", "created_at", "id"),
        sa.Index(
            "ix_comments_out",
            "status",
            "out_since",
            "id",
            sqlite_where=sa.text("out_since IS NOT NULL"),
            postgresql_where=sa.text("out_since IS NOT NULL"),
        ),
        sa.Index(
            "ix_comments_reported",
            "site_id",
            "created_at",
            "id",
            sqlite_where=sa.text("open_reports > 0"),
            postgresql_where=sa.text("open_reports > 0"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    article_id: Mapped[int]
    parent_id: Mapped[int | None]
    root_id: Mapped[int | None] = mapped_column()
    path: Mapped[str] = mapped_column(bytewise(STEP * DEEPEST), default="")
    depth: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    status: Mapped[Status] = mapped_column(word(Status))
    shown: Mapped[bool] = mapped_column(default=False)
    replies: Mapped[int] = mapped_column(default=0)
    ups: Mapped[int] = mapped_column(default=0, server_default="0")
    downs: Mapped[int] = mapped_column(default=0, server_default="0")
    rank: Mapped[int] = mapped_column(default=0, server_default="0")
    open_reports: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    fingerprint: Mapped[str] = mapped_column(bytewise(64), default="")
    import_key: Mapped[str | None] = mapped_column(bytewise(500))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    decided_id: Mapped[int | None]
    # Since when it is withdrawn or rejected, for as long as its text is kept.
    out_since: Mapped[datetime | None]

    author: Mapped[User] = relationship(lazy="raise")
    article: Mapped[Article] = relationship(lazy="raise", overlaps="site", viewonly=True)

    @property
    def ancestor_ids(self) -> list[int]:
        """The ids of the comments it is drawn below, the root first."""
        steps = range(0, len(self.path) - STEP, STEP)
        return [int(self.path[at : at + STEP], 36) for at in steps]

    def may_be_edited_at(self, moment: datetime, minutes: int) -> bool:
        if self.status not in (Status.PENDING, Status.PUBLISHED):
            return False
        return moment < self.created_at + timedelta(minutes=minutes)


class Revision(Model):
    """The text of a comment as it stood, what was known about it then, and what was found."""

    __tablename__ = "revisions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "comment_id"], ["comments.site_id", "comments.id"]),
    )

    comment_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    source: Mapped[str] = mapped_column(sa.Text())
    source_format: Mapped[str] = mapped_column(sa.String(16))
    html: Mapped[str] = mapped_column(sa.Text())
    renderer: Mapped[int]
    facts: Mapped[dict[str, Any]]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON())
    created_at: Mapped[datetime]


class Decision(Model):
    """The append-only record of a change, or of a look that changed nothing. No name, an id."""

    __tablename__ = "decisions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "comment_id"], ["comments.site_id", "comments.id"]),
        sa.Index("ix_decisions_comment", "comment_id", "id"),
        # Without what nobody did, which is most of it.
        sa.Index(
            "ix_decisions_by_id",
            "by_id",
            sqlite_where=sa.text("by_id IS NOT NULL"),
            postgresql_where=sa.text("by_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    comment_id: Mapped[int]
    revision: Mapped[int]
    act: Mapped[Act] = mapped_column(word(Act))
    from_status: Mapped[Status | None] = mapped_column(word(Status, "from_status"))
    to_status: Mapped[Status] = mapped_column(word(Status, "to_status"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str | None] = mapped_column(sa.String(40))
    rule: Mapped[str | None] = mapped_column(sa.String(40))
    note: Mapped[str | None] = mapped_column(sa.String(1000))
    created_at: Mapped[datetime]


class Answer(Model):
    """What a post with this Idempotency-Key was answered, for a day."""

    __tablename__ = "answers"
    __table_args__ = ({"sqlite_with_rowid": False},)

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(bytewise(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(bytewise(64))
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comments.id"))
    status: Mapped[Status] = mapped_column(word(Status))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Vote(Model):
    """What one person thinks of one comment, 1 or -1; who takes a vote back leaves no row."""

    __tablename__ = "votes"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["article_id", "comment_id"], ["comments.article_id", "comments.id"]
        ),
        sa.CheckConstraint("value IN (1, -1)", name="value"),
        sa.Index("ix_votes_person", "user_id", "article_id"),
    )

    comment_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    article_id: Mapped[int]
    value: Mapped[int] = mapped_column(sa.SmallInteger())
    created_at: Mapped[datetime]


class Mark(Model):
    """How far somebody has read an article: up to this Decision, which published a comment."""

    __tablename__ = "marks"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id", "article_id"], ["articles.site_id", "articles.id"]),
    )

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    article_id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    decision_id: Mapped[int]
    marked_at: Mapped[datetime]

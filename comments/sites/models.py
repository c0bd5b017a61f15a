"""The records of publishers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped, mapped_column, relationship

from comments.accounts.models import User
from comments.db import Model, bytewise
from comments.words import word


class Role(StrEnum):
    """What a member may do, from most to least; staff only carry a badge."""

    OWNER = "owner"
    ADMIN = "admin"
    MODERATOR = "moderator"
    STAFF = "staff"

    @property
    def moderates(self) -> bool:
        return self in MODERATORS

    @property
    def administers(self) -> bool:
        return self in ADMINS

    def gives(self, role: Role) -> bool:
        """Whether who has this role may make others what `role` says."""
        return self.administers and (self is Role.OWNER or role is not Role.OWNER)


MODERATORS = frozenset({Role.OWNER, Role.ADMIN, Role.MODERATOR})
ADMINS = frozenset({Role.OWNER, Role.ADMIN})


class Votes(StrEnum):
    """Which votes a site takes."""

    BOTH = "both"
    UP = "up"
    OFF = "off"


class Commenters(StrEnum):
    """Who may comment on a site, besides its staff."""

    GUESTS = "guests"
    MEMBERS = "members"
    CONFIRMED = "confirmed"
    SUBSCRIBERS = "subscribers"
    NOBODY = "nobody"


class SiteSettings(BaseModel):
    """How a site talks and moderates."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    commenters: Commenters = Commenters.MEMBERS
    premoderation: bool = False
    hold_first: int = Field(default=1, ge=0, le=100)
    links_allowed: int = Field(default=1, ge=0, le=100)
    edit_minutes: int = Field(default=15, ge=0, le=1440)
    length: int = Field(default=5000, ge=100, le=8000)
    votes: Votes = Votes.BOTH
    # Moderators may decide by a link that was mailed to them, without signing in.
    mail_decisions: bool = False
    # Whoever moderates must have one before they may see the desk or the pages of the site.
    second_factor: bool = False
    language: str = "en"
    rules: str = Field(default="", max_length=2000)
    rules_url: str = Field(default="", max_length=2000)
    privacy_url: str = Field(default="", max_length=2000)
    contact: str = Field(default="", max_length=254)

    @property
    def decides_by_mail(self) -> bool:
        """A link in a letter is one factor, and no second."""
        return self.mail_decisions and not self.second_factor


class Site(Model):
    """One publisher's conversation: everything below it carries its id."""

    __tablename__ = "sites"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(bytewise(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    version: Mapped[int] = mapped_column(default=1)
    values: Mapped[dict[str, Any]] = mapped_column("settings", default=dict)
    created_at: Mapped[datetime]

    origins: Mapped[list[Origin]] = relationship(
        order_by="Origin.address", cascade="all, delete-orphan"
    )

    @property
    def settings(self) -> SiteSettings:
        return SiteSettings.model_validate(self.values)

    @property
    def addresses(self) -> list[str]:
        return [origin.address for origin in self.origins]

    def allows(self, address: str | None) -> bool:
        return address is not None and address in self.addresses


class Origin(Model):
    """A web address, scheme and host and port, where this site's comments may appear."""

    __tablename__ = "origins"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    address: Mapped[str] = mapped_column(bytewise(300), primary_key=True, index=True)


class Membership(Model):
    __tablename__ = "memberships"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(word(Role))
    # The role comes and goes with what the publisher's sign-in says.
    by_sso: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    site: Mapped[Site] = relationship()


class Invitation(Model):
    """A link that makes one person a member. Accepting or revoking it deletes the row.

    `email` is where the link was mailed, and nowhere else; without it somebody passed it on. Nobody
    in `by_id` is the operator.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        sa.Index("ix_invitations_site", "site_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    role: Mapped[Role] = mapped_column(word(Role))
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_key: Mapped[str | None] = mapped_column(bytewise(254), index=True)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    site: Mapped[Site] = relationship()
    by: Mapped[User | None] = relationship()


class Participant(Model):
    """What one person has done on one site. Only `move` writes the two counts of comments."""

    __tablename__ = "participants"
    __table_args__ = ({"sqlite_with_rowid": False},)

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    first_seen_at: Mapped[datetime]
    published: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    upheld_reports: Mapped[int] = mapped_column(default=0)


class Measure(StrEnum):
    """What a sanction does: a suspension ends by itself, a ban only by a person."""

    SUSPEND = "suspend"
    BAN = "ban"


class Sanction(Model):
    """Somebody may not write on a site, until when, by whom and why. Lifting keeps the row."""

    __tablename__ = "sanctions"
    __table_args__ = (
        sa.Index("ix_sanctions_subject", "site_id", "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    measure: Mapped[Measure] = mapped_column(word(Measure))
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(500))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    def holds_at(self, moment: datetime) -> bool:
        return self.lifted_at is None and (self.until is None or self.until > moment)


class SiteKey(Model):
    """A publisher's own program may use this to describe articles, and nothing else."""

    __tablename__ = "site_keys"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    created_at: Mapped[datetime]

    site: Mapped[Site] = relationship()

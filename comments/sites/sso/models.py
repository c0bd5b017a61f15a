"""The records of a publisher's own sign-in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from comments.db import Model, bytewise
from comments.sites.models import Role
from comments.words import word


class Algorithm(StrEnum):
    """How a token may be signed. A key has one of them, whatever a token says."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


class Sso(Model):
    """What tokens of a site must say, and what their roles and badges mean here.

    `keys` is what the publisher's address had when it was last fetched, `version` how often that
    was something new; `due_at` is when it is fetched again, `failure` why it could not be had.
    """

    __tablename__ = "sso"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    issuer: Mapped[str] = mapped_column(sa.String(300))
    audience: Mapped[str] = mapped_column(sa.String(300))
    roles: Mapped[dict[str, Any]] = mapped_column(default=dict)
    badges: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    url: Mapped[str | None] = mapped_column(sa.String(2000))
    keys: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    fetched_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    failure: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def mapping(self) -> dict[str, Role]:
        """What this site makes of a word among the roles of a token."""
        return {claimed: Role(role) for claimed, role in self.roles.items()}


class SsoKey(Model):
    """A key that the site has set: a secret of ours, sealed, or a public one of the publisher's."""

    __tablename__ = "sso_keys"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "kid"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"))
    kid: Mapped[str] = mapped_column(bytewise(200))
    algorithm: Mapped[Algorithm] = mapped_column(word(Algorithm))
    material: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SsoUse(Model):
    """A token that signed somebody in, by its hash, for as long as it would be good again."""

    __tablename__ = "sso_uses"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(bytewise(64), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)

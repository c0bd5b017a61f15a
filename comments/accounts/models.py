"""The records of people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from comments.db import Model, bytewise
from comments.words import word


class Way(StrEnum):
    """How an identity proves itself; those of imported people only say where they came from."""

    PASSWORD = "password"  # noqa: S105 - the word, not a secret
    DISQUS = "disqus"
    WORDPRESS = "wordpress"
    SSO = "sso"
    OIDC = "oidc"
    GUEST = "guest"


class Kind(StrEnum):
    """What a session is: a browser on our own pages, a widget on a publisher's page, a program."""

    COOKIE = "cookie"
    BEARER = "bearer"
    API = "api"


class User(Model):
    """A person. Local people have no site; imported ones, guests and those whom a site vouches for
    belong to it, the first without a way in.

    A closed account keeps this row, empty, so that what refers to it stays whole.
    """

    __tablename__ = "users"
    __table_args__ = (
        sa.Index(
            "uq_users_name_key",
            "name_key",
            unique=True,
            sqlite_where=sa.text("site_id IS NULL"),
            postgresql_where=sa.text("site_id IS NULL"),
        ),
        sa.Index(
            "uq_users_email_key",
            "email_key",
            unique=True,
            sqlite_where=sa.text("email_confirmed_at IS NOT NULL AND site_id IS NULL"),
            postgresql_where=sa.text("email_confirmed_at IS NOT NULL AND site_id IS NULL"),
        ),
        sa.Index("ix_users_site_name", "site_id", "name_key"),
        sa.Index(
            "ix_users_reserved",
            "closed_at",
            sqlite_where=sa.text("closed_at IS NOT NULL AND name_key IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL AND name_key IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_key: Mapped[str | None] = mapped_column(bytewise(200))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_key: Mapped[str | None] = mapped_column(bytewise(254))
    email_confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    # As the site says that vouches for them.
    is_subscriber: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # What that site's tokens call their badges; the site says what is read of them.
    badges: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    # A password alone signs them in no more; kept by `factors/keeping.py` alone.
    has_factor: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


class Identity(Model):
    """One way in, or one origin, of a person."""

    __tablename__ = "identities"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "way", "subject"),
        sa.Index(
            "uq_identities_password",
            "user_id",
            unique=True,
            sqlite_where=sa.text("way = 'password'"),
            postgresql_where=sa.text("way = 'password'"),
        ),
        sa.Index(
            "uq_identities_issuer_subject",
            "issuer",
            "subject",
            unique=True,
            sqlite_where=sa.text("issuer IS NOT NULL"),
            postgresql_where=sa.text("issuer IS NOT NULL"),
        ),
        sa.Index(
            "ix_identities_guests",
            "created_at",
            "user_id",
            sqlite_where=sa.text("way = 'guest'"),
            postgresql_where=sa.text("way = 'guest'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"))
    way: Mapped[Way] = mapped_column(word(Way))
    # Who calls them by the subject: a provider of OpenID Connect, by its address.
    issuer: Mapped[str | None] = mapped_column(bytewise(300))
    subject: Mapped[str | None] = mapped_column(bytewise(300))
    secret: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]


class Session(Model):
    """One place where a person is signed in. Ending it deletes the row."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.Index(
            "ix_sessions_ends_at",
            "ends_at",
            sqlite_where=sa.text("ends_at IS NOT NULL"),
            postgresql_where=sa.text("ends_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    kind: Mapped[Kind] = mapped_column(word(Kind))
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    origin: Mapped[str | None] = mapped_column(bytewise(300))
    label: Mapped[str] = mapped_column(sa.String(80), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    # However often it is seen.
    ends_at: Mapped[datetime | None]
    # When its person last proved who they are.
    proved_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Ticket(Model):
    """Used once, soon: a sign-in link, or the code that a page turns into a token."""

    __tablename__ = "tickets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"))
    origin: Mapped[str | None] = mapped_column(bytewise(300))
    challenge: Mapped[str | None] = mapped_column(bytewise(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class PrivateLink(Model):
    """Lets a guest in to what they wrote, for as long as they like.

    `email` is the address that it was mailed to: whoever uses it reads what is sent there.
    """

    __tablename__ = "private_links"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    email: Mapped[str | None] = mapped_column(sa.String(254))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Step(Model):
    """A sign-in that is half done, in one browser: it has no rights, and ends soon."""

    __tablename__ = "sign_in_steps"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(bytewise(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)

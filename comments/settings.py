"""The environment, read once and typed; a half-configured service refuses to start."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import secrets
from email.policy import SMTP
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from comments.vapid import Contact, PushKey

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_WORD = r"[\x21-\x7e]{1,500}"
ProviderKey = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,29}$")]


class WrongSettings(Exception):
    """A setting is missing or malformed; the message says which and what to do."""


class Provider(BaseModel):
    """A service by which people may sign in here (OpenID Connect)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    issuer: str = Field(max_length=300)
    client_id: str = Field(pattern=f"^{_WORD}$")
    client_secret: SecretStr

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        """Exactly as the provider spells it, since that is what its tokens must name."""
        parts = urlsplit(value)
        is_bare = not (parts.username or parts.query or parts.fragment)
        is_web = parts.scheme in ("http", "https") and parts.hostname
        if not is_web or not is_bare or not re.fullmatch(_WORD, value):
            raise ValueError("must be a bare address, such as https://accounts.example")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must begin with https:// unless it is on this machine")
        return value

    @field_validator("client_secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(_WORD, value.get_secret_value()):
            raise ValueError("must be the secret that the provider gave out")
        return value


class Settings(BaseSettings):
    """Every COMMENTS_… variable. Unset ones have a value that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="COMMENTS_", frozen=True, extra="ignore")

    instance: Path = Path("instance")
    database_url: str = ""
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    url: str = "http://127.0.0.1:8000"
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    # What finished answers may take in each process; without any, every read is rendered.
    cache_mib: int = Field(default=64, ge=0, le=65536)

    # smtp://USER:PASSWORD@HOST:587 (STARTTLS), or smtps:// (TLS from the start).
    smtp_url: SecretStr | None = None
    mail_from: str = ""

    # What push services know this service by, and whom they may write to; off without.
    push_key: PushKey | None = None
    push_contact: Contact = ""

    # By a word for each that stands in addresses, in the order of their buttons.
    oidc: Annotated[dict[ProviderKey, Provider], NoDecode] = Field(default_factory=dict)

    @field_validator("oidc", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "{}")
        except (ValueError, RecursionError):
            raise ValueError('is no JSON, such as {"google": {"name": "Google", …}}') from None

    @field_validator("oidc")
    @classmethod
    def _providers(cls, value: dict[str, Provider]) -> dict[str, Provider]:
        if len({provider.issuer for provider in value.values()}) < len(value):
            raise ValueError("names one issuer twice")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            is_server = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
        except ValueError:
            is_server = None
        if not is_server:
            raise ValueError("must look like smtp://user:password@host:587, or smtps://")
        if not unquote(parts.netloc.rpartition("@")[0]).isascii():
            raise ValueError("may name a user and a password of ASCII characters only")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        if not value:
            return value
        header = SMTP.header_factory("From", value)
        if header.defects or len(header.addresses) != 1 or "\n" in value or "\r" in value:
            raise ValueError("is no e-mail address, such as Comments <talk@example.org>")
        return value

    @field_validator("instance")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.absolute()

    @field_validator("url")
    @classmethod
    def _public_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("is no http or https address")
        if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
            raise ValueError("must be a bare address without a path, such as https://talk.example")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must begin with https:// unless it is on this machine")
        return value.rstrip("/").lower()

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(
            ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()
        )

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        value = value.replace("postgres://", "postgresql://", 1)
        value = value.replace("postgresql://", "postgresql+psycopg://", 1)
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return value

    @model_validator(mode="after")
    def _default_database(self) -> Settings:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.instance / 'comments.db'}")
        return self

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def database_path(self) -> Path:
        """The file of SQLite; one that is named by a relative path is in the instance folder."""
        return self.instance / self.database_url.removeprefix("sqlite:///").partition("?")[0]

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever stored here. A database elsewhere is not asked."""
        return self.is_sqlite and not self.database_path.exists()

    @property
    def is_local(self) -> bool:
        """Whether the public address is one of this machine's own."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def sender(self) -> str:
        """Whom letters are from."""
        return self.mail_from or f"comments@{urlsplit(self.url).hostname}"

    @property
    def is_https(self) -> bool:
        return self.url.startswith("https://")

    @cached_property
    def secret(self) -> str:
        """The given key, or one made once and kept in the instance folder."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        return _kept_secret(self.secret_path)

    @property
    def secret_path(self) -> Path:
        return self.instance / "secret_key"


def read() -> Settings:
    """The settings of this environment.

    Raises WrongSettings with one line that names each wrong variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSettings("; ".join(map(_words, error.errors(include_url=False)))) from None


def current_of(app: Flask) -> Settings:
    found: Settings = app.extensions["comments"]
    return found


def current() -> Settings:
    """The settings of the running app."""
    return current_of(current_app)


def _words(error: object) -> str:
    assert isinstance(error, dict)
    variable, *inside = map(str, error["loc"] or "?")
    place = " ".join(filter(None, [f"COMMENTS_{variable.upper()}", ".".join(inside)]))
    return f"{place} {str(error['msg']).removeprefix('Value error, ')}"


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(
                draft, path
            )  # only the first of several processes wins; nobody reads half a file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()

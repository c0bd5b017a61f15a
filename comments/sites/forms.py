"""What owners and admins send about their site."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from flask_babel import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from comments import addresses
from comments.forms import Form, Line, Text
from comments.i18n import LANGUAGES
from comments.sites.models import Commenters, Role, SiteSettings, Votes
from comments.sites.queries import KEY

MOST_ORIGINS = 50


def _key(text: str) -> str:
    if not KEY.fullmatch(text):
        words = _("A key has letters, digits and hyphens, 60 at most, such as my-paper.")
        raise PydanticCustomError("key", words)
    return text


def _lines(given: object) -> object:
    return [line for line in given.split() if line] if isinstance(given, str) else given


def _origins(given: list[str]) -> list[str]:
    if not given:
        raise PydanticCustomError("origins", _("Name at least one address."))
    if len(given) > MOST_ORIGINS:
        raise PydanticCustomError("origins", _("These are too many addresses."))
    return sorted({_origin(each) for each in given})


def _origin(text: str) -> str:
    try:
        return addresses.origin(text)
    except ValueError:
        words = _("One of these is no web address; write each like https://www.example.com.")
        raise PydanticCustomError("origins", words) from None


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("language", _("This language is not spoken here."))
    return code


def _page(text: str) -> str:
    """Nothing, or the address of a page, or of a mailbox."""
    if not text:
        return text
    if "@" in text and ":" not in text and "/" not in text:
        text = f"mailto:{text}"
    if not _leads_somewhere(text):
        words = _("Write an address that begins with https://, http:// or mailto:.")
        raise PydanticCustomError("address", words)
    return text


def _leads_somewhere(text: str) -> bool:
    try:
        parts = urlsplit(text)
        addresses.origin(text) if parts.scheme in ("http", "https") else None
    except ValueError:
        return False
    is_mailbox = parts.scheme == "mailto" and "@" in parts.path
    return (parts.scheme in ("http", "https") or is_mailbox) and " " not in text


def _unix(text: str) -> str:
    """Browsers send line ends of two characters."""
    return text.replace("\r\n", "\n").strip()


Key = Annotated[Line, AfterValidator(_key)]
Name = Annotated[Line, Field(min_length=1, max_length=120)]
Origins = Annotated[list[Line], BeforeValidator(_lines), AfterValidator(_origins)]
Page = Annotated[Line, AfterValidator(_page), Field(max_length=2000)]


class EditedSite(Form):
    """The settings page, whole. `seen` says which settings were on it when it was drawn."""

    seen: Line = Field(default="", max_length=64)
    name: Name
    origins: Origins
    commenters: Commenters = Commenters.MEMBERS
    premoderation: bool = False
    hold_first: int = Field(ge=0, le=100)
    links_allowed: int = Field(ge=0, le=100)
    edit_minutes: int = Field(ge=0, le=1440)
    length: int = Field(ge=100, le=8000)
    votes: Votes = Votes.BOTH
    mail_decisions: bool = False
    second_factor: bool = False
    language: Annotated[Line, AfterValidator(_language)]
    rules: Annotated[Text, AfterValidator(_unix), Field(max_length=2000)] = ""
    rules_url: Page = ""
    privacy_url: Page = ""
    contact: Annotated[Line, AfterValidator(_page), Field(max_length=254)] = ""

    def settings(self) -> SiteSettings:
        return SiteSettings.model_validate(self.model_dump())


class NewMember(Form):
    name: Line = Field(min_length=1, max_length=254)
    role: Role


class ChangedRole(Form):
    role: Role


class NewKey(Form):
    name: Line = Field(min_length=1, max_length=80)

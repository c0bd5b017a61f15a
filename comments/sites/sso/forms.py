"""What admins send about their publisher's sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from flask_babel import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from comments import names, outward
from comments.accounts import naming
from comments.forms import Blank, Form, Line, Text
from comments.sites.models import Role
from comments.sites.sso.claims import MOST_WORDS, RANKS

LONGEST_WORD = 100
LONGEST_BADGE = 30


def _role_lines(given: object) -> object:
    """Lines such as `editor = moderator`."""
    return _pairs(given, str.rpartition)


def _badge_lines(given: object) -> object:
    """Lines such as `expert = Verified expert`."""
    return _pairs(given, str.partition)


def _pairs(given: object, apart: Callable[[str, str], tuple[str, str, str]]) -> object:
    if not isinstance(given, str):
        return given
    parts = [apart(line, "=") for line in given.splitlines() if line.strip()]
    found = {claimed.strip(): meant.strip() for claimed, _sign, meant in parts}
    if len(found) < len(parts):
        raise PydanticCustomError("twice", _("The same word stands on two lines."))
    return found


def _roles(given: dict[str, str]) -> dict[str, str]:
    ranks = {role.value for role in RANKS}
    if not all(map(_is_word, given)) or not ranks.issuperset(given.values()):
        words = _("Write each on a line of its own, such as: editor = moderator")
        raise PydanticCustomError("roles", words)
    return _few(given)


def _badges(given: dict[str, str]) -> dict[str, str]:
    """The texts as they are shown."""
    shown = {claimed: names.legible(text) for claimed, text in given.items()}
    if not all(map(_is_word, given)) or not all(shown.values()):
        words = _("Write each on a line of its own, such as: expert = Verified expert")
        raise PydanticCustomError("badges", words)
    if any(len(text) > LONGEST_BADGE for text in shown.values()):
        words = _("A badge has at most %(most)d characters.", most=LONGEST_BADGE)
        raise PydanticCustomError("badges", words)
    if any(naming.is_official(names.key(text)) for text in shown.values()):
        raise PydanticCustomError("badges", _("A badge may not pass for a role. Map that instead."))
    return _few(shown)


def _is_word(claimed: str) -> bool:
    return 0 < len(claimed) <= LONGEST_WORD and claimed.isprintable()


def _few(given: dict[str, str]) -> dict[str, str]:
    if len(given) > MOST_WORDS:
        raise PydanticCustomError("too-many", _("These are too many."))
    return given


def _address(text: str) -> str:
    try:
        outward.parts(text)
    except ValueError:
        words = _("Write the address of the keys, which begins with https://.")
        raise PydanticCustomError("address", words) from None
    return text


Name = Annotated[Line, Field(min_length=1, max_length=300)]


class EditedSso(Form):
    """What tokens must say, what they mean here, and where the publisher's keys lie."""

    issuer: Name
    audience: Name
    url: Annotated[
        Annotated[Line, AfterValidator(_address), Field(max_length=2000)] | None, Blank
    ] = None
    roles: Annotated[dict[str, str], BeforeValidator(_role_lines), AfterValidator(_roles)] = Field(
        default={}
    )
    badges: Annotated[dict[str, str], BeforeValidator(_badge_lines), AfterValidator(_badges)] = (
        Field(default={})
    )

    @property
    def mapping(self) -> dict[str, Role]:
        return {claimed: Role(role) for claimed, role in self.roles.items()}


class NewPublicKey(Form):
    material: Text = Field(min_length=1, max_length=8000)


class TriedToken(Form):
    """A token to look at; whatever it is, the page says what is wrong with it."""

    token: str = Field(default="", max_length=60_000)

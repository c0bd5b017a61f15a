"""What admins send about their publisher's sign-in."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext as _
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from comments import outward
from comments.forms import Blank, Form, Line, Text
from comments.sites.models import Role
from comments.sites.sso.claims import RANKS

MOST_ROLES = 50
LONGEST_ROLE = 100


def _roles(given: object) -> object:
    """Lines such as `editor = moderator`."""
    if not isinstance(given, str):
        return given
    pairs = [line.rpartition("=") for line in given.splitlines() if line.strip()]
    return {claimed.strip(): role.strip() for claimed, _sign, role in pairs}


def _mapping(given: dict[str, str]) -> dict[str, str]:
    names = {role.value for role in RANKS}
    for claimed, role in given.items():
        if not 0 < len(claimed) <= LONGEST_ROLE or not claimed.isprintable() or role not in names:
            words = _("Write each on a line of its own, such as: editor = moderator")
            raise PydanticCustomError("roles", words)
    if len(given) > MOST_ROLES:
        raise PydanticCustomError("roles", _("These are too many."))
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
    """What tokens must say, what their roles mean, and where the publisher's keys lie."""

    issuer: Name
    audience: Name
    url: Annotated[
        Annotated[Line, AfterValidator(_address), Field(max_length=2000)] | None, Blank
    ] = None
    roles: Annotated[dict[str, str], BeforeValidator(_roles), AfterValidator(_mapping)] = Field(
        default={}
    )

    @property
    def mapping(self) -> dict[str, Role]:
        return {claimed: Role(role) for claimed, role in self.roles.items()}


class NewPublicKey(Form):
    material: Text = Field(min_length=1, max_length=8000)


class TriedToken(Form):
    """A token to look at; whatever it is, the page says what is wrong with it."""

    token: str = Field(default="", max_length=60_000)

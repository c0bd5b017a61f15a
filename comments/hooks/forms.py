"""What admins send about their receivers."""

from __future__ import annotations

from typing import Annotated, Any

from flask_babel import gettext as _
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from comments import outward
from comments.forms import Form, Line
from comments.hooks.models import Event, Format

# The field of a form for each event that one may choose.
FIELDS = {
    "published": Event.PUBLISHED,
    "rejected": Event.REJECTED,
    "reported": Event.REPORTED,
    "decided": Event.DECIDED,
    "account_deleted": Event.ACCOUNT_DELETED,
}


def _address(text: str) -> str:
    try:
        outward.parts(text)
    except ValueError:
        words = _("Write the address of your server, which begins with https://.")
        raise PydanticCustomError("address", words) from None
    return text


class EditedHook(Form):
    """Where a receiver is, and of which events it is told."""

    url: Annotated[Line, AfterValidator(_address), Field(max_length=2000)]
    published: bool = False
    rejected: bool = False
    reported: bool = False
    decided: bool = False
    account_deleted: bool = False

    @model_validator(mode="after")
    def _some(self) -> Any:
        if not self.events:
            raise PydanticCustomError("events", _("Choose at least one event."))
        return self

    @property
    def events(self) -> list[str]:
        return [event.value for name, event in FIELDS.items() if getattr(self, name)]


class NewHook(EditedHook):
    format: Format = Format.JSON

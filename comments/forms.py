"""What people and programs send, parsed whole: every fault is named, and nothing else gets in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from comments import clock
from comments.errors import Fault, Invalid

T = TypeVar("T", bound="Form")

_BROKEN = re.compile(r"[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")
BIGGEST = 2**63 - 1
# How the fields begin by which somebody proves anew who they are, beside any form.
PROOF = "proof_"


class Form(BaseModel):
    """The parent of everything that is parsed: frozen, and closed to fields it does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=100_000)


def _whole(text: str) -> str:
    if _BROKEN.search(text):
        raise PydanticCustomError("characters", "holds characters that can't be kept")
    return text


def _one_line(text: str) -> str:
    text = text.strip()
    if _CONTROL.search(text) or "\n" in text or "\r" in text:
        raise PydanticCustomError("characters", "holds characters that can't be kept")
    return text


def _number(given: object) -> object:
    if isinstance(given, str) and re.fullmatch(r"[0-9]{1,19}", given):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= BIGGEST:
        raise PydanticCustomError("id", "is no id")
    return given


def _moment(given: object) -> object:
    """A date and time as text; a number is none, though pydantic would count it from 1970."""
    if isinstance(given, datetime):
        return given
    if not isinstance(given, str) or not _DATED.match(given):
        raise PydanticCustomError("datetime_type", "is no date and time")
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise PydanticCustomError("datetime_parsing", "is no date and time") from None


def _within_reach(moment: datetime) -> datetime:
    if not clock.is_within_reach(moment):
        raise PydanticCustomError("datetime_parsing", "is no date and time")
    return moment


def _or_none(given: object) -> object:
    return None if given == "" else given


Text = Annotated[str, AfterValidator(_whole)]
Line = Annotated[str, AfterValidator(_one_line)]
Id = Annotated[
    int,
    BeforeValidator(_number),
    WithJsonSchema({"type": ["string", "integer"], "pattern": "^[0-9]{1,19}$"}),
]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_within_reach)]
# What a form left empty is not there.
Blank = BeforeValidator(_or_none)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is drawn: what is in it, and what is wrong with that."""

    values: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Fault] = ()

    def value(self, name: str) -> Any:
        found = self.values.get(name)
        return "" if found is None else found

    def of(self, name: str) -> list[Fault]:
        return [fault for fault in self.faults if fault.field == name]


def sent(source: Mapping[str, str]) -> dict[str, str]:
    """What an HTML form holds, without the token that every form carries, nor a fresh proof of who
    sends it."""
    return {
        name: value
        for name, value in source.items()
        if name != "csrf_token" and not name.startswith(PROOF)
    }


def parse(kind: type[T], source: Mapping[str, Any]) -> T:
    """The form that `source`, of an HTML form or an address, holds. Raises Invalid."""
    try:
        return kind.model_validate(dict(source))
    except ValidationError as error:
        raise invalid(error) from None


def parse_json(kind: type[T], body: bytes) -> T:
    """The form in a JSON body, types taken strictly. Raises Invalid."""
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError) -> Invalid:
    faults = [_fault(detail) for detail in error.errors(include_url=False, include_input=False)]
    return Invalid(_("Some of this can't be taken."), faults)


def refuse(field: str, code: str, message: str) -> Invalid:
    """A refusal for one reason."""
    return Invalid(message, [Fault(field, code, message)])


def _fault(detail: ErrorDetails) -> Fault:
    field = ".".join(str(part) for part in detail["loc"])
    code = SAME.get(detail["type"], detail["type"])
    words = MESSAGES.get(code)
    message = str(words) % _facts(detail) if words else str(detail["msg"])
    return Fault(field, code, message)


def _facts(detail: ErrorDetails) -> dict[str, Any]:
    """What the words of a fault may name; pydantic joins choices in English, we by commas."""
    facts = detail.get("ctx", {})
    if "expected" in facts:
        facts["expected"] = ", ".join(re.findall("'[^']*'", facts["expected"]))
    return facts


# What pydantic calls a text of the wrong length depends on where the limit was written.
SAME = {"too_long": "string_too_long", "too_short": "string_too_short"}

MESSAGES = {
    "missing": lazy_gettext("This is missing."),
    "extra_forbidden": lazy_gettext("This is not known here."),
    "json_invalid": lazy_gettext("This is no JSON: %(error)s."),
    "json_type": lazy_gettext("This is no JSON."),
    "string_type": lazy_gettext("This must be text."),
    "string_too_short": lazy_gettext("This needs at least %(min_length)s characters."),
    "string_too_long": lazy_gettext("This may have at most %(max_length)s characters."),
    "string_unicode": lazy_gettext("This holds characters that can't be kept."),
    "characters": lazy_gettext("This holds characters that can't be kept."),
    "id": lazy_gettext("This is no id."),
    "int_type": lazy_gettext("This must be a whole number."),
    "int_parsing": lazy_gettext("This must be a whole number."),
    "int_parsing_size": lazy_gettext("This must be a whole number."),
    "int_from_float": lazy_gettext("This must be a whole number."),
    "greater_than_equal": lazy_gettext("This must be at least %(ge)s."),
    "less_than_equal": lazy_gettext("This may be at most %(le)s."),
    "bool_type": lazy_gettext("This must be true or false."),
    "bool_parsing": lazy_gettext("This must be true or false."),
    "enum": lazy_gettext("This must be one of these: %(expected)s."),
    "literal_error": lazy_gettext("This must be one of these: %(expected)s."),
    "datetime_parsing": lazy_gettext("This is no date and time."),
    "datetime_from_date_parsing": lazy_gettext("This is no date and time."),
    "datetime_type": lazy_gettext("This is no date and time."),
    "timezone_aware": lazy_gettext("This date and time needs its time zone."),
    "too_short": lazy_gettext("This needs at least %(min_length)s."),
    "too_long": lazy_gettext("These may be at most %(max_length)s."),
    "unpaired": lazy_gettext("Give url once for each article, or not at all."),
    "url": lazy_gettext("This is no address of a page."),
    "model_type": lazy_gettext("This must be an object."),
}

"""What a call holds: its address and its body, each parsed whole into a form."""

from __future__ import annotations

import re
from typing import TypeVar, get_origin

from flask import Request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from comments import forms
from comments.errors import Fault, Invalid
from comments.forms import Form

T = TypeVar("T", bound=Form)


def query(kind: type[T], args: MultiDict[str, str]) -> T:
    """The form in an address. Raises Invalid, also for a name that comes twice by mistake."""
    lists = {name for name, field in kind.model_fields.items() if _is_list(field.annotation)}
    faults = [
        Fault(name, "repeated", _("This may be given once."))
        for name in args
        if name not in lists and len(args.getlist(name)) > 1
    ]
    if faults:
        raise Invalid(_("Some of this can't be taken."), faults)
    return forms.parse(kind, {n: args.getlist(n) if n in lists else args[n] for n in args})


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is list


def body(kind: type[T], request: Request) -> T:
    """The form in a JSON body. Raises Invalid, or what werkzeug says of its kind and size."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    return forms.parse_json(kind, request.get_data(cache=False))


def key_pattern(least: int) -> str:
    """What an Idempotency-Key of at least so many characters looks like."""
    return rf"[\x21-\x7e]{{{least},200}}"


def idempotency_key(request: Request, least: int = 1) -> str | None:
    """The key of a call that may be sent again. Raises Invalid."""
    given = request.headers.get("Idempotency-Key")
    if given is None or re.fullmatch(key_pattern(least), given):
        return given
    message = _("An Idempotency-Key has %(least)s to 200 visible ASCII characters.", least=least)
    raise forms.refuse("Idempotency-Key", "characters", message)

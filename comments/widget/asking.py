"""Query strings, read as the views read them: the lane knows a question by what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_origin
from urllib.parse import parse_qsl

from pydantic import ValidationError

from comments import i18n
from comments.forms import Form
from comments.widget.lane import Asked


def reader(path: str, kind: type[Form]) -> Callable[[str], Asked | None]:
    """Makes of a query string what it asks for; None for what its view had better look at."""
    lists = {name for name, field in kind.model_fields.items() if _is_list(field.annotation)}

    def read(query: str) -> Asked | None:
        pairs = parse_qsl(query, keep_blank_values=True) if query.isascii() else []
        given: dict[str, str | list[str]] = {
            name: [value for each, value in pairs if each == name] if name in lists else value
            for name, value in pairs
        }
        if _repeats(pairs, lists) or any("\ufffd" in value for _, value in pairs):
            return None
        try:
            form = kind.model_validate(given)
        except ValidationError:
            return None
        language = i18n.spoken(dict(pairs).get("locale", ""))
        words = (form.model_dump_json(exclude={"locale"}), language)
        site: str = getattr(form, "site")  # noqa: B009 - every form of a read has one
        return Asked(path, words, site, getattr(form, "name", None))

    return read


def _repeats(pairs: list[tuple[str, str]], lists: set[str]) -> bool:
    single = [name for name, _ in pairs if name not in lists]
    return len(single) != len(set(single))


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is list

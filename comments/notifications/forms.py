"""What people send about what they want to hear."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from comments.forms import Form, Line
from comments.i18n import LANGUAGES
from comments.notifications.models import When


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("enum", "is not spoken here", {"expected": ", ".join(LANGUAGES)})
    return code


class Choices(Form):
    """How soon letters about each kind come, and in which language."""

    replies: When
    mentions: When
    threads: When
    decisions: When
    language: Annotated[Line, AfterValidator(_language)]

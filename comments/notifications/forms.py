"""What people send about what they want to hear."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from comments.forms import Blank, Form, Line, Moment
from comments.i18n import LANGUAGES
from comments.notifications.models import When
from comments.threads.forms import ArticleKey, Name, readable


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
    # For those who moderate the site.
    waiting: When | None = None
    language: Annotated[Line, AfterValidator(_language)]


class Upto(Form):
    """The newest that was on the page."""

    upto: Moment


class Follow(Form):
    """Whether one follows an article's thread."""

    site: Line = Field(min_length=1, max_length=60)
    article: ArticleKey
    url: Annotated[str | None, Blank] = Field(default=None, max_length=2000)
    follow: bool = False

    @property
    def name(self) -> Name:
        return Name(self.article, readable(self.url))


class ListQuery(Form):
    after: Annotated[Line | None, Blank] = Field(default=None, max_length=200)

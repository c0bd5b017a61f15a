"""What the embed script asks, and what the sign-in window is opened with."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from comments import addresses
from comments.forms import Form, Line
from comments.threads.forms import ArticleKey, NamedArticles, PageQuery

MOST_WATCHED = 20

# 256 bits in base64url: an S256 challenge or a random value of the page.
_RANDOM = re.compile(r"[A-Za-z0-9_-]{16,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def _like(pattern: re.Pattern[str]) -> AfterValidator:
    def check(given: str) -> str:
        if not pattern.fullmatch(given):
            raise PydanticCustomError("characters", "is not of the right form")
        return given

    return AfterValidator(check)


def _web_origin(given: str) -> str:
    try:
        return addresses.origin(given)
    except ValueError as error:
        raise PydanticCustomError("url", "is no address of a page") from error


def _page(given: str) -> str:
    _web_origin(given)
    return given


Random = Annotated[str, _like(_RANDOM)]


class FragmentQuery(PageQuery):
    """A page of a thread; `include` for a publisher's server that puts it into its own page."""

    include: bool = False


class EventsQuery(NamedArticles):
    """The articles of one page; what else its address holds is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=2000)

    article: list[ArticleKey] = Field(min_length=1, max_length=MOST_WATCHED)


class ToWindow(Form):
    """A window that a page has opened waits for its token; `nonce` says which window it was."""

    site: Line = Field(min_length=1, max_length=60)
    origin: Annotated[str, AfterValidator(_web_origin)] = Field(max_length=300)
    nonce: Random


class ToPage(Form):
    """A page that has sent its reader to us and wants them back, with a code for its token."""

    site: Line = Field(min_length=1, max_length=60)
    back: Annotated[Line, AfterValidator(_page)] = Field(max_length=2000)
    challenge: Annotated[str, _like(_CHALLENGE)]
    state: Random

    @property
    def origin(self) -> str:
        return addresses.origin(self.back)


class Exchange(Form):
    """A code, and the verifier that proves it is the page's own (RFC 7636)."""

    code: Annotated[str, _like(_CODE)]
    verifier: Annotated[str, _like(_CODE)]

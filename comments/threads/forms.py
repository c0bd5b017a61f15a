"""What readers and publishers send about comments and articles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from comments import addresses, markup
from comments.forms import Blank, Form, Id, Line, Moment, Text
from comments.threads.models import State

# Beyond what any site allows, so that the check can say how long the text is and what is the most.
MOST_TYPED = 20_000
LONGEST_ID = 300


def _canonical(url: str) -> str:
    try:
        return addresses.canonical(url)
    except ValueError as error:
        raise PydanticCustomError("url", "is no address of a page") from error


def _id_or_address(key: str) -> str:
    """A publisher's id is short; where there is none, the address of the page stands for it."""
    if markup.is_blank(key):
        raise PydanticCustomError("string_too_short", "is empty", {"min_length": 1})
    if len(key) > LONGEST_ID and readable(key) is None:
        raise PydanticCustomError("string_too_long", "is too long", {"max_length": LONGEST_ID})
    return key


@dataclass(frozen=True, slots=True)
class Name:
    """How a page names its article: the publisher's id, and the page's address if it is known."""

    key: str
    url: str | None = None


Url = Annotated[str, AfterValidator(_canonical)]
ArticleKey = Annotated[
    Line, AfterValidator(_id_or_address), Field(min_length=1, max_length=addresses.LONGEST)
]
Body = Annotated[Text, Field(max_length=MOST_TYPED)]


class NewComment(Form):
    """A post. What a page says about its article only fills blanks."""

    site: Line = Field(min_length=1, max_length=60)
    article: ArticleKey
    body: Body
    parent: Annotated[Id | None, Blank] = None
    url: Annotated[Url | None, Blank] = Field(default=None, max_length=2000)
    title: Annotated[Line | None, Blank] = Field(default=None, max_length=300)
    section: Annotated[Line | None, Blank] = Field(default=None, max_length=120)
    published_at: Moment | None = None
    # "Post it as it is": part of the contract, and always understood; nothing asks for it so far.
    confirm: bool = False
    # The trap: nobody sees this field, so that only machines fill it.
    website: SkipJsonSchema[str] = Field(default="", max_length=2000)


class EditedComment(Form):
    body: Body


class Ballot(Form):
    """What somebody thinks of a comment: 1 or -1, or with 0 nothing any more."""

    value: int = Field(ge=-1, le=1, strict=True)


class Choice(Form):
    """The same, chosen on a page."""

    value: Literal["1", "0", "-1"]


class ArticleName(Form):
    key: ArticleKey


class ArticleFacts(Form):
    """What a publisher's own program says of an article; it overrides; absent is unchanged."""

    site: Line = Field(min_length=1, max_length=60)
    url: Annotated[Url | None, Blank] = Field(default=None, max_length=2000)
    title: Line | None = Field(default=None, max_length=300)
    section: Line | None = Field(default=None, max_length=120)
    language: Line | None = Field(default=None, max_length=35)
    published_at: Moment | None = None
    state: State | None = None
    closes_at: Moment | None = None


class PageQuery(Form):
    """The address of the hosted page; what it does not know is left alone, as on any page."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=2000)

    site: Line = Field(min_length=1, max_length=60)
    article: ArticleKey
    url: Annotated[str | None, Blank] = None
    sort: Literal["newest", "oldest", "top"] = "newest"
    after: Annotated[str | None, Blank] = Field(default=None, max_length=600)
    comment: Annotated[Id | None, Blank] = None
    reply: Annotated[Id | None, Blank] = None

    @property
    def name(self) -> Name:
        return Name(self.article, readable(self.url))


class LatelyQuery(Form):
    """Which articles of a site people talk about: those with the latest comments, or the most."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=2000)

    site: Line = Field(min_length=1, max_length=60)
    order: Literal["latest", "active"] = "latest"
    limit: int = Field(default=10, ge=1, le=50)


class FeedQuery(Form):
    """What a feed is about: a site or, with its publisher's id, one article."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=2000)

    site: Line = Field(min_length=1, max_length=60)
    article: Annotated[ArticleKey | None, Blank] = None
    url: Annotated[str | None, Blank] = None

    @property
    def name(self) -> Name | None:
        return Name(self.article, readable(self.url)) if self.article else None


class Seen(Form):
    """Somebody has seen an article, up to the Decision of this id."""

    site: Line = Field(min_length=1, max_length=60)
    article: ArticleKey
    url: Annotated[str | None, Blank] = Field(default=None, max_length=2000)
    upto: Id

    @property
    def name(self) -> Name:
        return Name(self.article, readable(self.url))


class NamedArticles(Form):
    """Several articles of a site. `url`, when given, comes once for each `article`, in order."""

    site: Line = Field(min_length=1, max_length=60)
    article: list[ArticleKey] = Field(min_length=1)
    url: list[Annotated[str, Field(max_length=2000)]] = Field(default=[])

    @field_validator("url")
    @classmethod
    def _paired(cls, urls: list[str], info: ValidationInfo) -> list[str]:
        if urls and len(urls) != len(info.data.get("article", urls)):
            raise PydanticCustomError("unpaired", "comes once for each article")
        return urls

    @property
    def names(self) -> list[Name]:
        urls = self.url or [""] * len(self.article)
        return [Name(key, readable(url)) for key, url in zip(self.article, urls, strict=True)]


class ListQuery(Form):
    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=600)

    after: Annotated[str | None, Blank] = None


class ArticleState(Form):
    """A moderator opens, closes or hides an article."""

    state: State


def readable(url: str | None) -> str | None:
    """The address a page gives of itself, if it is one; a read refuses nobody for it."""
    try:
        return addresses.canonical(url) if url else None
    except ValueError:
        return None

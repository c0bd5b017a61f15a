"""What programs ask for in an address or send in a body, where no rule's own form says it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from comments.accounts.factors.forms import Code
from comments.accounts.forms import SignIn, SignUp
from comments.forms import Blank, Form, Id, Line, parse
from comments.moderation.forms import Order, Queue, View
from comments.threads.forms import ArticleKey, Body, Name, NamedArticles, readable
from comments.threads.models import Status

MOST_COUNTS = 100
LONGEST_TOKEN = 256 * 1024

SiteKey = Annotated[Line, Field(min_length=1, max_length=60)]
Address = Annotated[str, Field(max_length=2000)]
Cursor = Annotated[str, Field(max_length=600)]


class Query(Form):
    """The parent of what an address holds: the language of the answer may always be asked for."""

    locale: str | None = Field(default=None, max_length=20)


class CommentsQuery(Query):
    """A page of an article's comments; `url` finds an article whose id is not known yet."""

    site: SiteKey
    article: ArticleKey
    url: Annotated[Address | None, Blank] = None
    sort: Literal["newest", "oldest", "top"] = "newest"
    after: Annotated[Cursor | None, Blank] = None
    limit: int = Field(default=25, ge=1, le=100)

    @property
    def name(self) -> Name:
        return Name(self.article, readable(self.url))


class CountsQuery(Query, NamedArticles):
    """Up to 100 articles of a site. `url`, when given, comes once for each `article`, in order."""

    article: list[ArticleKey] = Field(min_length=1, max_length=MOST_COUNTS)
    url: list[Address] = Field(default=[], max_length=MOST_COUNTS)


class ArticlesQuery(Query):
    """The articles with the latest comments, or with the most of the site's latest 1,000."""

    site: SiteKey
    order: Literal["latest", "active"] = "latest"
    limit: int = Field(default=10, ge=1, le=50)


class QueueQuery(Query):
    """A list of the desk: what waits, what is reported, or all, by status and author."""

    site: SiteKey
    view: View = View.WAITING
    status: Annotated[Status | None, Blank] = None
    author: Annotated[Id | None, Blank] = None
    order: Annotated[Order | None, Blank] = None
    after: Annotated[Cursor | None, Blank] = None

    @property
    def queue(self) -> Queue:
        """The list as the desk knows it. Raises Invalid for what only narrows all comments."""
        return parse(Queue, self.model_dump(exclude={"site", "locale"}))


class NewPreview(Form):
    """What a text will look like."""

    site: SiteKey
    body: Body


class NewAccount(SignUp):
    """A new person, who is signed in to this site at once."""

    site: SiteKey


class NewSsoSession(Form):
    """A reader of this site, as its publisher's own token says."""

    # Whatever is no good token is refused as one, long ones too.
    model_config = ConfigDict(str_max_length=LONGEST_TOKEN)

    site: SiteKey
    token: str


class NewSession(SignIn):
    """A person who is known, to be signed in to this site; who has a second factor sends a `code`
    of their app, or of recovery."""

    site: SiteKey
    code: Annotated[Code | None, Blank] = None

"""What moderators and readers send about a comment."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from comments.forms import Blank, Form, Id, Line, Text
from comments.moderation.models import Complaint
from comments.threads.models import Status


class Action(StrEnum):
    """What a moderator does: to what waits, to what is out, and to what was decided before."""

    APPROVE = "approve"
    REJECT = "reject"


class Reason(StrEnum):
    """Why a moderator rejects; screening/words.py says each in words."""

    SPAM = "spam"
    ABUSE = "abuse"
    HATE = "hate"
    PRIVATE = "private"
    OFFTOPIC = "offtopic"
    ILLEGAL = "illegal"
    OTHER = "other"


def _said_when_rejecting(reason: Reason | None, info: ValidationInfo) -> Reason | None:
    action = info.data.get("action")
    if action is Action.REJECT and reason is None:
        raise PydanticCustomError("missing", "is missing")
    if action is Action.APPROVE and reason is not None:
        raise PydanticCustomError("extra_forbidden", "only a rejection has a reason")
    return reason


class Judgement(Form):
    """A decision, and the view it was made on: the revision, and the last Decision shown."""

    action: Action
    reason: Annotated[Reason | None, AfterValidator(_said_when_rejecting), Blank] = Field(
        default=None, validate_default=True
    )
    note: Annotated[Text | None, Blank] = Field(default=None, max_length=1000)
    revision: Id
    seen: Annotated[Id | None, Blank]


class Complained(Form):
    """A reader's report."""

    reason: Complaint
    text: Text = Field(default="", max_length=1000)


class Term(StrEnum):
    """For how many days somebody may not write, or until a person lifts it."""

    DAY = "1"
    THREE_DAYS = "3"
    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    FOR_GOOD = "ban"


class Penalty(Form):
    """Keep a comment's author from writing; the author reads the reason."""

    term: Term
    reason: Line = Field(min_length=1, max_length=500)
    reject_waiting: bool = False


class View(StrEnum):
    """The lists of the desk."""

    WAITING = "waiting"
    REPORTED = "reported"
    ALL = "all"


class Order(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


def _only_in_all(value: object, info: ValidationInfo) -> object:
    if value is not None and info.data.get("view") is not View.ALL:
        raise PydanticCustomError("extra_forbidden", "narrows the list of all comments only")
    return value


OnlyInAll = AfterValidator(_only_in_all)


class Queue(Form):
    """Which list, narrowed to what, in which order, from where on.

    What somebody has to look at begins with what is there longest; all there is, with the newest.
    """

    view: View = View.WAITING
    status: Annotated[Status | None, OnlyInAll, Blank] = None
    author: Annotated[Id | None, OnlyInAll, Blank] = None
    article: Annotated[Id | None, OnlyInAll, Blank] = None
    order: Annotated[Order | None, Blank] = None
    after: Annotated[Line | None, Blank] = Field(default=None, max_length=200)

    @property
    def newest(self) -> bool:
        return (self.order or self._usual) is Order.NEWEST

    @property
    def _usual(self) -> Order:
        return Order.NEWEST if self.view is View.ALL else Order.OLDEST

    def address(self, **changes: object) -> dict[str, str]:
        """The same list, but for the changes, as it stands in an address; a page is not kept."""
        values = {**self.model_dump(exclude={"after"}), **changes}
        return {name: str(value) for name, value in values.items() if value is not None}

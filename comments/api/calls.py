"""What each call takes and answers, by the name of its view: the source of the document."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from comments.api import judging, shapes
from comments.api.forms import (
    ArticlesQuery,
    CommentsQuery,
    CountsQuery,
    NewAccount,
    NewPreview,
    NewSession,
    NewSsoSession,
    QueueQuery,
)
from comments.forms import Form
from comments.moderation.forms import Complained, Judgement
from comments.sites.guests.forms import LEAST_KEY, NewGuest
from comments.threads.forms import ArticleFacts, Ballot, EditedComment, NewComment


class Who(StrEnum):
    """Whose token a call takes."""

    ANYBODY = "anybody"
    READER = "reader"
    STAFF = "staff"
    PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True)
class Key:
    """What the same Idempotency-Key does, and how long it must be."""

    summary: str
    least: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """Where it lies, and by which method it is called, its route says."""

    summary: str
    who: Who
    answers: dict[int, type | None]
    query: type[Form] | None = None
    body: type[Form] | None = None
    refusals: frozenset[int] = frozenset()
    has_html: bool = False
    key: Key | None = None

    @property
    def refused_with(self) -> set[int]:
        """Every status of a refusal: its own, and those that follow from what it takes."""
        found = {400, 429, 503, *self.refusals}
        if self.query or self.body:
            found |= {422}
        if self.body:
            found |= {413, 415}
        if self.who is not Who.ANYBODY:
            found |= {401, 403}
        return found


MISSING, CLASHING = frozenset({404}), frozenset({404, 409})

CALLS = {
    "comments": Call(
        "Read the comments of an article",
        Who.ANYBODY,
        {200: shapes.Comments, 304: None},
        query=CommentsQuery,
        refusals=MISSING,
    ),
    "counts": Call(
        "Count the comments of several articles",
        Who.ANYBODY,
        {200: shapes.Counts, 304: None},
        query=CountsQuery,
        refusals=MISSING,
    ),
    "article_list": Call(
        "Find the articles that people talk about",
        Who.ANYBODY,
        {200: shapes.Articles, 304: None},
        query=ArticlesQuery,
        refusals=MISSING,
    ),
    "post": Call(
        "Post a comment",
        Who.READER,
        {201: shapes.OwnComment, 202: shapes.OwnComment},
        body=NewComment,
        refusals=MISSING,
        has_html=True,
        key=Key("The same key and body within 24 hours are answered with the first comment."),
    ),
    "edit": Call(
        "Give one's own comment another text",
        Who.READER,
        {200: shapes.OwnComment, 202: shapes.OwnComment},
        body=EditedComment,
        refusals=CLASHING,
        has_html=True,
    ),
    "withdraw": Call(
        "Take one's own comment back",
        Who.READER,
        {200: shapes.OwnComment},
        refusals=CLASHING,
        has_html=True,
    ),
    "vote": Call(
        "Vote a comment up or down, or take that back; the same again changes nothing",
        Who.READER,
        {200: shapes.Vote},
        body=Ballot,
        refusals=MISSING,
        has_html=True,
    ),
    "report": Call(
        "Report a comment; the same person's second report is the first",
        Who.READER,
        {201: shapes.Report, 200: shapes.Report},
        body=Complained,
        refusals=CLASHING,
        has_html=True,
    ),
    "queue": Call(
        "Read a list of what there is to judge",
        Who.STAFF,
        {200: judging.Queue},
        query=QueueQuery,
        refusals=MISSING,
    ),
    "decide": Call(
        "Approve or reject; the same decision by the same person again is the first",
        Who.STAFF,
        {201: judging.Decision, 200: judging.Decision},
        body=Judgement,
        refusals=CLASHING,
    ),
    "preview": Call(
        "See what a text will look like",
        Who.READER,
        {200: shapes.Preview},
        body=NewPreview,
        refusals=MISSING,
        has_html=True,
    ),
    "describe": Call(
        "Say what an article is, by the publisher's own program; what is left out stays",
        Who.PUBLISHER,
        {200: shapes.Article},
        body=ArticleFacts,
        refusals=CLASHING,
    ),
    "sign_up": Call(
        "Make an account, and sign in",
        Who.ANYBODY,
        {201: shapes.Token},
        body=NewAccount,
        refusals=MISSING,
    ),
    "come": Call(
        "Write without an account, where the site takes guests",
        Who.ANYBODY,
        {201: shapes.Guest},
        body=NewGuest,
        refusals=frozenset({403, 404}),
        has_html=True,
        key=Key(
            "A secret made for this guest: the same one is answered with the same guest.", LEAST_KEY
        ),
    ),
    "sign_in": Call(
        "Sign in by a password",
        Who.ANYBODY,
        {200: shapes.Token},
        body=NewSession,
        refusals=MISSING,
    ),
    "sign_in_by_publisher": Call(
        "Sign in by a publisher's own token, which does so once",
        Who.ANYBODY,
        {200: shapes.Token},
        body=NewSsoSession,
        refusals=frozenset({401, 403, 404}),
    ),
    "sign_out": Call("Sign out: end the token that is sent", Who.READER, {204: None}),
    "openapi": Call("Read this document", Who.ANYBODY, {200: shapes.Document, 304: None}),
}

"""What moderators get: comments with all that a card of the desk shows, and what they decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from comments.api.shapes import Shape
from comments.moderation import cards, desk
from comments.moderation.forms import Action
from comments.sites.models import Role
from comments.threads import models
from comments.threads.models import Act, Status


@dataclass(frozen=True, slots=True)
class Subject(Shape):
    """The article of a comment that is judged."""

    id: str
    url: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class Person(Shape):
    """An author, and what became of what they wrote on this site."""

    id: str
    name: str
    badge: Role | None
    badges: tuple[str, ...]
    published: int
    rejected: int
    upheld_reports: int


@dataclass(frozen=True, slots=True)
class Finding(Shape):
    """What a check found, in words, and the part of the text that it means."""

    message: str
    match: str


@dataclass(frozen=True, slots=True)
class OpenReport(Shape):
    """A reader's report that nobody has decided on."""

    reason: str
    text: str
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Quote(Shape):
    """The comment that is answered."""

    id: str
    name: str
    html: str
    status: Status


@dataclass(frozen=True, slots=True)
class Card(Shape):
    """A comment to be judged. A decision sends `revision` and `seen` back as they are here."""

    id: str
    site: str
    article: Subject
    parent: Quote | None
    author: Person
    html: str
    status: Status
    created_at: datetime
    edited_at: datetime | None
    revision: int
    seen: str | None
    last: str | None
    findings: list[Finding]
    reports: list[OpenReport]
    actions: list[Action]


@dataclass(frozen=True, slots=True)
class Queue(Shape):
    """A page of a list, and how much there is to do; 1001 stands for more than a thousand."""

    items: list[Card]
    after: str | None
    waiting: int
    reported: int


@dataclass(frozen=True, slots=True)
class Decision(Shape):
    """What was decided, and what became of the comment by it."""

    id: str
    comment: str
    action: Act
    reason: str | None
    revision: int
    status: Status
    created_at: datetime


def queue(page: desk.Desk, site: str) -> Queue:
    items = [_card(card, site) for card in page.cards]
    return Queue(items, page.after, page.counts.waiting, page.counts.reported)


def decision(row: models.Decision) -> Decision:
    return Decision(
        id=str(row.id),
        comment=str(row.comment_id),
        action=row.act,
        reason=row.reason,
        revision=row.revision,
        status=row.to_status,
        created_at=row.created_at,
    )


def _card(card: cards.Card, site: str) -> Card:
    comment, article, parent = card.comment, card.article, card.parent
    return Card(
        id=str(comment.id),
        site=site,
        article=Subject(article.key, article.url, article.title),
        parent=Quote(str(parent.id), parent.name, parent.html, parent.status) if parent else None,
        author=_person(card.author),
        html=card.html,
        status=comment.status,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        revision=comment.revision,
        seen=str(card.seen) if card.seen else None,
        last=card.last.words if card.last else None,
        findings=[Finding(found.words, found.match) for found in card.findings],
        reports=[OpenReport(row.words, row.text, row.name, row.at) for row in card.reports],
        actions=sorted(card.actions),
    )


def _person(author: cards.Person) -> Person:
    return Person(
        id=str(author.id),
        name=author.name,
        badge=author.role,
        badges=author.badges,
        published=author.published,
        rejected=author.rejected,
        upheld_reports=author.upheld,
    )

"""What the desk shows of a comment: frozen, complete, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from comments.accounts.models import User
from comments.moderation import deciding, words
from comments.moderation.facts import Facts
from comments.moderation.forms import Action
from comments.moderation.models import Report
from comments.moderation.queries import Told
from comments.screening import words as screening
from comments.sites.models import Membership, Role, Sanction
from comments.sites.sso import badges
from comments.threads.models import Article, Comment, Decision, Status

# How much of the text is shown around what a check matched.
AROUND = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: its words, what it matched between its surroundings, and another comment."""

    words: str
    before: str = ""
    match: str = ""
    after: str = ""
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """An author: what is known of them on this site."""

    id: int
    name: str
    role: Role | None
    badges: tuple[str, ...]
    published: int
    rejected: int
    upheld: int
    since: datetime | None
    sanctions: tuple[Sanction, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a comment answers."""

    id: int
    name: str
    html: Markup
    status: Status


@dataclass(frozen=True, slots=True)
class Complained:
    """A reader's report."""

    words: str
    text: str
    name: str
    at: datetime
    outcome: str
    is_of_earlier_text: bool


@dataclass(frozen=True, slots=True)
class Past:
    """A line of the history."""

    words: str
    reason: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A comment to be judged. `seen` is the last Decision shown on it."""

    comment: Comment
    article: Article
    author: Person
    html: Markup
    is_erased: bool
    findings: tuple[Found, ...]
    parent: Quote | None
    last: Past | None
    actions: frozenset[Action]
    may_sanction: bool
    reports: tuple[Complained, ...] = ()

    @property
    def id(self) -> int:
        return self.comment.id

    @property
    def status(self) -> Status:
        return self.comment.status

    @property
    def seen(self) -> int | None:
        return self.comment.decided_id


@dataclass(frozen=True, slots=True)
class Known:
    """What is gathered for many cards at once: who looks, sanctions and open reports."""

    viewer: Membership
    sanctions: Mapping[int, Sequence[Sanction]] = field(default_factory=dict)
    reports: Mapping[int, Sequence[Told]] = field(default_factory=dict)


def known(viewer: Membership, sanctions: Iterable[Sanction], reports: Iterable[Told]) -> Known:
    by_person: dict[int, list[Sanction]] = defaultdict(list)
    by_comment: dict[int, list[Told]] = defaultdict(list)
    for sanction in sanctions:
        by_person[sanction.user_id].append(sanction)
    for told in reports:
        by_comment[told.report.comment_id].append(told)
    return Known(viewer, by_person, by_comment)


def card(facts: Facts, known: Known) -> Card:
    comment, text = facts.comment, facts.text
    own = comment.author_id == known.viewer.user_id
    return Card(
        comment=comment,
        article=facts.article,
        author=_person(facts, known.sanctions.get(comment.author_id, ())),
        html=marked(text.html),
        is_erased=not text.source,
        findings=tuple(_found(kept, text.source) for kept in text.findings),
        parent=_quote(facts),
        last=_last(facts),
        actions=_actions(facts, known.viewer.role, own),
        may_sanction=facts.role is None and not own,
        reports=tuple(
            complained(told, comment.revision) for told in known.reports.get(comment.id, ())
        ),
    )


def complained(told: Told, revision: int) -> Complained:
    report: Report = told.report
    return Complained(
        words=words.complaints()[report.reason],
        text=report.text,
        name=called(told.name),
        at=report.created_at,
        outcome=words.outcome(report.outcome),
        is_of_earlier_text=report.revision < revision,
    )


def past(decision: Decision, name: str | None) -> Past:
    return Past(
        words=words.decision(decision, name),
        reason=words.reason(decision),
        note=decision.note or "",
        at=decision.created_at,
    )


def called(name: str | None) -> str:
    return name or _("Former reader")


def marked(html: str) -> Markup:
    """The text of a comment or a revision, which markup.py has made."""
    return Markup(html)  # noqa: S704


def _person(facts: Facts, sanctions: Sequence[Sanction]) -> Person:
    author: User = facts.author
    record = facts.record
    return Person(
        id=author.id,
        name=called(author.name),
        role=facts.role,
        badges=badges.texts(author.badges, facts.meanings),
        published=record.published if record else 0,
        rejected=record.rejected if record else 0,
        upheld=record.upheld_reports if record else 0,
        since=record.first_seen_at if record else None,
        sanctions=tuple(sanctions),
    )


def _quote(facts: Facts) -> Quote | None:
    parent = facts.parent
    if parent is None:
        return None
    html = marked(facts.parent_html or "")
    return Quote(parent.id, called(facts.parent_author), html, parent.status)


def _last(facts: Facts) -> Past | None:
    """What was last decided, if a person decided it or a reason was given."""
    decision = facts.decision
    if decision is None or not (decision.by_id or decision.reason):
        return None
    return past(decision, facts.decider)


def _found(kept: Mapping[str, Any], source: str) -> Found:
    said, other = screening.finding(kept), (kept.get("params") or {}).get("comment")
    begin, end = kept.get("span") or (0, 0)
    if not 0 <= begin < end <= len(source):
        return Found(said, other=other)
    return Found(
        said,
        before=("…" if begin > AROUND else "") + source[max(0, begin - AROUND) : begin],
        match=source[begin:end],
        after=source[end : end + AROUND] + ("…" if len(source) > end + AROUND else ""),
        other=other,
    )


def _actions(facts: Facts, mine: Role, own: bool) -> frozenset[Action]:
    """The buttons: none on what is withdrawn or erased, no second rejection of what is rejected."""
    possible = {
        Status.WITHDRAWN: (),
        Status.REJECTED: (Action.APPROVE,) if facts.text.source else (),
    }.get(facts.comment.status, tuple(Action))
    return frozenset(
        action for action in possible if deciding.hindrance(action, mine, facts.role, own) is None
    )

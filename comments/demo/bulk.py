"""Finished rows in bulk: whole threads with their records and counters, as the rules would leave
them.

This goes past `status.move` on purpose, which takes one comment at a time. Everything that `move`
counts is counted here from the plan of a thread, and a thread is in the database wholly or not at
all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from comments import changes
from comments.db import Model, db, transaction, upsert
from comments.demo import loading
from comments.demo.loading import Row, Rows
from comments.demo.shapes import Plan, Planned
from comments.moderation.forms import Reason
from comments.screening.draft import Standing
from comments.sites.models import Participant, Site
from comments.threads import writing
from comments.threads.models import (
    DEEPEST,
    Act,
    Article,
    Comment,
    Decision,
    Revision,
    State,
    Status,
    Vote,
)
from comments.threads.voting import rank
from comments.threads.writing import Written

BATCH = 5_000
# So long after a comment a moderator rejects it.
LOOKED = timedelta(minutes=9)
NUMBERED = (Article, Comment, Decision)


@dataclass(frozen=True, slots=True)
class Line:
    """A text that is said again and again, with what is kept beside it."""

    text: Written
    facts: Row
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Pool:
    """What is said on a site, the ids of those who say it, and of the one who moderates."""

    lines: Sequence[Line]
    people: Sequence[int]
    moderator: int


@dataclass(frozen=True, slots=True)
class Talk:
    """An article to be, and what is said under it."""

    key: str
    begun: datetime
    plan: Plan
    title: str | None = None


def line(source: str) -> Line:
    text = writing.written(source)
    return Line(text, writing.draft(text, Standing()).facts(), text.fingerprint)


def store(site: Site, talks: Sequence[Talk], pool: Pool) -> None:
    """Put these threads into the database, together or not at all."""

    def act() -> None:
        threads = list(_threads(site, talks, pool))
        loading.insert({Article: [thread.article() for thread in threads]})
        comments = (thread.rows(number) for thread in threads for number in range(thread.size))
        while batch := list(islice(comments, BATCH)):
            loading.insert(_by_table(batch))
        _count_people(site, threads)
        loading.go_on_numbering(NUMBERED)
        changes.everything()

    transaction(act)


class _Thread:
    """One article with its comments, whose ids follow each other in the order of the plan."""

    def __init__(self, site: int, talk: Talk, pool: Pool, first: dict[type[Model], int]) -> None:
        self.size = len(talk.plan)
        self.talk, self.pool = talk, pool
        self._site, self._id, self._comment = site, first[Article], first[Comment]
        self._decisions = list(_numbers(talk.plan, first[Decision]))
        self._replies = _replies(talk.plan)
        self._depths: list[int] = []
        self._paths: list[str] = []
        self._roots: list[int] = []

    def article(self) -> Row:
        counts = Counter(each.status for each in self.talk.plan)
        return {
            "id": self._id,
            "site_id": self._site,
            "key": self.talk.key,
            "title": self.talk.title,
            "state": State.OPEN,
            "version": 1 + counts[Status.PUBLISHED] + counts[Status.REJECTED],
            "published": counts[Status.PUBLISHED],
            "pending": counts[Status.PENDING],
            "rejected": counts[Status.REJECTED],
            "published_at": self.talk.begun,
            "created_at": self.talk.begun,
        }

    def author(self, each: Planned) -> int:
        return self.pool.people[int(each.who * len(self.pool.people))]

    def rows(self, number: int) -> list[tuple[type[Model], Row]]:
        """What is kept of one comment. They are asked for in the order of the plan."""
        each = self.talk.plan[number]
        id, moment = self._comment + number, self.talk.begun + timedelta(seconds=each.seconds)
        line = self.pool.lines[int(each.what * len(self.pool.lines))]
        self._place(number, each.parent)
        comment = {
            "id": id,
            "site_id": self._site,
            "article_id": self._id,
            "parent_id": None if each.parent is None else self._comment + each.parent,
            "root_id": self._comment + self._roots[number],
            "path": self._paths[number],
            "depth": self._depths[number],
            "author_id": self.author(each),
            "status": each.status,
            "shown": each.status is Status.PUBLISHED or self._replies[number] > 0,
            "replies": self._replies[number],
            "ups": each.ups,
            "downs": each.downs,
            "rank": rank(each.ups, each.downs),
            "fingerprint": line.fingerprint,
            "created_at": moment,
            "decided_id": self._decisions[number][-1],
        }
        return [
            (Comment, comment),
            (Revision, self._revision(id, line, moment)),
            *((Decision, row) for row in self._history(number, moment)),
            *((Vote, row) for row in self._votes(number, moment)),
        ]

    def _place(self, number: int, parent: int | None) -> None:
        above = "" if parent is None else self._paths[parent]
        self._paths.append(writing.path_below(above, self._comment + number))
        self._depths.append(0 if parent is None else self._depths[parent] + 1)
        self._roots.append(number if parent is None else self._roots[parent])

    def _revision(self, comment: int, line: Line, moment: datetime) -> Row:
        return {
            "comment_id": comment,
            "number": 1,
            "site_id": self._site,
            "source": line.text.source,
            "source_format": line.text.source_format,
            "html": line.text.rendered.html,
            "renderer": line.text.rendered.renderer,
            "facts": line.facts,
            "findings": [],
            "created_at": moment,
        }

    def _history(self, number: int, moment: datetime) -> Iterator[Row]:
        """What is rejected had been published until a moderator looked."""
        status = self.talk.plan[number].status
        was = Status.PUBLISHED if status is Status.REJECTED else status
        record = {
            "site_id": self._site,
            "comment_id": self._comment + number,
            "revision": 1,
            "from_status": None,
            "by_id": None,
            "reason": None,
        }
        first, *second = self._decisions[number]
        yield {**record, "id": first, "act": Act.POST, "to_status": was, "created_at": moment}
        for id in second:
            yield {
                **record,
                "id": id,
                "act": Act.REJECT,
                "from_status": was,
                "to_status": status,
                "by_id": self.pool.moderator,
                "reason": Reason.ABUSE,
                "created_at": moment + LOOKED,
            }

    def _votes(self, number: int, moment: datetime) -> Iterator[Row]:
        """Those who come after the author in the list of people vote."""
        each, people = self.talk.plan[number], self.pool.people
        author = int(each.who * len(people))
        for place in range(each.ups + each.downs):
            yield {
                "comment_id": self._comment + number,
                "user_id": people[(author + 1 + place) % len(people)],
                "site_id": self._site,
                "article_id": self._id,
                "value": 1 if place < each.ups else -1,
                "created_at": moment,
            }


def _threads(site: Site, talks: Sequence[Talk], pool: Pool) -> Iterator[_Thread]:
    first = loading.first_numbers(NUMBERED)
    for talk in talks:
        yield _Thread(site.id, talk, pool, dict(first))
        first[Article] += 1
        first[Comment] += len(talk.plan)
        first[Decision] += sum(map(_decided, talk.plan))


def _decided(each: Planned) -> int:
    """How often something was decided about it."""
    return 2 if each.status is Status.REJECTED else 1


def _numbers(plan: Plan, first: int) -> Iterator[range]:
    """The ids of the decisions about each comment."""
    for each in plan:
        yield range(first, first + _decided(each))
        first += _decided(each)


def _replies(plan: Plan) -> list[int]:
    """How many published comments are drawn below each: below the deepest level they hang at it."""
    levels: list[int] = []
    drawn_below: list[int | None] = []
    for each in plan:
        parent = each.parent
        if parent is not None and levels[parent] == DEEPEST:
            parent = drawn_below[parent]
        drawn_below.append(parent)
        levels.append(1 if parent is None else levels[parent] + 1)
    replies = [0] * len(plan)
    for number in range(len(plan) - 1, -1, -1):
        parent = drawn_below[number]
        if parent is not None:
            replies[parent] += replies[number] + (plan[number].status is Status.PUBLISHED)
    return replies


def _by_table(comments: Sequence[list[tuple[type[Model], Row]]]) -> Rows:
    rows: Rows = defaultdict(list)
    for made in comments:
        for model, row in made:
            rows[model].append(row)
    return rows


def _count_people(site: Site, threads: Sequence[_Thread]) -> None:
    counts: dict[int, Counter[Status]] = defaultdict(Counter)
    since: dict[int, datetime] = {}
    for thread in threads:
        for each in thread.talk.plan:
            counts[thread.author(each)][each.status] += 1
            since.setdefault(thread.author(each), thread.talk.begun)
    insert = upsert(Participant)
    if not counts:
        return
    more = {
        name: getattr(Participant, name) + insert.excluded[name]
        for name in ("published", "rejected")
    }
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=[Participant.site_id, Participant.user_id], set_=more
        ),
        [
            {
                "site_id": site.id,
                "user_id": user,
                "first_seen_at": since[user],
                "published": count[Status.PUBLISHED],
                "rejected": count[Status.REJECTED],
                "upheld_reports": 0,
            }
            for user, count in counts.items()
        ],
    )

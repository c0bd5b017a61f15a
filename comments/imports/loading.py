"""From a plan to rows: additive, in batches, and the second time nothing is left to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from comments import markup
from comments.accounts.models import Way
from comments.db import db, transaction
from comments.imports import articles, people
from comments.imports.people import NOBODY, Person
from comments.imports.plan import Group, Plan, Staged
from comments.screening.draft import Standing
from comments.screening.policy import Outcome, Verdict
from comments.sites.models import Site
from comments.threads import status, writing
from comments.threads.models import Act, Article, Comment, Status

LONGEST_KEY = 500
_UNSCREENED = Verdict(Outcome.PUBLISH, None, ())


@dataclass(frozen=True, slots=True)
class Goal:
    """Where an import goes, where it comes from, and when it happens."""

    site: Site
    way: Way
    now: datetime


def recognise(plan: Plan, goal: Goal) -> None:
    """Note in the plan what an earlier import brought here."""
    for batch in plan.batches():
        numbers = {_import_key(goal.way, staged): staged.number for staged in batch}
        rows = db.session.execute(
            sa.select(Comment.import_key, Comment.id).where(
                Comment.site_id == goal.site.id, Comment.import_key.in_(numbers)
            )
        )
        plan.here_already({numbers[str(key)]: row for key, row in rows})


def load(plan: Plan, goal: Goal) -> Iterator[int]:
    """Import what is left, batch by batch; yields how many comments each brought."""
    for batch in plan.batches():
        groups = {staged.place: plan.group(staged.place) for staged in batch}
        plan.imported(transaction(partial(_imported, goal, batch, groups)))
        yield len(batch)


def _imported(goal: Goal, batch: list[Staged], groups: dict[str, Group]) -> dict[int, int]:
    """The new rows by the numbers of the comments."""
    found = _articles(goal, groups)
    authors = people.found_or_made(
        goal.site, goal.way, {_person(staged) for staged in batch}, goal.now
    )
    rows = _earlier_parents(batch) | _here(goal, batch)
    for staged in batch:
        if staged.number in rows:
            continue
        article = found[staged.place]
        parent = rows.get(staged.parent_number)
        # An earlier import may have put the parent below another article.
        if parent and parent.article_id != article.id:
            parent = None
        place = writing.Place(article, parent, authors[_person(staged).subject])
        rows[staged.number] = _comment(goal, staged, place)
    return {staged.number: rows[staged.number].id for staged in batch}


def _here(goal: Goal, batch: list[Staged]) -> dict[int, Comment]:
    """What another import of the same file brought here since the plan was made."""
    numbers = {_import_key(goal.way, staged): staged.number for staged in batch}
    found = db.session.scalars(
        sa.select(Comment).where(Comment.site_id == goal.site.id, Comment.import_key.in_(numbers))
    )
    return {numbers[str(comment.import_key)]: comment for comment in found}


def _articles(goal: Goal, groups: dict[str, Group]) -> dict[str, Article]:
    ids = {
        place: articles.found_or_made(goal.site, group, goal.now).id
        for place, group in groups.items()
    }
    locked = {id: status.locked(id) for id in sorted(ids.values())}
    return {place: locked[id] for place, id in ids.items()}


def _earlier_parents(batch: list[Staged]) -> dict[int, Comment]:
    numbers = {staged.parent_row: staged.parent_number for staged in batch if staged.parent_row}
    found = db.session.scalars(sa.select(Comment).where(Comment.id.in_(numbers)))
    return {numbers[comment.id]: comment for comment in found}


def _comment(goal: Goal, staged: Staged, place: writing.Place) -> Comment:
    text = _written(staged)
    at = min(staged.created_at, goal.now)
    to = _status(staged)
    comment = writing.add(place, text, to, at, _import_key(goal.way, staged))
    writing.add_revision(comment, text, writing.draft(text, Standing()), _UNSCREENED, at)
    status.move(comment, to, status.Why(Act.IMPORT), goal.now)
    return comment


def _written(staged: Staged) -> writing.Written:
    rendered = markup.Rendered(staged.html, staged.text, staged.links, markup.RENDERER)
    return writing.Written(staged.source, rendered, staged.is_tombstone, writing.HTML)


def _status(staged: Staged) -> Status:
    if staged.is_tombstone:
        return Status.WITHDRAWN
    return Status.PENDING if staged.is_waiting else Status.PUBLISHED


def _person(staged: Staged) -> Person:
    if staged.is_tombstone:
        return NOBODY
    return people.person(staged.subject, staged.name, staged.place)


def _import_key(way: Way, staged: Staged) -> str:
    """Small files are numbered by hand, so an id alone would take strangers for one comment."""
    key = f"{way.value}:{staged.source_id}@{staged.created_at:%Y%m%d%H%M%S}"
    if len(key) <= LONGEST_KEY:
        return key
    return f"{way.value}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"

"""The desk: a page of cards, or one comment with all that is known about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from comments.errors import NotFound
from comments.moderation import cards, queries
from comments.moderation.cards import Card, Complained, Past
from comments.moderation.facts import Facts
from comments.moderation.forms import Queue
from comments.moderation.queries import Counts, Narrowed
from comments.sites.models import Membership
from comments.threads.models import Comment, Revision


@dataclass(frozen=True, slots=True)
class Desk:
    """One page of a list."""

    cards: Sequence[Card]
    after: str | None
    counts: Counts
    narrowed: Narrowed


@dataclass(frozen=True, slots=True)
class File:
    """One comment: what it answers, what answers it, and all that happened to it."""

    card: Card
    above: Sequence[Card]
    below: Sequence[Card]
    history: Sequence[Past]
    texts: Sequence[Revision]
    reports: Sequence[Complained]
    counts: Counts


def page(viewer: Membership, queue: Queue, now: datetime) -> Desk:
    """A page of a list, in at most five queries. Raises NotFound for a foreign filter."""
    site = viewer.site
    narrowed = queries.narrowed(site, queue)
    if narrowed is None:
        raise NotFound(_("There is no such person or article on this site."))
    found = queries.page(site, queue)
    return Desk(_drawn(viewer, found.rows, now), found.after, queries.counts(site), narrowed)


def file(viewer: Membership, comment: Comment, now: datetime) -> File:
    facts = queries.one(comment)
    above, below = queries.above(comment), queries.below(comment)
    shown = _drawn(viewer, [facts, *above, *below], now)
    return File(
        card=shown[0],
        above=shown[1 : 1 + len(above)],
        below=shown[1 + len(above) :],
        history=[cards.past(*row) for row in queries.decisions(comment)],
        texts=queries.earlier_texts(comment),
        reports=[cards.complained(told, comment.revision) for told in queries.reports(comment)],
        counts=queries.counts(viewer.site),
    )


def _drawn(viewer: Membership, rows: Sequence[Facts], now: datetime) -> list[Card]:
    authors = {facts.comment.author_id for facts in rows}
    known = cards.known(
        viewer,
        queries.in_force(viewer.site, authors, now) if authors else (),
        queries.open_reports([facts.comment for facts in rows]),
    )
    return [cards.card(facts, known) for facts in rows]

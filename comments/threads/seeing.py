"""How far somebody has read an article, and what was published there since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db, upsert
from comments.threads import queries
from comments.threads.models import Article, Mark

MOST = 100


@dataclass(frozen=True, slots=True)
class Unread:
    """What others published since somebody's mark, the newest first, and where to set it next.

    Whoever is here for the first time has no mark yet, and nothing is unread. `upto` is None where
    there is nothing to mark.
    """

    ids: tuple[str, ...] = ()
    has_more: bool = False
    upto: str | None = None


def unread(article_id: int, person: User) -> Unread:
    """What this person has not seen yet, at most a hundred."""
    mark, newest = queries.mark_and_newest(article_id, person)
    if newest is None or (mark is not None and mark >= newest):
        return Unread()
    ids = [] if mark is None else queries.unread(article_id, person, mark, MOST + 1)
    if mark is not None and not ids:
        return Unread()
    return Unread(tuple(map(str, ids[:MOST])), len(ids) > MOST, str(newest))


def mark(article: Article, upto: int, by: User, now: datetime) -> None:
    """Somebody has seen the article up to this Decision: never less than before, never the future.

    Raises NotSignedIn for who has left meanwhile.
    """
    closing.held(by)
    _mark, newest = queries.mark_and_newest(article.id, by)
    if newest is None:
        return
    row = upsert(Mark).values(
        user_id=by.id,
        article_id=article.id,
        site_id=article.site_id,
        decision_id=min(upto, newest),
        marked_at=now,
    )
    told = row.excluded
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[Mark.user_id, Mark.article_id],
            set_={"decision_id": told.decision_id, "marked_at": told.marked_at},
            where=Mark.decision_id < told.decision_id,
        )
    )

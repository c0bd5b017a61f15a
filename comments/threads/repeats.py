"""The same post again: by its Idempotency-Key for a day, by its words for a few minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts.models import User
from comments.db import db
from comments.errors import Fault, Invalid
from comments.prepared import Prepared, insert
from comments.threads.forms import NewComment
from comments.threads.models import Answer, Comment, Status
from comments.threads.reading import One
from comments.threads.standing import Said
from comments.threads.writing import Place, Written

SAME_CLICK = timedelta(minutes=5)
KEPT = timedelta(hours=24)

_ANSWERED = Prepared(
    sa.select(Answer.body_hash, Answer.comment_id, Answer.status, Answer.created_at).where(
        Answer.user_id == sa.bindparam("author"), Answer.key == sa.bindparam("key")
    )
)


@dataclass(frozen=True, slots=True)
class Posted:
    """The comment of a post, and the status that the post was answered with, then or now.

    `one` is what its author is shown; of a post that was there before, it is still to be read.
    """

    comment: Comment
    status: Status
    one: One | None = None


def answered(author: User, key: str | None, form: NewComment, now: datetime) -> Posted | None:
    """What this key was answered before. Raises Invalid when it came with another body."""
    if key is None:
        return None
    row = _ANSWERED.row(author=author.id, key=key)
    if row is None:
        return None
    if row.created_at + KEPT < now:
        db.session.execute(sa.delete(Answer).where(Answer.user_id == author.id, Answer.key == key))
        return None
    if row.body_hash != _hash(form):
        message = _("This Idempotency-Key was used for another comment.")
        raise Invalid(message, [Fault("Idempotency-Key", "reused", message)])
    comment = db.session.get(Comment, row.comment_id)
    assert comment is not None
    return Posted(comment, row.status)


def same_click(place: Place, text: Written, said: Sequence[Said], now: datetime) -> Posted | None:
    """What this person just said in this very place, in the same words."""
    parent = place.parent.id if place.parent else None
    again = [
        row
        for row in said
        if (row.article_id, row.parent_id) == (place.article.id, parent)
        and row.fingerprint == text.fingerprint
        and row.created_at > now - SAME_CLICK
        and row.status is not Status.WITHDRAWN
    ]
    if not again:
        return None
    first = db.session.get_one(Comment, again[-1].id)
    return Posted(first, first.status)


def remember(
    author: User, key: str | None, form: NewComment, posted: Posted, now: datetime
) -> None:
    if key is None:
        return
    insert(
        Answer,
        user_id=author.id,
        key=key,
        body_hash=_hash(form),
        comment_id=posted.comment.id,
        status=posted.status,
        created_at=now,
    )


def sweep(now: datetime) -> bool:
    """Forget the answers of more than a day ago; nothing is left then."""
    db.session.execute(sa.delete(Answer).where(Answer.created_at < now - KEPT))
    return False


def _hash(form: NewComment) -> str:
    return hashlib.sha256(form.model_dump_json().encode()).hexdigest()

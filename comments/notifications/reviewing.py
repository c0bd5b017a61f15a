"""Links in a moderator's letter: each opens one comment as it was, for a week.

Where the site allows it, its owner decides by it without signing in. It is void once anything was
decided about the comment, its text changed, or its owner moderates no more: so it is good once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer

from comments import settings
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.sites.models import Membership
from comments.threads.models import Comment

LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Review:
    """A comment, and as what the owner of the link judges it."""

    comment: Comment
    viewer: Membership

    @property
    def by(self) -> User:
        return self.viewer.user


def address(viewer: Membership, comment: Comment, now: datetime) -> str:
    until = int((now + LIFE).timestamp())
    facts = [viewer.user_id, comment.id, comment.revision, comment.decided_id, until]
    return f"{settings.current().url}/review/{_signer().dumps(facts)}"


def comment_of(token: str) -> Comment:
    """Which comment a link is about, whether or not it is still good. Raises NotFound."""
    return _read(token)[1]


def review(token: str, now: datetime) -> Review:
    """What its owner may decide by this link now. Raises NotFound."""
    person_id, comment, revision, seen, until = _read(token)
    viewer = db.session.get(Membership, (comment.site_id, person_id))
    if (
        now.timestamp() > until
        or viewer is None
        or not viewer.role.moderates
        or (comment.revision, comment.decided_id) != (revision, seen)
        or not viewer.site.settings.decides_by_mail
    ):
        raise over()
    return Review(comment, viewer)


def over() -> NotFound:
    """What is said of a link by which nothing can be decided any more."""
    words = _("This link is over: it is older than a week, or something was decided meanwhile.")
    return NotFound(words, code="link-over")


def _read(token: str) -> tuple[int, Comment, int, int, int]:
    try:
        person_id, comment_id, revision, seen, until = _signer().loads(token)
    except (BadData, ValueError, TypeError):
        raise over() from None
    comment = db.session.get(Comment, comment_id)
    if comment is None:
        raise over()
    return person_id, comment, revision, seen, until


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="review")

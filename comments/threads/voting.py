"""Up and down: one vote a person a comment, counted exactly, and the rank that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sqrt

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import changes, limits
from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db
from comments.errors import Forbidden, NotFound
from comments.sites import sanctions
from comments.sites.models import Site, Votes
from comments.threads.models import Article, Comment, Status, Vote

VOTES = limits.Limit("votes", times=300, seconds=3600)
# What votes change shows so much later, and with the margin for a slow commit at most every 5 s.
DELAY = timedelta(seconds=6)
MARGIN = timedelta(seconds=0.5)
Z = 1.96


def vote(comment: Comment, value: int, by: User, now: datetime) -> Comment:
    """Let somebody think 1 or -1 of a comment, or with 0 nothing any more; again changes nothing.

    Raises NotFound for what is not published, Forbidden for one's own comment, where the site takes
    no such vote and for whom a sanction keeps from writing, TooMany for too many in an hour,
    NotSignedIn when the account was closed meanwhile.
    """
    closing.held(by)  # one person's votes come one after the other
    _check(comment, value, by, now)
    old = db.session.get(Vote, (comment.id, by.id))
    before = old.value if old else 0
    if value == before:
        return comment
    limits.hit(VOTES, f"{by.id}", now)
    _redraw_later(comment.article_id, now)  # whoever moves a comment holds the article first, too
    db.session.refresh(comment, with_for_update={"key_share": True})
    if comment.status is not Status.PUBLISHED:
        raise _not_here()
    _keep(comment, old, value, by, now)
    comment.ups += (value == 1) - (before == 1)
    comment.downs += (value == -1) - (before == -1)
    comment.rank = rank(comment.ups, comment.downs)
    db.session.flush()
    return comment


def rank(ups: int, downs: int) -> int:
    """The lower bound of the Wilson score interval at 95 %, in millionths: the share of voters
    that would like it at least, had everybody voted (E. B. Wilson, JASA 22, 1927)."""
    total = ups + downs
    if not total:
        return 0
    spread = Z * sqrt(ups * downs / total + Z * Z / 4)
    return max(0, round(1_000_000 * (ups + Z * Z / 2 - spread) / (total + Z * Z)))


def _check(comment: Comment, value: int, by: User, now: datetime) -> None:
    site = db.session.get_one(Site, comment.site_id)
    if comment.status is not Status.PUBLISHED:
        raise _not_here()
    if comment.author_id == by.id:
        raise Forbidden(_("This is your own comment."), code="own")
    if site.settings.votes is Votes.OFF or (value < 0 and site.settings.votes is Votes.UP):
        raise Forbidden(_("This site takes no such votes."), code="votes-off")
    if sanctions.in_force(site, by, now) is not None:
        raise Forbidden(_("You can't vote here now."), code="sanctioned")


def _not_here() -> NotFound:
    return NotFound(_("This comment is not here, or not any more."))


def _keep(comment: Comment, old: Vote | None, value: int, by: User, now: datetime) -> None:
    if old is None:
        db.session.add(
            Vote(
                comment_id=comment.id,
                user_id=by.id,
                site_id=comment.site_id,
                article_id=comment.article_id,
                value=value,
                created_at=now,
            )
        )
    elif value:
        old.value, old.created_at = value, now
    else:
        db.session.delete(old)


def _redraw_later(article_id: int, now: datetime) -> None:
    """Let the article count as changed from a moment on, unless such a moment is ahead already.

    The moment before counts from now on for good, so that the version never falls.
    """
    is_due = sa.or_(Article.recount_at.is_(None), Article.recount_at <= now + MARGIN)
    past = sa.case((Article.recount_at.is_(None), 0), else_=1)
    done = db.session.execute(
        sa.update(Article)
        .where(Article.id == article_id, is_due)
        .values(version=Article.version + past, recount_at=now + DELAY)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount:  # type: ignore[attr-defined]
        changes.article(article_id)

"""Posting, editing, withdrawing: what authors do with their own comments."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict, DomainError, Fault, Forbidden, Invalid, TooMany
from comments.screening import checks, commenters, policy, words
from comments.screening.draft import Standing
from comments.screening.policy import Outcome, Verdict
from comments.sites import queries as sites
from comments.sites.models import Site
from comments.threads import articles, reading, repeats, standing, status, writing
from comments.threads.forms import NewComment
from comments.threads.models import Act, Answer, Article, Comment, Decision, Revision, Status
from comments.threads.repeats import Posted
from comments.threads.standing import Known
from comments.threads.status import Why
from comments.threads.writing import Place, Written

# Not what is written, but who writes.
FORBIDDEN = {
    "banned",
    "suspended",
    commenters.NOBODY,
    commenters.SUBSCRIBERS,
    commenters.CONFIRMED,
    commenters.MEMBERS,
    commenters.HOME,
}
STATUS_OF = {
    Outcome.PUBLISH: Status.PUBLISHED,
    Outcome.HOLD: Status.PENDING,
    Outcome.REJECT: Status.REJECTED,
}


def post(
    site: Site, author: User, form: NewComment, text: Written, now: datetime, key: str | None = None
) -> Posted:
    """Take a comment in: published, waiting or rejected, as the site's policy says.

    The same Idempotency-Key, or the same click again, answers with the first and stores nothing.
    Raises Invalid, Forbidden (a sanction, or others alone may comment), TooMany (too fast) or
    NotSignedIn (the account was closed meanwhile), with nothing stored.
    """
    sites.held(site, author)
    if before := repeats.answered(author, key, form, now):
        return before
    article = articles.found_or_made(site, form, author, now)
    place = Place(article, _parent(article, form.parent), author)
    known = standing.known(site, author, now)
    posted = repeats.same_click(place, text, known.said, now) or _taken(
        site, place, form, text, known, now
    )
    repeats.remember(author, key, form, posted, now)
    return posted


def edit(site: Site, comment: Comment, by: User, text: Written, now: datetime) -> Posted:
    """Give one's own comment a new text; it is screened again, and may have to wait again.

    Raises Forbidden for somebody else's, Conflict when it can't be edited any more.
    """
    article = _held(comment, by)
    if not comment.may_be_edited_at(now, site.settings.edit_minutes):
        raise Conflict(_("This comment can't be edited any more."), code="edit-closed")
    known = standing.known(site, by, now)
    known = replace(known, said=[row for row in known.said if row.id != comment.id])
    draft = writing.draft(
        text,
        standing.of(known, text.fingerprint, now),
        takes_comments=article.takes_comments_at(now),
        is_edit=True,
    )
    verdict = policy.screen(draft, site.settings)
    if verdict.outcome is Outcome.REFUSE:
        raise refusal(verdict)
    comment.revision += 1
    comment.fingerprint = text.fingerprint
    comment.edited_at = now
    writing.add_revision(comment, text, draft, verdict, now)
    decision = _moved(comment, verdict, Why(Act.EDIT, by), now)
    one = reading.just_taken(comment, text, Place(article, None, by), known.role, decision)
    return Posted(comment, comment.status, one)


def withdraw(comment: Comment, by: User, now: datetime) -> Comment:
    """Take one's own comment back; doing it twice changes nothing. Its text is no longer shown."""
    _held(comment, by)
    if comment.status is Status.WITHDRAWN:
        return comment
    if comment.status is Status.REJECTED:
        raise Conflict(_("This comment was not published; there is nothing to delete."))
    status.move(comment, Status.WITHDRAWN, Why(Act.WITHDRAW, by), now)
    return comment


def check_length(site: Site, text: Written) -> None:
    """Raises Invalid for a text that is longer than this site takes."""
    found = checks.too_long(writing.draft(text, Standing()), site.settings)
    if found:
        raise refusal(Verdict(Outcome.REFUSE, found, (found,)))


def refusal(verdict: Verdict) -> DomainError:
    """What is said to somebody whose text is not taken; every reason that binds is named."""
    because = verdict.because
    assert because is not None
    message = words.refusal(because.code, because.params)
    if because.code in FORBIDDEN:
        return Forbidden(message, code=because.code, **because.params)
    if because.code == "too-fast":
        return TooMany(message, int(because.params["seconds"]), code=because.code)
    faults = [
        Fault(
            "article" if found.code == "closed" else "body",
            found.code,
            words.refusal(found.code, found.params),
        )
        for found in verdict.findings
        if found.code in ("closed", "empty", "too-long")
    ]
    return Invalid(message, faults, code=because.code)


def _taken(
    site: Site, place: Place, form: NewComment, text: Written, known: Known, now: datetime
) -> Posted:
    draft = writing.draft(
        text,
        standing.of(known, text.fingerprint, now),
        takes_comments=place.article.takes_comments_at(now),
        trap=bool(form.website),
    )
    verdict = policy.screen(draft, site.settings)
    if verdict.outcome is Outcome.REFUSE:
        raise refusal(verdict)
    comment = writing.add(place, text, STATUS_OF[verdict.outcome], now)
    writing.add_revision(comment, text, draft, verdict, now)
    decision = _moved(comment, verdict, Why(Act.POST), now)
    one = reading.just_taken(comment, text, place, known.role, decision)
    return Posted(comment, comment.status, one)


def _moved(comment: Comment, verdict: Verdict, why: Why, now: datetime) -> Decision:
    rule = verdict.because.code if verdict.because else None
    reason = rule if verdict.outcome is Outcome.REJECT else None
    why = replace(why, rule=rule, reason=reason)
    return status.move(comment, STATUS_OF[verdict.outcome], why, now)


def _parent(article: Article, id: int | None) -> Comment | None:
    """The comment that is answered: of this article, and published. Raises Invalid."""
    if id is None:
        return None
    parent = db.session.scalar(
        sa.select(Comment)
        .where(Comment.article_id == article.id, Comment.id == id)
        .execution_options(populate_existing=True)
    )
    if parent is None or parent.status is not Status.PUBLISHED:
        message = _("The comment you answer is not here any more.")
        raise Invalid(message, [Fault("parent", "unknown-parent", message)])
    return parent


def _held(comment: Comment, by: User) -> Article:
    """Lock the thread and read the comment afresh. Raises Forbidden for somebody else's."""
    if comment.author_id != by.id:
        raise Forbidden(_("This is somebody else's comment."))
    article = status.locked(comment.article_id)
    db.session.refresh(comment, with_for_update=True)
    return article


def erase(comment: Comment) -> None:
    """Remove every text of a comment for good; its place and its decisions stay."""
    db.session.execute(
        sa.update(Revision)
        .where(Revision.comment_id == comment.id)
        .values(source="", html="", facts={}, findings=[])
    )
    answered = sa.and_(Answer.user_id == comment.author_id, Answer.comment_id == comment.id)
    db.session.execute(sa.delete(Answer).where(answered))
    comment.fingerprint = ""
    comment.out_since = None

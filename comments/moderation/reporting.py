"""Reporting: readers say what is wrong with a comment, and a decision settles it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import events, limits
from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict, Forbidden
from comments.moderation.forms import Complained
from comments.moderation.models import Outcome, Report
from comments.sites import sanctions
from comments.sites.models import Measure, Participant, Site
from comments.threads.models import Comment, Decision, Status

# Told of every report, once.
REPORTED = "reported"

REPORTS = limits.Limit("reports", times=20, seconds=3600)


@dataclass(frozen=True, slots=True)
class Reported:
    """The report, and whether it was made just now or long ago by the same person."""

    report: Report
    is_new: bool


def report(comment: Comment, form: Complained, by: User, now: datetime) -> Reported:
    """Note a reader's report. One person reports one comment once; again answers with the first.

    Raises Forbidden for one's own comment and for whom a sanction keeps from writing, Conflict for
    a comment that is not published (any more), TooMany for too many in an hour, NotSignedIn when
    the account was closed meanwhile.
    """
    closing.held(by)
    if known := made_by(by, comment):
        return Reported(known, is_new=False)
    db.session.refresh(comment, with_for_update=True)
    if comment.author_id == by.id:
        raise Forbidden(_("This is your own comment."), code="own")
    if comment.status is not Status.PUBLISHED:
        raise Conflict(_("This comment is not here any more."), code="not-published")
    _check_sanctions(comment, by, now)
    limits.hit(REPORTS, f"{by.id}", now)
    row = Report(
        site_id=comment.site_id,
        comment_id=comment.id,
        user_id=by.id,
        revision=comment.revision,
        reason=form.reason,
        text=form.text.strip(),
        created_at=now,
    )
    db.session.add(row)
    comment.open_reports += 1
    db.session.flush()
    events.add(REPORTED, {"report": row.id}, now)
    return Reported(row, is_new=True)


def _check_sanctions(comment: Comment, by: User, now: datetime) -> None:
    held = sanctions.in_force(db.session.get_one(Site, comment.site_id), by, now)
    if held is not None:
        code = {Measure.BAN: "banned", Measure.SUSPEND: "suspended"}[held.measure]
        raise Forbidden(_("You can't report here now."), code=code)


def made_by(person: User, comment: Comment) -> Report | None:
    return db.session.scalar(
        sa.select(Report).where(Report.comment_id == comment.id, Report.user_id == person.id)
    )


def settle(comment: Comment, decision: Decision) -> None:
    """Let a decision say whether the reports of a comment were right.

    Besides the open ones this turns those of the same text that an earlier decision had settled
    the other way. An author's `upheld_reports` is the number of reports against them that stand.
    """
    upheld = decision.to_status is Status.REJECTED
    outcome, other = Outcome.UPHELD, Outcome.DISMISSED
    if not upheld:
        outcome, other = other, outcome
    opened = _settled(comment, decision, outcome, Report.outcome.is_(None))
    turned = _settled(
        comment,
        decision,
        outcome,
        sa.and_(Report.outcome == other, Report.revision == comment.revision),
    )
    comment.open_reports = 0
    if opened or turned:
        author = db.session.get_one(Participant, (comment.site_id, comment.author_id))
        author.upheld_reports += opened + turned if upheld else -turned
    db.session.flush()


def _settled(
    comment: Comment, decision: Decision, outcome: Outcome, which: sa.ColumnElement[bool]
) -> int:
    done = db.session.execute(
        sa.update(Report)
        .where(Report.comment_id == comment.id, which)
        .values(outcome=outcome, decision_id=decision.id)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]

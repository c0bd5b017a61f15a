"""Deciding: what moderators make of a comment, once, on what they have seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from comments import audit
from comments.accounts.models import User
from comments.db import db
from comments.errors import Conflict, DomainError, Fault, Forbidden, Invalid
from comments.moderation import reporting
from comments.moderation.forms import Action, Judgement
from comments.sites.models import ADMINS, MODERATORS, Membership, Role
from comments.threads import status
from comments.threads.models import Act, Comment, Decision, Revision, Status

ACT_OF = {Action.APPROVE: Act.APPROVE, Action.REJECT: Act.REJECT}
STATUS_OF = {Action.APPROVE: Status.PUBLISHED, Action.REJECT: Status.REJECTED}
RANKS = list(Role)


@dataclass(frozen=True, slots=True)
class Decided:
    """The Decision, and whether it was made just now or is the answer to the same act again."""

    decision: Decision
    is_new: bool


def decide(comment: Comment, judgement: Judgement, by: User, now: datetime) -> Decided:
    """Publish or reject a comment, or leave it where it is, and settle its reports.

    Judged on the revision and the last Decision that were seen. The same act again by the same
    person answers with what they decided. Raises Conflict when the text changed, when somebody
    else was first, or when the author took the comment back; Forbidden when it is not theirs
    to decide.
    """
    status.locked(comment.article_id)
    db.session.refresh(comment, with_for_update=True)
    _check_rights(comment, judgement.action, by)
    first = _first_since(comment, judgement.seen)
    if first is not None and _is_same(first, judgement, by):
        return Decided(first, is_new=False)
    _check_view(comment, judgement, first)
    why = status.Why(ACT_OF[judgement.action], by, judgement.reason, note=judgement.note)
    decision = status.move(comment, STATUS_OF[judgement.action], why, now)
    reporting.settle(comment, decision)
    audit.record(
        "decision",
        now=now,
        by_id=by.id,
        site_id=comment.site_id,
        comment=comment.id,
        decision=decision.id,
    )
    return Decided(decision, is_new=True)


def hindrance(
    action: Action, mine: Role | None, theirs: Role | None, own: bool
) -> DomainError | None:
    """Why somebody may not do this to a comment, if they may not.

    Moderators decide; nobody against staff above them, and only admins in favour of themselves.
    """
    if mine not in MODERATORS:
        return Forbidden(_("Your role on this site does not allow this."))
    if own and action is Action.APPROVE and mine not in ADMINS:
        return Forbidden(_("Somebody else must decide in favour of your own comment."), code="own")
    if theirs and action is Action.REJECT and RANKS.index(theirs) < RANKS.index(mine):
        return Forbidden(_("Its author stands above you on this site."), code="above")
    return None


def _check_rights(comment: Comment, action: Action, by: User) -> None:
    roles: dict[int, Role] = dict(
        db.session.execute(
            sa.select(Membership.user_id, Membership.role).where(
                Membership.site_id == comment.site_id,
                Membership.user_id.in_((by.id, comment.author_id)),
            )
        ).all()
    )
    own = comment.author_id == by.id
    refusal = hindrance(action, roles.get(by.id), roles.get(comment.author_id), own)
    if refusal is not None:
        raise refusal


def _first_since(comment: Comment, seen: int | None) -> Decision | None:
    """The first thing anybody decided after what was seen. Raises Invalid for a foreign `seen`.

    Nothing seen means that no person's Decision was: the service's own at the post don't count.
    """
    if seen is not None:
        known = db.session.get(Decision, seen)
        if known is None or known.comment_id != comment.id:
            message = _("This is no decision about this comment.")
            raise Invalid(message, [Fault("seen", "unknown-decision", message)])
    return db.session.scalar(
        sa.select(Decision)
        .where(
            Decision.comment_id == comment.id,
            Decision.id > (seen or 0),
            Decision.act.in_(ACT_OF.values()),
        )
        .order_by(Decision.id)
        .limit(1)
    )


def _is_same(first: Decision, judgement: Judgement, by: User) -> bool:
    return (first.by_id, first.act, first.revision, first.reason) == (
        by.id,
        ACT_OF[judgement.action],
        judgement.revision,
        judgement.reason,
    )


def _check_view(comment: Comment, judgement: Judgement, first: Decision | None) -> None:
    if comment.status is Status.WITHDRAWN:
        raise Conflict(_("Its author has deleted this comment."), code="withdrawn")
    if comment.status is Status.REJECTED and _is_erased(comment):
        raise Conflict(_("Its text is erased; there is nothing to decide about."), code="erased")
    if judgement.revision != comment.revision:
        raise _changed(comment)
    if first is not None:
        raise _already_decided(comment, first)


def _is_erased(comment: Comment) -> bool:
    here = (comment.id, comment.revision)
    return not db.session.get_one(Revision, here, populate_existing=True).source


def _changed(comment: Comment) -> DomainError:
    fresh = db.session.get_one(Revision, (comment.id, comment.revision))
    return Conflict(
        _("The text has changed since you saw it. Please look again."),
        code="text-changed",
        revision=comment.revision,
        source=fresh.source,
        html=fresh.html,
        **_now(comment),
    )


def _already_decided(comment: Comment, first: Decision) -> DomainError:
    name = _name(first)
    message = (
        _("%(name)s was first and approved this.", name=name)
        if first.act is Act.APPROVE
        else _("%(name)s was first and rejected this.", name=name)
    )
    who = {
        "id": str(first.id),
        "name": name,
        "action": first.act.value,
        "reason": first.reason,
        "at": first.created_at.isoformat(),
    }
    return Conflict(message, code="already-decided", first=who, **_now(comment))


def _now(comment: Comment) -> dict[str, str]:
    """How the comment stands, so that it can be judged again."""
    return {"comment_status": comment.status.value, "seen": str(comment.decided_id)}


def _name(decision: Decision) -> str:
    by = db.session.get(User, decision.by_id) if decision.by_id else None
    return by.name if by and by.name else _("A former colleague")

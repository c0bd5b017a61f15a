"""What moderators and readers do, in one line each."""

from __future__ import annotations

from typing import Any

from comments import clock
from comments.accounts.models import User
from comments.db import db, transaction
from comments.moderation import deciding, reporting, sanctioning
from comments.moderation.deciding import Decided
from comments.moderation.forms import Action, Complained, Judgement, Penalty
from comments.moderation.models import Complaint
from comments.moderation.reporting import Reported
from comments.moderation.sanctioning import Sanctioned
from comments.threads.models import Comment


def judgement(comment: Comment, action: str, **view: Any) -> Judgement:
    """On what is there now, unless another view is given."""
    reason = "spam" if action == Action.REJECT else None
    now = {"revision": comment.revision, "seen": comment.decided_id, "reason": reason}
    return Judgement.model_validate({"action": action, **now, **view})


def decide(comment: Comment, action: str, by: User, **view: Any) -> Decided:
    form = judgement(comment, action, **view)
    decided = transaction(lambda: deciding.decide(comment, form, by, clock.now()))
    db.session.refresh(comment)
    return decided


def report(comment: Comment, by: User, reason: str = "abuse", text: str = "") -> Reported:
    form = Complained(reason=Complaint(reason), text=text)
    reported = transaction(lambda: reporting.report(comment, form, by, clock.now()))
    db.session.refresh(comment)
    return reported


def sanction(comment: Comment, by: User, **fields: Any) -> Sanctioned:
    form = Penalty.model_validate({"term": "7", "reason": "Threats.", **fields})
    return transaction(lambda: sanctioning.sanction(comment, form, by, clock.now()))

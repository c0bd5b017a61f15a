"""What was done and what was complained of, in the reader's language."""

from __future__ import annotations

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from comments.moderation.forms import Term
from comments.moderation.models import Complaint, Outcome
from comments.moderation.queries import MOST_COUNTED
from comments.screening import words as screening
from comments.threads.models import Act, Decision, Status


def complaints() -> dict[Complaint, str]:
    """Why a reader may report."""
    return {
        Complaint.SPAM: _("Spam or advertising"),
        Complaint.ABUSE: _("Insults or harassment"),
        Complaint.HATE: _("Hatred against a group"),
        Complaint.PRIVATE: _("Somebody's private details"),
        Complaint.OFFTOPIC: _("Not about the article"),
        Complaint.OTHER: _("Something else"),
    }


def terms() -> dict[Term, str]:
    """For how long somebody may not write."""
    return {term: _term(term) for term in Term}


def _term(term: Term) -> str:
    if term is Term.FOR_GOOD:
        return _("For good, until somebody lifts it")
    return ngettext("%(num)d day", "%(num)d days", int(term))


def outcome(outcome: Outcome | None) -> str:
    if outcome is None:
        return _("open")
    return _("upheld") if outcome is Outcome.UPHELD else _("dismissed")


def decision(decision: Decision, name: str | None) -> str:
    """One line of a comment's history."""
    if decision.by_id is None:
        return _by_itself(decision)
    name = name or _("a former member")
    return {
        Act.POST: _("Posted by %(name)s", name=name),
        Act.EDIT: _("Edited by %(name)s", name=name),
        Act.WITHDRAW: _("Deleted by %(name)s", name=name),
        Act.IMPORT: _("Imported by %(name)s", name=name),
        Act.APPROVE: _approved(decision, name),
        Act.REJECT: _rejected(decision, name),
    }[decision.act]


def done(decision: Decision, author: str) -> str:
    """What a moderator reads after their own decision."""
    if decision.to_status is Status.REJECTED:
        return _("You rejected a comment by %(name)s.", name=author)
    if decision.from_status is Status.PUBLISHED:
        return _("You kept a comment by %(name)s.", name=author)
    return _("You approved a comment by %(name)s.", name=author)


def reason(decision: Decision) -> str:
    return screening.reason(decision.reason) if decision.reason else ""


def count(number: int) -> str:
    """A number that was counted to just beyond the most."""
    if number > MOST_COUNTED:
        return f"{format_decimal(MOST_COUNTED)}+"
    return str(format_decimal(number))


def _by_itself(decision: Decision) -> str:
    if decision.act is Act.IMPORT:
        return _("Imported")
    return {
        Status.PUBLISHED: _("Published by the rules of the site"),
        Status.PENDING: _("Held by the rules of the site"),
        Status.REJECTED: _("Rejected by the rules of the site"),
        Status.WITHDRAWN: _("Deleted"),
    }[decision.to_status]


def _approved(decision: Decision, name: str) -> str:
    return {
        Status.PUBLISHED: _("Kept by %(name)s", name=name),
        Status.REJECTED: _("Restored by %(name)s", name=name),
    }.get(decision.from_status or Status.PENDING, _("Approved by %(name)s", name=name))


def _rejected(decision: Decision, name: str) -> str:
    if decision.from_status is Status.PUBLISHED:
        return _("Removed by %(name)s", name=name)
    return _("Rejected by %(name)s", name=name)

"""What follows from what was found: the order below is the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from comments.screening import commenters
from comments.screening.checks import CHECKS
from comments.screening.draft import Draft
from comments.screening.findings import Finding
from comments.sites.models import SiteSettings


class Outcome(StrEnum):
    """Refused is never stored; rejected is, so that a moderator may see and turn it."""

    REFUSE = "refuse"
    REJECT = "reject"
    HOLD = "hold"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Rule:
    code: str
    outcome: Outcome
    binds_staff: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, the finding that decided it, and everything else that was found."""

    outcome: Outcome
    because: Finding | None
    findings: tuple[Finding, ...]


POLICY = (
    Rule("closed", Outcome.REFUSE),
    Rule("banned", Outcome.REFUSE),
    Rule("suspended", Outcome.REFUSE),
    Rule(commenters.HOME, Outcome.REFUSE),
    Rule(commenters.NOBODY, Outcome.REFUSE),
    Rule(commenters.SUBSCRIBERS, Outcome.REFUSE),
    Rule(commenters.CONFIRMED, Outcome.REFUSE),
    Rule(commenters.MEMBERS, Outcome.REFUSE),
    Rule("empty", Outcome.REFUSE),
    Rule("too-long", Outcome.REFUSE),
    Rule("too-fast", Outcome.REFUSE, binds_staff=False),
    Rule("trap", Outcome.REJECT, binds_staff=False),
    Rule("repeated", Outcome.HOLD, binds_staff=False),
    Rule("links", Outcome.HOLD, binds_staff=False),
    Rule("guest", Outcome.HOLD, binds_staff=False),
    Rule("newcomer", Outcome.HOLD, binds_staff=False),
    Rule("premoderation", Outcome.HOLD, binds_staff=False),
)


def screen(draft: Draft, site: SiteSettings) -> Verdict:
    """Run every check, keep every finding, and let the first rule that applies decide."""
    found = tuple(finding for check in CHECKS if (finding := check(draft, site)))
    return judge(found, is_staff=draft.standing.is_staff)


def judge(found: Sequence[Finding], *, is_staff: bool) -> Verdict:
    by_code = {finding.code: finding for finding in found}
    for rule in POLICY:
        if rule.code in by_code and (rule.binds_staff or not is_staff):
            return Verdict(rule.outcome, by_code[rule.code], tuple(found))
    return Verdict(Outcome.PUBLISH, None, tuple(found))

"""Who may comment, for each kind of person."""

from __future__ import annotations

import pytest

from comments.screening import policy
from comments.screening.draft import Draft, Standing
from comments.screening.policy import Outcome
from comments.sites.models import Commenters, Role, SiteSettings

PEOPLE = {
    "guest": Standing(is_guest=True, published=1),
    "guest with an address": Standing(is_guest=True, is_confirmed=True, published=1),
    "member": Standing(),
    "confirmed": Standing(is_confirmed=True),
    "subscriber": Standing(is_subscriber=True),
    "staff": Standing(role=Role.STAFF),
}
MAY = {
    Commenters.GUESTS: set(PEOPLE),
    Commenters.MEMBERS: {"member", "confirmed", "subscriber", "staff"},
    Commenters.CONFIRMED: {"confirmed", "staff"},
    Commenters.SUBSCRIBERS: {"subscriber", "staff"},
    Commenters.NOBODY: {"staff"},
}


def screened(person: Standing, allowed: Commenters, *, is_edit: bool = False) -> policy.Verdict:
    draft = Draft("Hello.", 6, False, (), person, is_edit=is_edit)
    return policy.screen(draft, SiteSettings(commenters=allowed, hold_first=0))


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("allowed", Commenters)
def test_only_who_may_comment_does(name: str, allowed: Commenters) -> None:
    outcome = screened(PEOPLE[name], allowed).outcome
    assert outcome is (Outcome.PUBLISH if name in MAY[allowed] else Outcome.REFUSE)


@pytest.mark.parametrize("allowed", Commenters)
def test_whoever_belongs_to_another_site_writes_there(allowed: Commenters) -> None:
    person = Standing(is_guest=True, is_of_another_site=True, is_subscriber=True, published=1)
    assert screened(person, allowed).outcome is Outcome.REFUSE


def test_a_guest_waits_until_something_of_theirs_is_out() -> None:
    verdict = screened(Standing(is_guest=True), Commenters.GUESTS)
    assert (verdict.outcome, verdict.because and verdict.because.code) == (Outcome.HOLD, "guest")


def test_what_was_written_may_still_be_corrected() -> None:
    verdict = screened(Standing(), Commenters.NOBODY, is_edit=True)
    assert verdict.outcome is Outcome.PUBLISH

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock, forms
from comments.accounts.models import User
from comments.audit import Entry
from comments.db import db, transaction
from comments.errors import Conflict, DomainError, Forbidden, Invalid
from comments.moderation import deciding
from comments.moderation.forms import Judgement, Reason
from comments.moderation.models import Outcome, Report
from comments.screening import words
from comments.sites.models import Participant, Role
from comments.threads import posting, writing
from comments.threads.models import Act, Article, Comment, Decision, Status
from tests import factories
from tests.conftest import Cast
from tests.moderation.acts import decide, judgement, report


@pytest.fixture
def article(cast: Cast, frozen: Any) -> Article:
    return factories.article(cast.gazette, "a1")


@pytest.fixture
def waiting(article: Article, cast: Cast) -> Comment:
    return factories.comment(article, cast.rae, "Please.", to=Status.PENDING)


@pytest.fixture
def published(article: Article, cast: Cast) -> Comment:
    return factories.comment(article, cast.rae, "Here.")


def record(comment: Comment) -> list[tuple[Act, Status]]:
    rows = db.session.scalars(
        sa.select(Decision).where(Decision.comment_id == comment.id).order_by(Decision.id)
    )
    return [(row.act, row.to_status) for row in rows]


def counters(article: Article) -> tuple[int, int, int]:
    db.session.refresh(article)
    return article.published, article.pending, article.rejected


def reports() -> set[tuple[Outcome | None, int | None]]:
    rows = db.session.scalars(sa.select(Report).execution_options(populate_existing=True))
    return {(row.outcome, row.decision_id) for row in rows}


def upheld(comment: Comment) -> int:
    key = (comment.site_id, comment.author_id)
    return db.session.get_one(Participant, key, populate_existing=True).upheld_reports


def test_approving_publishes_and_says_who(waiting: Comment, article: Article, cast: Cast) -> None:
    decided = decide(waiting, "approve", cast.mo, note="Fine by me.")

    assert decided.is_new
    assert waiting.status is Status.PUBLISHED
    assert (decided.decision.by_id, decided.decision.note) == (cast.mo.id, "Fine by me.")
    assert counters(article) == (1, 0, 0)
    entry = db.session.scalars(sa.select(Entry)).one()
    assert (entry.act, entry.by_id) == ("decision", cast.mo.id)
    assert entry.details == {"comment": waiting.id, "decision": decided.decision.id}


def test_rejecting_says_why(waiting: Comment, article: Article, cast: Cast) -> None:
    decided = decide(waiting, "reject", cast.mo, reason="hate")
    assert waiting.status is Status.REJECTED
    assert decided.decision.reason == "hate"
    assert counters(article) == (0, 0, 1)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"action": "reject"}, "reason", "missing"),
        ({"action": "reject", "reason": ""}, "reason", "missing"),
        ({"action": "reject", "reason": "bad"}, "reason", "enum"),
        ({"action": "approve", "reason": "spam"}, "reason", "extra_forbidden"),
        ({"action": "publish"}, "action", "enum"),
        ({"action": "approve", "note": "x" * 1001}, "note", "string_too_long"),
        ({"action": "approve", "note": "\x00"}, "note", "characters"),
        ({"action": "approve", "revision": "0"}, "revision", "id"),
        ({"action": "approve", "seen": "9" * 30}, "seen", "id"),
        ({"action": "approve", "status": "published"}, "status", "extra_forbidden"),
    ],
)
def test_a_judgement_that_says_too_little_or_too_much(
    app: Flask, fields: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        forms.parse(Judgement, {"revision": "1", "seen": "", **fields})
    assert (field, code) in [(fault.field, fault.code) for fault in refused.value.faults]


def test_every_reason_has_its_words(app: Flask) -> None:
    assert set(Reason) <= set(words.reasons())


def test_keeping_what_is_out_changes_nothing_but_the_record(
    published: Comment, article: Article, cast: Cast
) -> None:
    decide(published, "approve", cast.mo)
    assert record(published) == [
        (Act.POST, Status.PUBLISHED),
        (Act.APPROVE, Status.PUBLISHED),
    ]
    assert counters(article) == (1, 0, 0)


def test_removing_what_is_out_and_turning_that_again(
    published: Comment, article: Article, cast: Cast
) -> None:
    decide(published, "reject", cast.mo)
    assert counters(article) == (0, 0, 1)
    decide(published, "approve", cast.ada)
    assert counters(article) == (1, 0, 0)
    assert [act for act, _ in record(published)] == [Act.POST, Act.REJECT, Act.APPROVE]


def test_the_same_act_again_answers_with_the_first(waiting: Comment, cast: Cast) -> None:
    seen = waiting.decided_id
    first = decide(waiting, "approve", cast.mo, seen=seen)
    again = decide(waiting, "approve", cast.mo, seen=seen)
    assert not again.is_new
    assert again.decision.id == first.decision.id
    assert len(record(waiting)) == 2


def test_the_same_act_again_is_answered_though_somebody_turned_it(
    waiting: Comment, cast: Cast
) -> None:
    seen = waiting.decided_id
    first = decide(waiting, "approve", cast.mo, seen=seen)
    decide(waiting, "reject", cast.ada)
    assert decide(waiting, "approve", cast.mo, seen=seen).decision.id == first.decision.id
    assert waiting.status is Status.REJECTED


def test_the_late_one_hears_who_was_first(waiting: Comment, cast: Cast) -> None:
    seen = waiting.decided_id
    first = decide(waiting, "reject", cast.mo, seen=seen)
    with pytest.raises(Conflict) as refused:
        decide(waiting, "approve", cast.ada, seen=seen)
    assert refused.value.code == "already-decided"
    assert "mo" in refused.value.message
    assert refused.value.details["first"] == {
        "id": str(first.decision.id),
        "name": "mo",
        "action": "reject",
        "reason": "spam",
        "at": first.decision.created_at.isoformat(),
    }
    db.session.refresh(waiting)
    assert refused.value.details["seen"] == str(waiting.decided_id)
    decide(waiting, "approve", cast.ada)  # having seen it, it may be turned
    assert waiting.status is Status.PUBLISHED


def test_another_act_by_the_same_person_on_an_old_view_is_refused(
    waiting: Comment, cast: Cast
) -> None:
    seen = waiting.decided_id
    decide(waiting, "approve", cast.mo, seen=seen)
    with pytest.raises(Conflict):
        decide(waiting, "reject", cast.mo, seen=seen)


def test_nothing_seen_is_enough_while_no_person_decided(waiting: Comment, cast: Cast) -> None:
    decide(waiting, "approve", cast.mo, seen=None)
    with pytest.raises(Conflict):
        decide(waiting, "reject", cast.ada, seen=None)


def test_a_decision_about_another_comment_is_no_view_of_this(
    waiting: Comment, published: Comment, cast: Cast
) -> None:
    for seen in (published.decided_id, 10**9):
        with pytest.raises(Invalid) as refused:
            decide(waiting, "approve", cast.mo, seen=seen)
        assert refused.value.faults[0].field == "seen"


def test_a_text_that_changed_is_shown_before_it_is_judged(waiting: Comment, cast: Cast) -> None:
    view = {"revision": waiting.revision, "seen": waiting.decided_id}
    text = writing.written("Changed.")
    clock.freeze(clock.now() + timedelta(minutes=1))
    transaction(lambda: posting.edit(cast.gazette, waiting, cast.rae, text, clock.now()))
    with pytest.raises(Conflict) as refused:
        decide(waiting, "approve", cast.mo, **view)
    assert refused.value.code == "text-changed"
    assert refused.value.details["revision"] == 2
    assert refused.value.details["source"] == "Changed."
    assert "Changed." in refused.value.details["html"]


def test_nothing_leaves_withdrawn(article: Article, cast: Cast) -> None:
    gone = factories.comment(article, cast.rae, to=Status.WITHDRAWN)
    for action in ("approve", "reject"):
        with pytest.raises(Conflict) as refused:
            decide(gone, action, cast.mo)
        assert refused.value.code == "withdrawn"
    assert len(record(gone)) == 2


def test_only_moderators_of_the_site_decide(waiting: Comment, cast: Cast) -> None:
    staff = factories.user("stan")
    factories.member(cast.gazette, staff, Role.STAFF)
    for person in (staff, cast.sam, cast.rae):
        with pytest.raises(Forbidden):
            decide(waiting, "approve", person)
    db.session.refresh(waiting)
    assert waiting.status is Status.PENDING


def test_a_moderator_may_remove_but_not_approve_their_own(article: Article, cast: Cast) -> None:
    own = factories.comment(article, cast.mo, to=Status.PENDING)
    with pytest.raises(Forbidden) as refused:
        decide(own, "approve", cast.mo)
    assert refused.value.code == "own"
    decide(own, "reject", cast.mo)
    assert own.status is Status.REJECTED


def test_an_owner_alone_may_approve_their_own(article: Article, cast: Cast) -> None:
    own = factories.comment(article, cast.ada, to=Status.PENDING)
    decide(own, "approve", cast.ada)
    assert own.status is Status.PUBLISHED


def test_nobody_acts_against_staff_above_them(article: Article, cast: Cast) -> None:
    hers = factories.comment(article, cast.ada)
    with pytest.raises(Forbidden) as refused:
        decide(hers, "reject", cast.mo)
    assert refused.value.code == "above"
    decide(hers, "approve", cast.mo)  # to keep it is nothing against her


def test_a_rejection_upholds_all_reports(published: Comment, cast: Cast) -> None:
    report(published, cast.sam)
    report(published, cast.mo)
    decided = decide(published, "reject", cast.ada)
    assert published.open_reports == 0
    assert reports() == {(Outcome.UPHELD, decided.decision.id)}
    assert upheld(published) == 2


def test_keeping_dismisses_the_reports(published: Comment, cast: Cast) -> None:
    report(published, cast.sam)
    decided = decide(published, "approve", cast.mo)
    assert published.open_reports == 0
    assert reports() == {(Outcome.DISMISSED, decided.decision.id)}
    assert upheld(published) == 0


def test_turning_a_decision_turns_its_reports(published: Comment, cast: Cast) -> None:
    report(published, cast.sam)
    decide(published, "reject", cast.mo)
    decide(published, "approve", cast.ada)
    assert [outcome for outcome, _ in reports()] == [Outcome.DISMISSED]
    assert upheld(published) == 0
    decide(published, "reject", cast.ada)
    assert upheld(published) == 1


def test_reports_of_an_earlier_text_stay_as_they_were_judged(
    published: Comment, cast: Cast
) -> None:
    report(published, cast.sam)
    decide(published, "approve", cast.mo)
    clock.freeze(clock.now() + timedelta(minutes=1))
    text = writing.written("Changed.")
    transaction(lambda: posting.edit(cast.gazette, published, cast.rae, text, clock.now()))
    db.session.refresh(published)
    decide(published, "reject", cast.mo)
    assert [outcome for outcome, _ in reports()] == [Outcome.DISMISSED]
    assert upheld(published) == 0


def test_eight_at_once_leave_one_decision(app: Flask, waiting: Comment, cast: Cast) -> None:
    """All click on the same view: one decides, the others hear who it was."""
    people = [cast.mo, cast.ada, *(factories.user(f"mod-{n}") for n in range(6))]
    for person in people[2:]:
        factories.member(cast.gazette, person, Role.MODERATOR)
    form = judgement(waiting, "approve")
    start, subject = threading.Barrier(len(people)), waiting.id
    outcomes: list[str] = []

    def act(id: int) -> None:
        with app.app_context():
            comment, by = db.session.get_one(Comment, subject), db.session.get_one(User, id)
            start.wait()
            try:
                transaction(lambda: deciding.decide(comment, form, by, clock.now()))
                outcomes.append("decided")
            except DomainError as error:
                outcomes.append(error.code)
            finally:
                db.session.remove()

    ids = [person.id for person in people]
    db.session.rollback()
    threads = [threading.Thread(target=act, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["already-decided"] * 7 + ["decided"]
    assert len(record(waiting)) == 2
    assert counters(db.session.get_one(Article, waiting.article_id)) == (1, 0, 0)

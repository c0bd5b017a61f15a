from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from comments import clock
from comments.audit import Entry
from comments.db import db, transaction
from comments.errors import Forbidden
from comments.moderation import sanctioning
from comments.sites import members, sanctions
from comments.sites.models import Measure, Membership, Role, Sanction
from comments.threads.models import Act, Article, Comment, Decision, Status
from tests import factories
from tests.conftest import NOW, Cast
from tests.moderation.acts import report, sanction


@pytest.fixture
def articles(cast: Cast, frozen: Any) -> list[Article]:
    return [factories.article(cast.gazette, key) for key in ("a1", "a2")]


@pytest.fixture
def published(articles: list[Article], cast: Cast) -> Comment:
    return factories.comment(articles[0], cast.rae)


def statuses() -> list[Status]:
    return list(db.session.scalars(sa.select(Comment.status).order_by(Comment.id)))


def test_a_suspension_ends_by_itself(published: Comment, cast: Cast) -> None:
    made = sanction(published, cast.mo, term="7").sanction
    assert (made.measure, made.until) == (Measure.SUSPEND, NOW + timedelta(days=7))
    assert made.reason == "Threats."
    assert sanctions.in_force(cast.gazette, cast.rae, NOW + timedelta(days=6))
    assert not sanctions.in_force(cast.gazette, cast.rae, NOW + timedelta(days=7))


def test_a_ban_has_no_end(published: Comment, cast: Cast) -> None:
    made = sanction(published, cast.mo, term="ban").sanction
    assert (made.measure, made.until) == (Measure.BAN, None)


def test_all_that_waits_on_this_site_is_rejected_in_the_same_act(
    published: Comment, articles: list[Article], cast: Cast
) -> None:
    for article in reversed(articles):
        factories.comment(article, cast.rae, to=Status.PENDING)
    factories.comment(articles[0], cast.sam, to=Status.PENDING)
    elsewhere = factories.article(cast.notes, "n1")
    factories.comment(elsewhere, cast.rae, to=Status.PENDING)

    done = sanction(published, cast.mo, reject_waiting=True)

    assert (done.rejected, done.has_more) == (2, False)
    assert statuses() == [
        Status.PUBLISHED,
        Status.REJECTED,
        Status.REJECTED,
        Status.PENDING,
        Status.PENDING,
    ]
    rows = db.session.scalars(sa.select(Decision).where(Decision.act == Act.REJECT)).all()
    assert {(row.by_id, row.reason) for row in rows} == {(cast.mo.id, "sanction")}
    for article in articles:
        db.session.refresh(article)
    assert [(a.pending, a.rejected) for a in articles] == [(1, 1), (0, 1)]
    entry = db.session.scalars(sa.select(Entry).where(Entry.act == "waiting-rejected")).one()
    assert entry.details == {"person": cast.rae.id, "decisions": [row.id for row in rows]}


def test_what_waits_is_left_unless_asked(
    published: Comment, articles: list[Article], cast: Cast
) -> None:
    factories.comment(articles[1], cast.rae, to=Status.PENDING)
    assert sanction(published, cast.mo).rejected == 0
    assert statuses() == [Status.PUBLISHED, Status.PENDING]


def test_reports_of_what_was_rejected_are_upheld(articles: list[Article], cast: Cast) -> None:
    reported = factories.comment(articles[0], cast.rae)
    report(reported, cast.sam)
    factories.restate(reported, Status.PENDING)
    sanction(reported, cast.mo, reject_waiting=True)
    db.session.refresh(reported)
    assert (reported.status, reported.open_reports) == (Status.REJECTED, 0)


def test_many_are_rejected_in_batches(
    published: Comment, articles: list[Article], cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sanctioning, "BATCH", 2)
    factories.many(articles[0], cast.rae, 3, to=Status.PENDING)
    first = sanction(published, cast.mo, reject_waiting=True)
    rest = sanction(published, cast.mo, reject_waiting=True)
    assert [(d.rejected, d.has_more) for d in (first, rest)] == [(2, True), (1, False)]
    assert first.sanction.id == rest.sanction.id


def test_the_same_click_again_imposes_nothing_more(published: Comment, cast: Cast) -> None:
    for _ in range(2):
        sanction(published, cast.mo)
        clock.freeze(clock.now() + timedelta(seconds=30))
    sanction(published, cast.mo, term="30")  # a longer one does
    clock.freeze(clock.now() + timedelta(minutes=10))
    sanction(published, cast.mo, term="30")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Sanction)) == 3


def test_members_and_oneself_are_out_of_reach(articles: list[Article], cast: Cast) -> None:
    for author in (cast.ada, cast.mo):
        theirs = factories.comment(articles[0], author, to=Status.PENDING)
        with pytest.raises(Forbidden):
            sanction(theirs, cast.mo, reject_waiting=True)
    assert statuses() == [Status.PENDING, Status.PENDING]


def test_the_same_click_beside_a_longer_sanction_changes_nothing(
    published: Comment, cast: Cast
) -> None:
    sanction(published, cast.ada, term="ban")
    first = sanction(published, cast.mo, term="7").sanction
    assert sanction(published, cast.mo, term="7").sanction.id == first.id
    assert db.session.scalar(sa.select(sa.func.count(Sanction.id))) == 2


def test_nobody_lifts_what_is_on_themselves(published: Comment, cast: Cast) -> None:
    made = sanction(published, cast.mo, term="ban").sanction
    factories.member(cast.gazette, cast.rae, Role.MODERATOR)
    with pytest.raises(Forbidden):
        transaction(lambda: sanctions.lift(made, cast.rae, clock.now()))
    transaction(lambda: sanctions.lift(made, cast.mo, clock.now()))


def test_who_lost_the_role_meanwhile_sanctions_and_lifts_nothing(
    published: Comment, cast: Cast
) -> None:
    made = sanction(published, cast.mo, term="ban").sanction
    own = db.session.get_one(Membership, (cast.gazette.id, cast.mo.id))
    transaction(lambda: members.remove(own, None, clock.now()))
    with pytest.raises(Forbidden):
        transaction(lambda: sanctions.lift(made, cast.mo, clock.now()))
    with pytest.raises(Forbidden):
        sanction(published, cast.mo, term="7")

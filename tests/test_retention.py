"""What goes by itself, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock, limits, mail, outbox, retention
from comments.accounts import closing, links
from comments.accounts.models import Session, Ticket, User
from comments.db import db, transaction
from comments.errors import Conflict
from comments.outbox import Outgoing, Receiver
from comments.sites.models import Invitation
from comments.sites.sso.models import SsoUse
from comments.threads import retention as texts
from comments.threads.models import Answer, Comment, Decision, Revision, Status
from tests import crowd, factories, recount
from tests.conftest import NOW, Cast
from tests.moderation import acts


def later(**spent: float) -> None:
    clock.freeze(NOW + timedelta(**spent))


def swept() -> None:
    retention.sweep(lambda: False)
    db.session.expire_all()


def source(comment: Comment) -> str:
    key = (comment.id, comment.revision)
    return db.session.get_one(Revision, key, populate_existing=True).source


def number_of(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("to", "days"), [(Status.WITHDRAWN, 30), (Status.REJECTED, 183), (Status.PENDING, 10_000)]
)
def test_a_text_is_kept_for_a_while(cast: Cast, frozen: datetime, to: Status, days: int) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae, "Words.", to=to)
    later(days=days)
    swept()
    assert source(comment) == "Words."
    later(days=days, seconds=1)
    swept()
    assert source(comment) == ("Words." if to is Status.PENDING else "")
    assert comment.status is to
    assert recount.differences() == []


def test_what_is_published_stays(cast: Cast, frozen: datetime) -> None:
    article = factories.article(cast.gazette, "a1")
    comment = factories.comment(article, cast.rae, "Words.", to=Status.REJECTED)
    acts.decide(comment, "approve", cast.mo)
    later(days=10_000)
    swept()
    assert source(comment) == "Words."


def test_it_counts_from_the_last_decision(cast: Cast, frozen: datetime) -> None:
    article = factories.article(cast.gazette, "a1")
    comment = factories.comment(article, cast.rae, "Words.", to=Status.REJECTED)
    later(days=180)
    acts.decide(comment, "approve", cast.mo)
    acts.decide(comment, "reject", cast.mo)
    later(days=300)
    swept()
    assert source(comment) == "Words."
    later(days=364)
    swept()
    assert source(comment) == ""


def test_every_version_goes_and_the_record_stays(cast: Cast, frozen: datetime) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae, "First words.")
    factories.edit(comment, "Second words.")
    factories.restate(comment, Status.WITHDRAWN)
    before = number_of(Decision)
    later(days=31)
    swept()
    rows = db.session.scalars(sa.select(Revision)).all()
    assert [(row.source, row.html, row.facts, row.findings) for row in rows] == [
        ("", "", {}, []),
        ("", "", {}, []),
    ]
    assert (number_of(Decision), number_of(Answer)) == (before, 0)


def test_what_is_erased_can_not_be_restored(cast: Cast, frozen: datetime, as_: Any) -> None:
    article = factories.article(cast.gazette, "a1")
    comment = factories.comment(article, cast.rae, "Words.", to=Status.REJECTED)
    page = f"/moderation/comments/{comment.id}"
    assert "Restore" in as_(cast.mo).get(page).text
    later(days=184)
    swept()
    with pytest.raises(Conflict) as refused:
        acts.decide(comment, "approve", cast.mo)
    assert refused.value.code == "erased"
    shown = as_(cast.mo).get(page).text
    assert "Its text is erased." in shown
    assert "Restore" not in shown


def test_more_than_a_batch_goes(
    cast: Cast, frozen: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "BATCH", 2)
    article = factories.article(cast.gazette, "a1")
    rows = [factories.comment(article, cast.rae, to=Status.WITHDRAWN) for _ in range(5)]
    later(days=31)
    swept()
    assert {source(row) for row in rows} == {""}


def test_several_may_sweep_at_once(
    app: Flask, cast: Cast, frozen: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "BATCH", 3)
    for name in ("a1", "a2", "a3"):
        article = factories.article(cast.gazette, name)
        for to in (Status.WITHDRAWN, Status.REJECTED) * 3:
            factories.comment(article, cast.rae, to=to)
    later(days=184)

    def sweeping() -> int:
        rounds = 1
        while transaction(lambda: texts.erase_due(clock.now())):
            rounds += 1
        return rounds

    assert all(isinstance(each, int) for each in crowd.at_once(app, [sweeping] * 3))
    assert db.session.scalars(sa.select(Revision.source).distinct()).all() == [""]
    assert recount.differences() == []


def test_who_restores_meanwhile_wins_or_is_told(app: Flask, cast: Cast, frozen: datetime) -> None:
    """A comment is never published without its text."""
    article = factories.article(cast.gazette, "a1")
    comment = factories.comment(article, cast.rae, "Words.", to=Status.REJECTED)
    later(days=184)
    id, mo = comment.id, cast.mo.id

    def restore() -> object:
        row, by = db.session.get_one(Comment, id), db.session.get_one(User, mo)
        return acts.decide(row, "approve", by)

    def erase() -> object:
        return transaction(lambda: texts.erase_due(clock.now()))

    restored, _erased = crowd.at_once(app, [restore, erase])
    db.session.refresh(comment)
    kept = not isinstance(restored, Conflict)
    assert bool(source(comment)) is kept
    assert (comment.status is Status.PUBLISHED) is kept


def test_what_is_due_is_found_by_an_index(cast: Cast, frozen: datetime) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    factories.restate(comment, Status.WITHDRAWN)
    lines = factories.plans_of(lambda: [texts._due(kept, clock.now()) for kept in texts.KEPT])
    assert sum("ix_comments_out" in line for line in lines) == 2
    assert not [line for line in lines if "SCAN" in line or "Seq Scan" in line]


# Other things


def test_sessions_and_links_that_are_over_go(cast: Cast, frozen: datetime) -> None:
    factories.session(cast.rae)
    factories.api_token(cast.mo)
    transaction(lambda: links.make(cast.rae, clock.now()))
    later(days=31)
    swept()
    assert (number_of(Session), number_of(Ticket)) == (1, 0)


def test_invitations_that_nobody_used_go(cast: Cast, frozen: datetime) -> None:
    factories.invite(cast.gazette, email="lou@example.com")
    later(days=8)
    swept()
    assert number_of(Invitation) == 0


def test_what_was_counted_and_what_counts_once_go(cast: Cast, frozen: datetime) -> None:
    def act() -> None:
        here = {"site_id": cast.gazette.id, "digest": "x" * 64}
        limits.hit(limits.Limit("tries", times=3, seconds=3600), "rae", NOW)
        db.session.add(SsoUse(**here, ends_at=NOW + timedelta(hours=1)))
        said = {"user_id": cast.rae.id, "key": "k", "body_hash": "x" * 64, "created_at": NOW}
        db.session.add(Answer(**said, comment_id=comment.id, status=comment.status))

    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    transaction(act)
    swept()
    assert [number_of(table) for table in (limits.Tally, SsoUse, Answer)] == [1, 1, 1]
    later(days=1, seconds=1)
    swept()
    assert [number_of(table) for table in (limits.Tally, SsoUse, Answer)] == [0, 0, 0]


def test_letters_that_could_not_be_sent_are_kept_for_a_month(cast: Cast, frozen: datetime) -> None:
    def die() -> None:
        mail.add("sign-in", {"login": "rae"}, None, NOW)
        mail.add("sign-in", {"login": "mo"}, None, NOW)
        claimed = outbox.claim(mail.QUEUE, NOW)
        assert claimed
        outbox.died(claimed, "550 no", NOW)

    transaction(die)
    later(days=30)
    swept()
    assert number_of(Outgoing) == 2
    later(days=30, seconds=1)
    swept()
    assert number_of(Outgoing) == 1


def test_who_could_not_be_reached_is_forgotten_after_two_days(frozen: datetime) -> None:
    def fail() -> None:
        outbox.add("push", "push", {}, NOW, receiver="push:gone.example")
        claimed = outbox.claim("push", NOW)
        assert claimed
        outbox.unreachable(claimed, "silent", NOW)

    transaction(fail)
    later(days=2)
    swept()
    assert number_of(Receiver) == 1
    later(days=2, seconds=1)
    swept()
    assert number_of(Receiver) == 0


def test_a_name_is_forgotten_a_year_after_its_account(cast: Cast, frozen: datetime) -> None:
    transaction(lambda: closing.close(cast.rae, erase=True, now=NOW))
    later(days=365)
    swept()
    assert cast.rae.name_key == "rae"
    later(days=365, seconds=1)
    swept()
    assert cast.rae.name_key is None
    assert cast.mo.name_key is not None


def test_one_sweep_that_fails_keeps_no_other_from_its_work(
    cast: Cast, frozen: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_now: datetime) -> bool:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(retention, "sweeps", {"broken": broken, **retention.sweeps})
    factories.session(cast.rae)
    later(days=31)
    swept()
    assert number_of(Session) == 0

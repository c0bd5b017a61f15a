"""Who hears of what, why, and what is taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock, events, retention
from comments.accounts import closing, copies
from comments.db import db, transaction
from comments.notifications import retention as forgetting
from comments.notifications import timing
from comments.notifications.models import Notification, Preference, Subscription, When
from comments.sites import sanctions
from comments.sites.models import Measure
from comments.threads.models import Article, State, Status
from tests import crowd, factories
from tests.conftest import NOW, Cast, Statements
from tests.moderation.acts import decide
from tests.notifications.acts import choose, confirm, follow, heard, tell


def due(comment_id: int) -> list[datetime | None]:
    rows = sa.select(Notification.due_at).where(Notification.comment_id == comment_id)
    return list(db.session.scalars(rows))


def test_who_is_answered_hears_of_it(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.sam, parent=root)
    assert heard(cast.rae) == [("reply", reply.id)]
    assert heard(cast.sam) == heard(cast.ada) == []


def test_followers_hear_of_everything_and_of_each_once(cast: Cast, article: Article) -> None:
    follow(article, cast.rae)
    follow(article, cast.rae)
    root = factories.comment(article, cast.rae)
    other = factories.comment(article, cast.sam)
    reply = factories.comment(article, cast.sam, "Well, @rae.", parent=root)
    assert heard(cast.rae) == [("thread", other.id), ("reply", reply.id)]


def test_who_is_named_in_a_thread_of_theirs_hears_of_it(cast: Cast, article: Article) -> None:
    factories.comment(article, cast.rae)
    comment = factories.comment(article, cast.sam, "As @Rae said, and @mo and @nobody did not.")
    assert heard(cast.rae) == [("mention", comment.id)]
    assert heard(cast.mo) == []


def test_who_is_named_later_hears_of_the_edit(cast: Cast, article: Article) -> None:
    factories.comment(article, cast.rae)
    comment = factories.comment(article, cast.sam, "As somebody said.")
    assert heard(cast.rae) == []
    factories.edit(comment, "As @rae said.")
    factories.edit(comment, "As @rae has said.")
    assert heard(cast.rae) == [("mention", comment.id)]


def test_nobody_hears_of_what_waits_until_it_is_published(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.sam, parent=root, to=Status.PENDING)
    assert heard(cast.rae) == []
    decide(reply, "approve", cast.mo)
    assert heard(cast.rae) == [("reply", reply.id)]
    assert heard(cast.sam) == [("decision", reply.id)]


def test_nobody_hears_of_what_is_gone_before_it_was_told(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.sam, parent=root)
    factories.restate(reply, Status.WITHDRAWN, by=cast.sam)
    assert heard(cast.rae) == []


def test_what_was_not_read_is_taken_back_with_the_comment(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.sam, parent=root)
    assert heard(cast.rae) == [("reply", reply.id)]
    decide(reply, "reject", cast.mo)
    assert heard(cast.rae) == []
    assert heard(cast.sam) == [("decision", reply.id)]
    decide(reply, "approve", cast.ada)
    assert heard(cast.rae) == [("reply", reply.id)]
    assert heard(cast.sam) == [("decision", reply.id)]


def test_authors_hear_what_was_made_of_their_words_and_nothing_else(
    cast: Cast, article: Article
) -> None:
    waiting = factories.comment(article, cast.rae, "One.", to=Status.PENDING)
    factories.comment(article, cast.rae, "Held by the rules.", to=Status.REJECTED)
    kept = factories.comment(article, cast.rae, "Fine.")
    decide(waiting, "reject", cast.mo)
    decide(kept, "approve", cast.mo)
    assert heard(cast.rae) == [("decision", waiting.id)]


def test_nobody_hears_of_their_own_acts(cast: Cast, article: Article) -> None:
    follow(article, cast.mo)
    follow(article, cast.sam)
    root = factories.comment(article, cast.mo)
    reply = factories.comment(article, cast.sam, "I, @sam.", parent=root, to=Status.PENDING)
    factories.comment(article, cast.mo, parent=root)
    decide(reply, "approve", cast.mo)
    assert [id for _kind, id in heard(cast.sam)] == [root.id, reply.id + 1, reply.id]
    assert heard(cast.mo) == []


def test_who_is_banned_or_left_hears_nothing(cast: Cast, article: Article) -> None:
    zoe = factories.user("zoe")
    for person in (cast.rae, zoe):
        follow(article, person)
    ban = (Measure.BAN, None, "Threats.")
    held = transaction(lambda: sanctions.impose(cast.gazette, cast.rae, ban, cast.ada, clock.now()))
    factories.comment(article, cast.sam)
    transaction(lambda: closing.close(zoe, erase=False, now=clock.now()))
    assert heard(cast.rae) == heard(zoe) == []
    transaction(lambda: sanctions.lift(held, cast.ada, clock.now()))
    last = factories.comment(article, cast.sam)
    assert heard(cast.rae) == [("thread", last.id)]


def test_nobody_hears_of_a_hidden_article(cast: Cast, article: Article) -> None:
    follow(article, cast.rae)
    factories.comment(article, cast.sam)
    factories.set_state(article, State.HIDDEN, cast.ada)
    assert heard(cast.rae) == []


@pytest.mark.parametrize(
    ("when", "hour", "minutes"),
    [
        (When.AT_ONCE, 9, 0),
        (When.HOURLY, 9, 33),
        (When.DAILY, 9, 20 * 60 + 33),
        (When.DAILY, 5, 33),
        (When.DAILY, 6, 23 * 60 + 33),
    ],
)
def test_letters_are_due_as_chosen(when: When, hour: int, minutes: int) -> None:
    now = NOW.replace(hour=hour, minute=27, second=0)
    assert timing.due_at(when, now) == now + timedelta(minutes=minutes)


@pytest.mark.parametrize("when", list(When))
def test_a_choice_counts_where_it_was_made(
    cast: Cast, article: Article, frozen: datetime, when: When
) -> None:
    confirm(cast.rae)
    choose(cast.gazette, cast.rae, replies=when)
    elsewhere = factories.article(cast.notes, "moths")
    made = []
    for place in (article, elsewhere):
        root = factories.comment(place, cast.rae)
        made.append(factories.comment(place, cast.sam, parent=root).id)
    tell()
    assert due(made[0]) == [timing.due_at(when, frozen)]
    assert due(made[1]) == [frozen]


def test_without_a_confirmed_address_no_letter_is_due(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.sam, parent=root)
    tell()
    assert due(reply.id) == [None]


def test_a_later_never_takes_letters_back_that_were_due(cast: Cast, article: Article) -> None:
    confirm(cast.rae)
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.sam, parent=root)
    tell()
    choose(cast.gazette, cast.rae, replies="never")
    assert due(reply.id) == [None]
    assert heard(cast.rae) == [("reply", reply.id)]


def test_a_post_costs_the_same_whoever_follows(
    cast: Cast, article: Article, statements: Statements
) -> None:
    factories.comment(article, cast.sam)
    statements.clear()
    factories.comment(article, cast.sam)
    alone = len(statements)
    for number in range(20):
        follow(article, factories.user(f"reader {number}"))
    statements.clear()
    factories.comment(article, cast.sam)
    assert len(statements) == alone
    tell()
    statements.clear()
    factories.comment(article, cast.sam)
    statements.clear()
    tell()
    assert len(statements) < 15


def test_many_posts_are_told_of_as_cheaply_as_one(
    cast: Cast, article: Article, statements: Statements
) -> None:
    told = []
    for posts in (1, events.BATCH - 1):
        for _post in range(posts):
            factories.comment(article, cast.sam)
        statements.clear()
        tell()
        told.append(len(statements))
    assert told[0] == told[1] < 12


def test_two_workers_tell_once(app: Flask, cast: Cast, article: Article) -> None:
    follow(article, cast.rae)
    made = [factories.comment(article, cast.sam).id for _n in range(30)]
    assert crowd.at_once(app, [tell] * 3) == []
    assert heard(cast.rae) == [("thread", id) for id in made]


def test_who_leaves_is_told_nothing_and_nothing_is_kept(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    follow(article, cast.rae)
    choose(cast.gazette, cast.rae)
    factories.comment(article, cast.sam, parent=root)
    assert heard(cast.rae)
    transaction(lambda: closing.close(cast.rae, erase=True, now=clock.now()))
    factories.comment(article, cast.sam)
    tell()
    for model in (Notification, Subscription, Preference):
        rows = db.session.scalars(sa.select(model).where(model.user_id == cast.rae.id)).all()
        assert rows == []


def test_erasure_takes_back_what_others_were_told(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.sam)
    factories.comment(article, cast.rae, parent=root)
    assert heard(cast.sam)
    transaction(lambda: closing.close(cast.rae, erase=True, now=clock.now()))
    assert heard(cast.sam) == []


def test_a_copy_of_ones_data_holds_what_one_hears(
    cast: Cast, article: Article, frozen: datetime
) -> None:
    root = factories.comment(article, cast.rae)
    follow(article, cast.rae)
    choose(cast.gazette, cast.rae, threads="daily")
    reply = factories.comment(article, cast.sam, parent=root)
    tell()
    copy = copies.of(cast.rae, clock.now())
    at = frozen.isoformat()
    assert copy["notifications"] == [
        {"site": "gazette", "comment": str(reply.id), "kind": "reply", "at": at, "seen_at": None}
    ]
    assert copy["follows"] == [{"site": "gazette", "article": "tides", "since": at}]
    assert copy["letters"][0]["threads"] == "daily"
    assert copies.of(cast.sam, clock.now())["notifications"] == []


def test_what_is_long_over_is_forgotten(
    cast: Cast, article: Article, frozen: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    follow(article, cast.rae)
    for _n in range(5):
        factories.comment(article, cast.sam)
    assert len(heard(cast.rae)) == 5
    clock.freeze(frozen + timedelta(days=90))
    last = factories.comment(article, cast.sam)
    retention.sweep(lambda: False)
    assert len(heard(cast.rae)) == 6
    clock.freeze(frozen + timedelta(days=90, seconds=1))
    retention.sweep(lambda: False)
    assert heard(cast.rae) == [("thread", last.id)]

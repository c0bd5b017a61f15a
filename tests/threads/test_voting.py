"""One vote a person a comment, counted exactly, and shown together with others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock
from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db, transaction
from comments.errors import DomainError, Forbidden, NotFound, NotSignedIn, TooMany
from comments.sites import sanctions
from comments.sites.models import Measure
from comments.threads import reading, voting
from comments.threads.forms import Name
from comments.threads.models import Article, Comment, Status, Vote
from comments.threads.reading import View
from comments.threads.rows import Sort
from tests import crowd, factories, recount
from tests.conftest import Cast


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "a1")


@pytest.fixture
def comment(article: Article, cast: Cast) -> Comment:
    return factories.comment(article, cast.rae)


def vote(comment: Comment, value: int, by: User) -> tuple[int, int]:
    transaction(lambda: voting.vote(comment, value, by, clock.now()))
    db.session.refresh(comment)
    return comment.ups, comment.downs


def test_a_vote_counts_once_and_may_be_changed_and_taken_back(comment: Comment, cast: Cast) -> None:
    assert vote(comment, 1, cast.mo) == (1, 0)
    assert vote(comment, 1, cast.mo) == (1, 0)
    assert vote(comment, -1, cast.mo) == (0, 1)
    assert vote(comment, 1, cast.sam) == (1, 1)
    assert vote(comment, 0, cast.mo) == (1, 0)
    assert vote(comment, 0, cast.mo) == (1, 0)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Vote)) == 1
    assert recount.differences() == []


def test_fifty_clicks_of_one_person_are_one_vote(app: Flask, comment: Comment, cast: Cast) -> None:
    results = crowd.at_once(app, [_click(comment.id, cast.mo.id, 1) for _ in range(50)])
    assert [result for result in results if isinstance(result, Exception)] == []
    db.session.refresh(comment)
    assert (comment.ups, comment.downs) == (1, 0)
    assert recount.differences() == []


def test_votes_of_many_at_once_are_all_counted(app: Flask, comment: Comment, cast: Cast) -> None:
    people = [factories.user(f"reader {n}") for n in range(12)]
    acts = [_click(comment.id, person.id, 1 if n % 3 else -1) for n, person in enumerate(people)]
    results = crowd.at_once(app, acts)
    assert [result for result in results if isinstance(result, Exception)] == []
    db.session.refresh(comment)
    assert (comment.ups, comment.downs) == (8, 4)
    assert recount.differences() == []


def _click(comment: int, person: int, value: int) -> Callable[[], Comment]:
    return lambda: transaction(
        lambda: voting.vote(
            db.session.get_one(Comment, comment),
            value,
            db.session.get_one(User, person),
            clock.now(),
        )
    )


def test_nobody_votes_on_their_own(comment: Comment, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        vote(comment, 1, cast.rae)


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED, Status.WITHDRAWN])
def test_only_what_is_published_is_voted_on(article: Article, cast: Cast, status: Status) -> None:
    comment = factories.comment(article, cast.rae, to=status)
    with pytest.raises(NotFound):
        vote(comment, 1, cast.mo)


@pytest.mark.parametrize(
    ("votes", "value", "is_taken"),
    [("both", -1, True), ("up", 1, True), ("up", -1, False), ("off", 1, False)],
)
def test_a_site_says_which_votes_it_takes(
    comment: Comment, cast: Cast, votes: str, value: int, is_taken: bool
) -> None:
    factories.settle(cast.gazette, votes=votes)
    if is_taken:
        assert sum(vote(comment, value, cast.mo)) == 1
    else:
        with pytest.raises(Forbidden):
            vote(comment, value, cast.mo)


def test_who_may_not_write_may_not_vote(comment: Comment, cast: Cast) -> None:
    ban = (Measure.BAN, None, "Threats.")
    transaction(lambda: sanctions.impose(cast.gazette, cast.sam, ban, cast.mo, clock.now()))
    with pytest.raises(Forbidden):
        vote(comment, 1, cast.sam)
    transaction(lambda: closing.close(cast.sam, erase=False, now=clock.now()))
    with pytest.raises(NotSignedIn):
        vote(comment, 1, cast.sam)


def test_clicking_without_end_ends(comment: Comment, cast: Cast, frozen: datetime) -> None:
    for n in range(voting.VOTES.times):
        vote(comment, 1 - n % 2, cast.mo)
    with pytest.raises(TooMany):
        vote(comment, 1, cast.mo)
    assert recount.differences() == []


def test_many_votes_are_one_change_of_the_article(
    article: Article, comment: Comment, cast: Cast, frozen: datetime
) -> None:
    def version(seconds: float) -> int:
        db.session.refresh(article)
        return article.version_at(frozen + timedelta(seconds=seconds))

    before = version(0)
    vote(comment, 1, cast.mo)
    vote(comment, 1, cast.sam)
    assert (version(0), version(5.9), version(6)) == (before, before, before + 1)
    clock.freeze(frozen + timedelta(seconds=7))
    vote(comment, -1, cast.sam)
    assert (version(7), version(12.9), version(13)) == (before + 1, before + 1, before + 2)


def test_a_vote_within_the_pause_leaves_the_article_alone(
    comment: Comment, cast: Cast, frozen: datetime, statements: list[str]
) -> None:
    vote(comment, 1, cast.mo)
    statements.clear()
    vote(comment, 1, cast.sam)
    locked = [s for s in statements if "FROM articles" in s and "FOR " in s]
    assert locked == []


@pytest.mark.parametrize(
    ("ups", "downs", "rank"),
    [(0, 0, 0), (0, 5, 0), (1, 0, 206_543), (10, 0, 722_460), (60, 40, 502_001)],
)
def test_the_rank_is_what_most_would_think_at_least(ups: int, downs: int, rank: int) -> None:
    assert voting.rank(ups, downs) == rank


def test_the_top_comes_first_and_pages_follow_without_gap_or_double(
    article: Article, cast: Cast, frozen: datetime
) -> None:
    made = factories.many(article, cast.rae, 9)
    for comment, voters in ((made[2], [cast.mo, cast.sam]), (made[5], [cast.mo])):
        for voter in voters:
            vote(comment, 1, voter)
    seen: list[str] = []
    after = None
    while True:
        page = _read(cast, "top", after)
        seen += [root.id for root in page.roots]
        after = page.after
        if after is None:
            break
    rest = [str(c.id) for c in reversed(made) if c not in (made[2], made[5])]
    assert seen == [str(made[2].id), str(made[5].id), *rest]


def test_a_cursor_is_good_for_its_own_order(article: Article, cast: Cast) -> None:
    factories.many(article, cast.rae, 5)
    newest, top = _read(cast, "newest").after, _read(cast, "top").after
    for sort, cursor in (("top", newest), ("newest", top), ("oldest", top)):
        with pytest.raises(DomainError):
            _read(cast, sort, cursor)  # type: ignore[arg-type]


def test_the_top_is_read_through_its_index(article: Article, cast: Cast) -> None:
    factories.many(article, cast.rae, 5)
    after = _read(cast, "top").after
    for cursor in (None, after):
        plans = factories.plans_of(lambda cursor=cursor: _read(cast, "top", cursor))  # type: ignore[misc]
        assert any("ix_comments_ranked" in plan for plan in plans), plans


def _read(cast: Cast, sort: Sort, after: str | None = None) -> reading.Thread:
    view = View(sort, after, size=2)
    return reading.read(cast.gazette, Name("a1"), view, clock.now())

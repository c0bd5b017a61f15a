"""Comments in bulk: as many as were asked for, and counted as if they had been posted."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock
from comments.accounts.models import User
from comments.db import db
from comments.demo import bulk, large, shapes
from comments.demo.large import World
from comments.sites.models import Site
from comments.threads.models import DEEPEST, Article, Comment, Decision, Revision, Status, Vote
from tests import factories, recount
from tests.conftest import emptied

WORLD = World(articles=8, comments=500, seed=1)
TABLES = (User, Article, Comment, Revision, Decision, Vote)


class Interrupted(Exception):
    pass


@pytest.fixture
def site(app: Flask, frozen: object) -> Site:
    return large.opened(["http://localhost:8001"])


def fill(site: Site) -> int:
    """Make the world; how many comments were made."""
    told: list[int] = []
    made = large.fill(site, WORLD, told.append)
    assert sum(told) == WORLD.comments
    return made


def counts() -> dict[str, int]:
    db.session.rollback()
    return {
        model.__tablename__: db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
        for model in TABLES
    }


def told() -> list[tuple[object, ...]]:
    """What was said, where, when and by whom; not under which number."""
    select = (
        sa.select(Article.key, Comment.created_at, User.name, Revision.source, Comment.status)
        .join(Article, Article.id == Comment.article_id)
        .join(User, User.id == Comment.author_id)
        .join(Revision, Revision.comment_id == Comment.id)
        .order_by(Article.key, Comment.id)
    )
    return [tuple(row) for row in db.session.execute(select)]


def test_there_are_as_many_as_asked_for_and_every_counter_is_right(site: Site) -> None:
    assert fill(site) == 500
    made = counts()
    assert (made["articles"], made["comments"], made["revisions"]) == (8, 500, 500)
    assert made["votes"] > 0
    assert recount.differences() == []


def test_nobody_says_anything_before_what_it_answers_or_later_than_now(site: Site) -> None:
    fill(site)
    parent = sa.orm.aliased(Comment)
    early = sa.select(Comment.id).join(parent, parent.id == Comment.parent_id)
    assert not db.session.scalars(early.where(Comment.created_at < parent.created_at)).all()
    assert not db.session.scalars(sa.select(Comment).where(Comment.created_at > clock.now())).all()


def test_the_same_again_adds_nothing(site: Site) -> None:
    fill(site)
    before = counts()
    assert fill(site) == 0
    assert counts() == before


def test_the_same_seed_says_the_same(site: Site) -> None:
    fill(site)
    before = told()
    emptied()
    db.session.remove()
    fill(large.opened([]))
    assert told() == before


def test_an_interrupted_run_goes_on_where_it_was(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 100)

    def interrupt(_done: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        large.fill(site, WORLD, interrupt)
    before = counts()["comments"]
    assert 0 < before < 500
    assert fill(site) == 500 - before
    assert counts()["comments"] == 500
    assert recount.differences() == []


def test_one_can_post_afterwards(site: Site) -> None:
    fill(site)
    article = factories.article(site, "another")
    first = factories.comment(article, factories.user("rae"))
    factories.comment(article, factories.user("mo"), parent=first)
    assert recount.differences() == []


def test_a_thread_can_be_ordered_with_a_line_deeper_than_is_drawn(site: Site) -> None:
    plan = shapes.talk(200, shapes.dice(1), chain=DEEPEST + 10)
    article = large.thread(site, "deep", plan, large.pool(site, texts=["Deeper."]))
    deepest = db.session.scalars(sa.select(Comment).order_by(Comment.depth.desc()).limit(1)).one()
    assert deepest.depth == DEEPEST + 9
    assert len(deepest.ancestor_ids) == DEEPEST - 1
    assert article.published + article.rejected + article.pending == 200
    assert recount.differences() == []


def test_a_thread_can_be_ordered_that_is_alike_everywhere(site: Site) -> None:
    plan = shapes.even(40, rejected=100)
    large.thread(site, "even", plan, large.pool(site, texts=["Alike."]))
    assert Counter(each.status for each in plan) == {Status.PUBLISHED: 40, Status.REJECTED: 100}
    assert recount.differences() == []

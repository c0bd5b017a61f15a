"""A page costs the page, however much there is in the thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock, paging
from comments.db import db
from comments.demo import large, loading, shapes
from comments.demo.shapes import Plan, Planned
from comments.sites.models import Site
from comments.threads import reading
from comments.threads.forms import Name
from comments.threads.models import DEEPEST, STEP, Article, Comment, Status
from comments.threads.reading import BRANCH, REPLIES, ROOTS, View
from comments.threads.tree import Place
from tests import factories
from tests.costs import Cost, cost_of

FEW = 200
# Those that are found beyond a page say that there is another.
PAGE = {
    "ix_comments_drawn": ROOTS + 1,
    "ix_comments_ranked": ROOTS + 1,
    # Twice: from each to the next, and then its row.
    "ix_comments_replies": 2 * max(ROOTS * (REPLIES + 1), BRANCH + 1),
    "pk_comments": ROOTS * (REPLIES + 1) + DEEPEST + BRANCH + 1,
    "uq_comments_article_id_id": 1,
}


@pytest.fixture
def sizes(request: pytest.FixtureRequest) -> tuple[int, int]:
    """How many comments are many, and how many rejected ones are very many."""
    return (100_000, 50_000) if request.config.getoption("--soak") else (3_000, 3_000)


@pytest.fixture
def site(app: Flask) -> Site:
    return large.opened([])


def made(site: Site, **plans: Plan) -> None:
    """Threads of this site, on a database that knows how large they are."""
    said = large.pool(site, texts=["Alike."])
    for key, plan in plans.items():
        large.thread(site, key, plan, said)
    loading.analyse()


def page(site: Site, key: str, **view: Any) -> Callable[[], object]:
    """The reading of one page, when the site is known."""

    def act() -> None:
        assert site.key
        reading.read(site, Name(key), View(**view), clock.now())

    return act


def check(cost: Cost) -> None:
    """It reads the page and at most one row beyond, by the indexes over what is drawn."""
    assert cost.statements <= 1 + 3  # the site, and the page
    if "steps" not in cost.work:
        assert cost.wasted == 0
        assert {name: count for name, count in cost.work.items() if count > PAGE.get(name, 0)} == {}


def deep(size: int, rejected: int) -> Plan:
    """A line of comments down to the deepest level, to whose end all others answer; and those that
    were rejected everywhere among them."""
    parents = [None, *range(DEEPEST - 1), *[DEEPEST - 1] * (size - DEEPEST)]
    plan = [Planned(parent, number, 0.0, 0.0) for number, parent in enumerate(parents)]
    for number in range(rejected):
        plan.append(Planned(number % size, size + number, 0.0, 0.0, Status.REJECTED))
    return plan


def in_line(key: str, number: int) -> Comment:
    """The comment with this number of a thread, in the order of drawing."""
    select = sa.select(Comment).join(Article, Article.id == Comment.article_id)
    places = select.where(Article.key == key, Comment.shown).order_by(Comment.path)
    return db.session.scalars(places.offset(number).limit(1)).one()


def far_down(key: str, number: int) -> str:
    """The cursor behind this comment, among those that answer the same."""
    path = in_line(key, number).path
    return Place(path, len(path) - STEP).cursor


def behind(key: str, sort: str, number: int) -> str:
    """The cursor behind this root of a thread."""
    first = Comment.rank if sort == "top" else Comment.created_at
    columns = (first, Comment.id) if sort == "oldest" else (first.desc(), Comment.id.desc())
    select = sa.select(Comment).join(Article, Article.id == Comment.article_id)
    roots = select.where(Article.key == key, Comment.parent_id.is_(None), Comment.shown)
    root = db.session.scalars(roots.order_by(*columns).offset(number).limit(1)).one()
    if sort == "top":
        return paging.rank_cursor(root.rank, root.id)
    return paging.moment_cursor(root.created_at, root.id)


def test_roots_cost_the_same_in_a_small_thread_and_a_large(
    site: Site, sizes: tuple[int, int]
) -> None:
    many, rejected = sizes
    made(site, few=shapes.even(FEW), many=shapes.even(many, rejected=rejected))
    for sort in ("newest", "oldest", "top"):
        first = cost_of(page(site, "many", sort=sort))
        check(first)
        assert first.is_like(cost_of(page(site, "few", sort=sort)))
        later = cost_of(page(site, "many", sort=sort, after=behind("many", sort, many // 8)))
        check(later)
        other = cost_of(page(site, "few", sort=sort, after=behind("few", sort, FEW // 10)))
        assert later.is_like(other)


def test_replies_cost_the_same_below_a_small_root_and_a_large(
    site: Site, sizes: tuple[int, int]
) -> None:
    many, rejected = sizes
    made(site, few=deep(FEW, 0), many=deep(many, rejected))
    for view in (
        lambda _key, _middle: {},
        lambda key, middle: {"after": far_down(key, middle)},
        lambda key, _middle: {"comment": in_line(key, 0).id},
        lambda key, _middle: {"comment": in_line(key, DEEPEST - 2).id},
        lambda key, middle: {"comment": in_line(key, middle).id},
    ):
        cost = cost_of(page(site, "many", **view("many", many // 2)))
        check(cost)
        assert cost.is_like(cost_of(page(site, "few", **view("few", FEW // 2))))
    thread = reading.read(site, Name("many"), View(after=far_down("many", many // 2)), clock.now())
    assert thread.after is not None


def test_a_page_is_read_by_the_indexes_over_what_is_drawn(site: Site) -> None:
    made(site, many=shapes.even(FEW, rejected=FEW))
    reply = in_line("many", FEW // 2)
    for view, indexes in (
        ({}, {"ix_comments_drawn", "ix_comments_replies"}),
        ({"sort": "oldest"}, {"ix_comments_drawn", "ix_comments_replies"}),
        ({"sort": "top"}, {"ix_comments_ranked", "ix_comments_replies"}),
        ({"after": Place(reply.path, STEP).cursor}, {"ix_comments_replies"}),
        ({"comment": reply.id}, {"ix_comments_replies"}),
    ):
        plans = "\n".join(factories.plans_of(page(site, "many", **view)))
        assert not indexes - set(plans.split()), (view, plans)

"""Two processes, two clicks, one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from comments import clock
from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db, transaction
from comments.errors import Conflict, NotSignedIn
from comments.sites.models import Site
from comments.threads import posting, status, writing
from comments.threads.forms import NewComment
from comments.threads.models import Act, Article, Comment, Revision, Status
from comments.threads.repeats import Posted
from tests import crowd, factories, recount
from tests.conftest import Cast


def poster(
    author: User, body: str, key: str | None = None, **fields: object
) -> Callable[[], Posted]:
    form = NewComment.model_validate({"site": "gazette", "article": "a1", "body": body, **fields})

    who_id = author.id  # here, since a record of the test's session is not for other threads

    def act() -> Posted:
        text = writing.written(form.body)

        def post() -> Posted:
            site = db.session.scalars(sa.select(Site).where(Site.key == "gazette")).one()
            who = db.session.get_one(User, who_id)
            return posting.post(site, who, form, text, clock.now(), key)

        return transaction(post)

    return act


def failures(results: list[Posted | Exception]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


def test_eight_people_begin_one_article_at_once(app: Flask, cast: Cast) -> None:
    people = [factories.user(f"reader {n}") for n in range(8)]
    results = crowd.at_once(app, [poster(p, f"I am {p.name}.") for p in people])
    assert failures(results) == []
    article = db.session.scalars(sa.select(Article)).one()
    assert article.published == 8
    assert recount.differences() == []


def test_twenty_clicks_with_one_key_are_one_comment(app: Flask, cast: Cast) -> None:
    factories.article(cast.gazette, "a1")
    results = crowd.at_once(app, [poster(cast.rae, "Once.", "key") for _ in range(20)])
    assert failures(results) == []
    assert len({posted.comment.id for posted in results if isinstance(posted, Posted)}) == 1
    assert recount.differences() == []


def test_replies_and_removals_cross_each_other(app: Flask, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    old = clock.now() - timedelta(minutes=10)
    root = factories.comment(article, cast.mo, "Root.", at=old)
    mine = [factories.comment(article, cast.rae, str(n), parent=root, at=old) for n in range(4)]
    people = [factories.user(f"reader {n}") for n in range(4)]

    def withdrawal(id: int, by: int) -> Callable[[], Comment]:
        return lambda: transaction(
            lambda: posting.withdraw(
                db.session.get_one(Comment, id),
                db.session.get_one(User, by),
                clock.now(),
            )
        )

    acts = [poster(p, f"Hello {p.name}.", parent=str(root.id)) for p in people]
    acts += [withdrawal(comment.id, cast.rae.id) for comment in mine]  # type: ignore[misc]
    results = crowd.at_once(app, acts)
    assert failures(results) == []
    assert recount.differences() == []
    row = db.session.get_one(Comment, root.id)
    assert (row.status, row.replies) == (Status.PUBLISHED, 4)


def test_edit_and_removal_at_once_leave_a_legal_end(app: Flask, cast: Cast) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)

    site_id, comment_id, rae_id = cast.gazette.id, comment.id, cast.rae.id

    def fresh() -> tuple[Site, Comment, User]:
        return (
            db.session.get_one(Site, site_id),
            db.session.get_one(Comment, comment_id),
            db.session.get_one(User, rae_id),
        )

    def edit() -> Comment:
        text = writing.written("Changed.")

        def act() -> Comment:
            site, row, rae = fresh()
            return posting.edit(site, row, rae, text, clock.now()).comment

        return transaction(act)

    def withdraw() -> Comment:
        def act() -> Comment:
            _, row, rae = fresh()
            return posting.withdraw(row, rae, clock.now())

        return transaction(act)

    results = crowd.at_once(app, [edit, withdraw])
    assert all(isinstance(result, Conflict | Comment) for result in results), results
    assert db.session.get_one(Comment, comment.id).status is Status.WITHDRAWN
    assert recount.differences() == []


def test_whoever_leaves_while_others_decide_leaves_no_words(app: Flask, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    old = clock.now() - timedelta(minutes=10)
    said = [factories.comment(article, cast.rae, f"Words {n}.", at=old) for n in range(4)]
    rae_id = cast.rae.id

    def leave() -> None:
        transaction(
            lambda: closing.close(db.session.get_one(User, rae_id), erase=True, now=clock.now())
        )

    def removal(id: int) -> Callable[[], None]:
        def act() -> None:
            comment = db.session.get_one(Comment, id)
            status.locked(comment.article_id)
            db.session.refresh(comment, with_for_update=True)
            if comment.status is Status.PUBLISHED:
                status.move(comment, Status.REJECTED, status.Why(Act.REJECT), clock.now())

        return lambda: transaction(act)

    acts = [*(removal(comment.id) for comment in said), leave, poster(cast.rae, "One more.")]
    results = crowd.at_once(app, acts)
    assert all(isinstance(failure, NotSignedIn) for failure in failures(results)), results
    assert set(db.session.scalars(sa.select(Revision.source))) == {""}
    assert recount.differences() == []

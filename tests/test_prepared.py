"""Statements that are compiled once do what SQLAlchemy would have done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from comments import clock
from comments.accounts.models import Session, User
from comments.db import db, table, transaction
from comments.prepared import Prepared, insert
from comments.threads.models import Answer, Article, Comment, Status
from tests import factories, sent, servers
from tests.conftest import Cast

SECRET = "a-key-that-nobody-else-may-read"


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


@pytest.mark.parametrize("model", [User, Session, Article, Comment])
def test_it_reads_what_sqlalchemy_reads(
    cast: Cast, article: Article, model: type[User | Session | Article | Comment]
) -> None:
    factories.bearer(cast.rae, cast.gazette)
    factories.comment(article, cast.rae)
    columns = table(model).c
    select = sa.select(*columns).where(columns.id >= sa.bindparam("least")).order_by(columns.id)
    rows = Prepared(select).rows(least=1)
    assert rows
    assert rows == [tuple(row) for row in db.session.execute(select, {"least": 1})]
    assert rows[0].id == rows[0][0]


def answered(comment: Comment) -> None:
    insert(
        Answer,
        user_id=comment.author_id,
        key=SECRET,
        body_hash="",
        comment_id=comment.id,
        status=Status.PUBLISHED,
        created_at=clock.now(),
    )


def test_what_the_database_refuses_is_told_without_what_was_sent(
    cast: Cast, article: Article
) -> None:
    comment = factories.comment(article, cast.rae)
    transaction(lambda: answered(comment))
    with pytest.raises(IntegrityError) as caught:
        transaction(lambda: answered(comment))
    assert "INSERT INTO answers" in str(caught.value)
    assert SECRET not in str(caught.value).partition("[SQL")[2]


def test_a_value_that_is_forgotten_is_an_error(cast: Cast) -> None:
    with pytest.raises(KeyError):
        Prepared(sa.select(User.id).where(User.id == sa.bindparam("id"))).rows(name=1)


def test_a_connection_that_is_lost_is_not_used_again(cast: Cast) -> None:
    one = Prepared(sa.select(sa.func.count(User.id)))
    (before,) = one.row()
    if db.engine.dialect.name == "postgresql":
        _cut_off()
    else:
        driver: Any = db.session.connection().connection.driver_connection
        driver.close()
    with pytest.raises(DBAPIError) as caught:
        one.row()
    assert caught.value.connection_invalidated
    assert transaction(one.row) == (before,)


def _cut_off() -> None:
    here = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:here)"), {"here": here})


def test_it_is_seen_where_statements_are_counted(cast: Cast, tmp_path: Path) -> None:
    """Also when another app of this process sent it first."""
    one = Prepared(sa.select(User.id).where(User.id == sa.bindparam("id")))
    with servers.migrated_inside(str(tmp_path)):
        one.rows(id=1)
    seen: list[str] = []
    with sent.noted(lambda statement, _parameters: seen.append(statement)):
        one.rows(id=1)
    assert [statement.split()[:2] for statement in seen[-1:]] == [["SELECT", "users.id"]]

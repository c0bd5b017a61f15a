"""What the lists hold, and what a page of them costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock, forms
from comments.accounts.models import User
from comments.db import db, transaction
from comments.moderation import desk, queries, words
from comments.moderation.forms import Queue
from comments.screening.findings import Finding
from comments.sites.models import Membership, Site
from comments.threads.models import Article, Comment, Revision, Status
from tests import factories
from tests.conftest import NOW, Cast, Statements
from tests.moderation.acts import decide, report

# A list, and the index that it walks along.
LISTS = (
    ({"view": "waiting"}, "ix_comments_status"),
    ({"view": "waiting", "order": "newest"}, "ix_comments_status"),
    ({"view": "reported"}, "ix_comments_reported"),
    ({"view": "all"}, "ix_comments_site"),
    ({"view": "all", "status": "rejected"}, "ix_comments_status"),
    ({"view": "all", "author": "rae"}, "ix_comments_author"),
    ({"view": "all", "article": "a1"}, "ix_comments_article"),
    ({"view": "all", "author": "rae", "article": "a1"}, "ix_comments_author"),
)
READ_WHOLE = r"SCAN (comments|revisions|users|decisions|reports)\b|Seq Scan"


@pytest.fixture
def article(cast: Cast, frozen: Any) -> Article:
    return factories.article(cast.gazette, "a1")


def asked(**given: str) -> Queue:
    return forms.parse(Queue, given)


def ids(site: Site, **given: str) -> list[int]:
    return [facts.comment.id for facts in queries.page(site, asked(**given)).rows]


def viewer(site: Site, user: User) -> Membership:
    found = db.session.get_one(Membership, (site.id, user.id))
    assert found.site.key
    return found


def test_each_list_holds_its_own(cast: Cast, article: Article) -> None:
    waiting = factories.comment(article, cast.rae, to=Status.PENDING)
    out = factories.comment(article, cast.rae)
    told = factories.comment(article, cast.rae)
    gone = factories.comment(article, cast.rae, to=Status.REJECTED)
    report(told, cast.sam)
    elsewhere = factories.article(cast.notes, "n1")
    factories.comment(elsewhere, cast.rae, to=Status.PENDING)

    assert ids(cast.gazette) == [waiting.id]
    assert ids(cast.gazette, view="reported") == [told.id]
    assert ids(cast.gazette, view="all") == [gone.id, told.id, out.id, waiting.id]
    assert ids(cast.gazette, view="all", status="rejected") == [gone.id]
    decide(told, "approve", cast.mo)
    assert ids(cast.gazette, view="reported") == []


def test_all_comments_are_narrowed_to_an_author_and_an_article(
    cast: Cast, article: Article
) -> None:
    other = factories.article(cast.gazette, "a2")
    made = {
        (who.name, what.key): factories.comment(what, who).id
        for who in (cast.rae, cast.sam)
        for what in (article, other)
    }
    by_rae = ids(cast.gazette, view="all", author=str(cast.rae.id), order="oldest")
    assert by_rae == [made["rae", "a1"], made["rae", "a2"]]
    on_a1 = ids(cast.gazette, view="all", article=str(article.id), order="oldest")
    assert on_a1 == [made["rae", "a1"], made["sam", "a1"]]
    both = {"author": str(cast.sam.id), "article": str(other.id)}
    assert ids(cast.gazette, view="all", **both) == [made["sam", "a2"]]


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_follow_one_another_without_gap_or_repetition(
    cast: Cast, article: Article, order: str
) -> None:
    made = [
        factories.comment(article, cast.rae, str(n), to=Status.PENDING, at=NOW - at).id
        for n, at in enumerate(timedelta(minutes=n // 3) for n in range(60))
    ]
    seen: list[int] = []
    after: dict[str, str] = {}
    for _ in range(3):
        page = queries.page(cast.gazette, asked(order=order, **after))
        seen += [facts.comment.id for facts in page.rows]
        after = {"after": page.after} if page.after else {}
    assert not after
    rows = db.session.execute(
        sa.select(Comment.id).where(Comment.id.in_(made)).order_by(Comment.created_at, Comment.id)
    ).scalars()
    expected = list(rows)
    assert seen == (expected if order == "oldest" else expected[::-1])


def test_the_desk_begins_with_what_waits_longest(cast: Cast, article: Article) -> None:
    old, new = factories.many(article, cast.rae, 2, to=Status.PENDING)
    assert ids(cast.gazette) == [old.id, new.id]
    assert ids(cast.gazette, view="all") == [new.id, old.id]


def test_counting_stops_beyond_a_thousand(
    cast: Cast, article: Article, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_COUNTED", 3)
    factories.many(article, cast.rae, 6, to=Status.PENDING)
    assert queries.counts(cast.gazette).waiting == 4
    assert words.count(1000) == "1,000"
    assert words.count(1001) == "1,000+"


def test_a_card_shows_the_latest_reports_and_their_number(cast: Cast, article: Article) -> None:
    comment = factories.comment(article, cast.rae)
    for n in range(7):
        report(comment, factories.user(f"reader-{n}"), text=str(n))
    told = queries.open_reports([comment])
    assert [row.report.text for row in told] == ["6", "5", "4", "3", "2"]
    assert comment.open_reports == 7


@pytest.fixture
def crowded(cast: Cast, article: Article) -> Article:
    """3,000 comments of every status, some reported, beside another site with as many."""
    other = factories.article(cast.notes, "n1")
    for first, place in ((10**7, article), (2 * 10**7, other)):
        _crowd(place, (cast.rae, cast.sam), first)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    return article


def _crowd(article: Article, people: tuple[User, User], first: int) -> None:
    """One in a hundred is by the first of the people."""
    rows = [_row(article, first + n, people[0 if n % 100 < 1 else 1], n) for n in range(3000)]
    texts = [_text(row) for row in rows]

    def act() -> None:
        connection = db.session.connection()
        connection.execute(sa.insert(Comment.__table__), rows)  # type: ignore[arg-type]
        connection.execute(sa.insert(Revision.__table__), texts)  # type: ignore[arg-type]

    transaction(act)
    factories.comment(article, people[0])  # makes the person known here


def _row(article: Article, id: int, author: User, n: int) -> dict[str, Any]:
    return {
        "id": id,
        "site_id": article.site_id,
        "article_id": article.id,
        "root_id": id,
        "path": f"{id:08}",
        "depth": 0,
        "author_id": author.id,
        "status": list(Status)[n % 4],
        "shown": n % 4 == 1,
        "replies": 0,
        "open_reports": 1 if n % 40 == 1 else 0,
        "revision": 1,
        "fingerprint": "",
        "created_at": NOW - timedelta(seconds=n),
    }


def _text(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "comment_id": row["id"],
        "site_id": row["site_id"],
        "number": 1,
        "source": "x",
        "source_format": "markdown",
        "html": "<p>x</p>",
        "renderer": 1,
        "facts": {},
        "findings": [Finding("newcomer").kept()],
        "created_at": NOW,
    }


def named(cast: Cast, article: Article, given: dict[str, str]) -> Queue:
    """The list, with the names of its author and article made ids."""
    real = {"rae": str(cast.rae.id), "a1": str(article.id)}
    return asked(**{name: real.get(value, value) for name, value in given.items()})


def test_a_page_is_found_by_indexes_and_takes_five_queries(
    cast: Cast, crowded: Article, statements: Statements
) -> None:
    """No table is read whole, and the ids of a page come out of an index in their order."""
    member = viewer(cast.gazette, cast.mo)
    for given, index in LISTS:
        queue = named(cast, crowded, given)
        statements.clear()
        assert desk.page(member, queue, clock.now()).cards
        assert len(statements) <= 5, given
        plans = factories.plans_of(lambda queue=queue: desk.page(member, queue, clock.now()))
        assert any(index in line for line in plans), (given, plans)
        assert not [line for line in plans if re.search(READ_WHOLE, line)], (given, plans)


def test_drawing_a_page_reads_nothing_more(
    cast: Cast, crowded: Article, as_: Callable[..., FlaskClient], statements: Statements
) -> None:
    browser = as_(cast.mo)
    statements.clear()
    assert browser.get("/sites/gazette/moderation?view=reported").status_code == 200
    # The count of what is new stands in the header of every page.
    read = [line for line in statements if "notifications" not in line]
    assert len([line for line in read if re.search("comments|reports", line)]) == 3

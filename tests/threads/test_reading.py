from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from comments import clock, paging
from comments.db import db, transaction
from comments.errors import Invalid, NotFound
from comments.threads import posting, reading
from comments.threads.drawing import Drawn, Gone, Thread
from comments.threads.forms import Name
from comments.threads.models import LEVELS, Article, Comment, State, Status
from comments.threads.reading import View
from tests import factories
from tests.conftest import Cast, Statements


def read(cast: Cast, key: str = "a1", **view: Any) -> Thread:
    return reading.read(cast.gazette, Name(key), View(**view), clock.now())


def ids(drawn: tuple[Drawn, ...]) -> list[str]:
    return [comment.id for comment in drawn]


def flat(drawn: tuple[Drawn, ...]) -> list[str]:
    return [id for comment in drawn for id in (comment.id, *flat(comment.children))]


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "a1")


def test_an_unknown_article_is_empty_and_open_and_nothing_is_made(cast: Cast) -> None:
    thread = read(cast, "never-seen")
    assert (thread.roots, thread.count, thread.is_open) == ((), 0, True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0


def test_newest_roots_come_first_and_replies_in_the_order_of_talk(
    cast: Cast, article: Article
) -> None:
    now = clock.now()
    first = factories.comment(article, cast.rae, "1", at=now - timedelta(hours=3))
    second = factories.comment(article, cast.rae, "2", at=now - timedelta(hours=2))
    a = factories.comment(article, cast.mo, "1a", parent=first, at=now - timedelta(minutes=9))
    b = factories.comment(article, cast.rae, "1b", parent=first, at=now - timedelta(minutes=8))
    aa = factories.comment(article, cast.rae, "1aa", parent=a, at=now - timedelta(minutes=7))
    thread = read(cast)
    assert flat(thread.roots) == [str(c.id) for c in (second, first, a, aa, b)]
    assert ids(read(cast, sort="oldest").roots) == [str(first.id), str(second.id)]
    assert thread.count == 5


def test_what_is_not_published_is_not_there(cast: Cast, article: Article) -> None:
    factories.comment(article, cast.rae, "waits", to=Status.PENDING)
    factories.comment(article, cast.rae, "no", to=Status.REJECTED)
    factories.comment(article, cast.rae, "taken back", to=Status.WITHDRAWN)
    assert read(cast).roots == ()


@pytest.mark.parametrize(
    ("status", "gone"), [(Status.REJECTED, Gone.REMOVED), (Status.WITHDRAWN, Gone.DELETED)]
)
def test_a_place_is_kept_where_replies_hang_below(
    cast: Cast, article: Article, status: Status, gone: Gone
) -> None:
    root = factories.comment(article, cast.rae, "secret words")
    factories.comment(article, cast.mo, "reply", parent=root)
    factories.restate(root, status)
    (top,) = read(cast).roots
    assert (top.gone, top.html, top.author, top.author_id) == (gone, None, "", "")
    assert len(top.children) == 1


def test_a_place_goes_when_the_last_reply_below_it_goes(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    reply = factories.comment(article, cast.mo, parent=root)
    transaction(lambda: posting.withdraw(root, cast.rae, clock.now()))
    assert len(read(cast).roots) == 1
    transaction(lambda: posting.withdraw(reply, cast.mo, clock.now()))
    assert read(cast).roots == ()


def test_pages_of_roots_follow_each_other_without_gap_or_double(
    cast: Cast, article: Article
) -> None:
    made = factories.many(article, cast.rae, reading.ROOTS + 3)
    first = read(cast)
    second = read(cast, after=first.after)
    assert ids(first.roots) + ids(second.roots) == [str(c.id) for c in reversed(made)]
    assert second.after is None


def test_further_replies_follow_by_their_cursor_under_their_ancestors(
    cast: Cast, article: Article
) -> None:
    root = factories.comment(article, cast.rae)
    count = reading.REPLIES + 5
    made = [factories.comment(article, cast.mo, str(n), parent=root) for n in range(count)]
    (top,) = read(cast).roots
    assert (len(top.children), top.more_count) == (reading.REPLIES, 5)
    rest = read(cast, after=top.more)
    assert ids(rest.roots) == [str(root.id)]
    assert ids(rest.roots[0].children) == [str(c.id) for c in made[reading.REPLIES :]]


def test_further_replies_in_another_article_do_not_follow(cast: Cast, article: Article) -> None:
    root = factories.comment(article, cast.rae)
    for n in range(reading.REPLIES + 5):
        factories.comment(article, cast.mo, str(n), parent=root)
    factories.comment(factories.article(cast.gazette, "a2"), cast.rae)
    (top,) = read(cast).roots
    assert read(cast, "a2", after=top.more).roots == ()


def test_one_comment_comes_with_what_is_above_and_below(cast: Cast, article: Article) -> None:
    parent = root = factories.comment(article, cast.rae)
    line = [root]
    for n in range(8):
        parent = factories.comment(article, cast.mo, str(n), parent=parent)
        line.append(parent)
    factories.comment(article, cast.mo, "aside", parent=root)
    thread = read(cast, comment=line[4].id)
    assert flat(thread.roots) == [str(c.id) for c in line]
    assert thread.focus == str(line[4].id)


def test_a_comment_of_another_article_is_not_found(cast: Cast, article: Article) -> None:
    other = factories.comment(factories.article(cast.gazette, "a2"), cast.rae)
    with pytest.raises(NotFound):
        read(cast, comment=other.id)


def test_below_the_deepest_level_replies_stay_at_it_and_keep_their_parent(
    cast: Cast, article: Article
) -> None:
    parent = factories.comment(article, cast.rae)
    for _ in range(55):
        parent = factories.comment(article, cast.mo, parent=parent)
    last = db.session.get_one(Comment, parent.id)
    assert last.depth == 55
    assert len(last.ancestor_ids) == 49
    assert flat(read(cast, comment=last.id).roots)[-1] == str(last.id)


def test_six_levels_are_drawn_and_the_last_says_how_it_goes_on(
    cast: Cast, article: Article
) -> None:
    line = factories.line(article, cast.rae, 20)
    beside = factories.comment(article, cast.mo, parent=line[3])
    (root,) = read(cast).roots
    assert flat((root,)) == [str(c.id) for c in (*line[:6], beside)]
    last = at(root, line[5])
    assert (last.level, last.more_count, root.more) == (LEVELS, 14, None)
    rest = read(cast, after=last.more)
    assert flat(rest.roots) == [str(c.id) for c in line[:11]]
    assert rest.after is None
    assert [at(rest.roots[0], c).level for c in line[4:7]] == [0, 1, 2]
    deepest = at(rest.roots[0], line[10])
    assert flat(read(cast, after=deepest.more).roots) == [str(c.id) for c in line[:16]]


def test_a_page_is_full_of_what_is_drawn(
    cast: Cast, article: Article, statements: Statements
) -> None:
    """However much hangs below the deepest level: that takes no place of others."""
    root = factories.comment(article, cast.rae)
    beside = []
    for n in range(reading.REPLIES + 2):
        parent = factories.comment(article, cast.mo, str(n), parent=root)
        beside.append(parent)
        for _ in range(LEVELS if n == 0 else 0):
            parent = factories.comment(article, cast.mo, parent=parent)
    (top,) = read(cast).roots
    assert len(flat(top.children)) == reading.REPLIES
    drawn = reading.REPLIES - (LEVELS - 2)
    assert ids(top.children) == [str(c.id) for c in beside[:drawn]]
    assert top.more_count == len(beside) - drawn
    db.session.rollback()
    assert cast.gazette.key
    statements.clear()
    rest = read(cast, after=top.more)
    assert len(statements) == 3
    assert ids(rest.roots[0].children) == [str(c.id) for c in beside[drawn:]]


def test_the_rest_of_a_branch_ends_where_the_branch_ends(cast: Cast, article: Article) -> None:
    line = factories.line(article, cast.rae, 2)
    count = reading.BRANCH + 3
    below = [factories.comment(article, cast.mo, str(n), parent=line[1]) for n in range(count)]
    factories.comment(article, cast.mo, "aside", parent=line[0])
    first = read(cast, comment=line[1].id)
    second = read(cast, after=first.after)
    assert second.after is None
    shown = flat(first.roots) + flat(second.roots)[2:]
    assert shown == [str(c.id) for c in (*line, *below)]


def test_a_forged_cursor_shows_nothing_from_elsewhere(cast: Cast, article: Article) -> None:
    here = factories.comment(article, cast.rae)
    other = factories.comment(factories.article(cast.notes, "n1"), cast.sam)
    for level, path in (("1", other.path), ("2", other.path + here.path), ("1", here.path * 2)):
        thread = read(cast, after=paging.encode("branch", level, path))
        assert str(other.id) not in flat(thread.roots)
    assert flat(read(cast, after=paging.encode("branch", "1", here.path)).roots) == [str(here.id)]


def at(drawn: Drawn, comment: Comment) -> Drawn:
    """This comment in the tree."""
    if drawn.id == str(comment.id):
        return drawn
    return next(at(child, comment) for child in drawn.children if str(comment.id) in flat((child,)))


@pytest.mark.parametrize("cursor", ["x", "YnJhbmNo", "!!", "YnJhbmNoCjAwMDAwMDB6eiE", "bm8KMQ"])
def test_a_foreign_cursor_is_refused(cast: Cast, article: Article, cursor: str) -> None:
    factories.comment(article, cast.rae)
    with pytest.raises(Invalid):
        read(cast, after=cursor)
    with pytest.raises(Invalid):
        read(cast, key="nobody knows it", after=cursor)


def test_a_hidden_article_shows_nothing(cast: Cast) -> None:
    article = factories.article(cast.gazette, "h1", state=State.HIDDEN)
    factories.comment(article, cast.rae)
    thread = read(cast, "h1")
    assert (thread.roots, thread.count, thread.is_open) == ((), 0, False)


def test_staff_carry_their_badge(cast: Cast, article: Article) -> None:
    factories.comment(article, cast.mo)
    factories.comment(article, cast.sam)
    assert [root.badge for root in read(cast).roots] == [None, "moderator"]


def test_only_its_author_sees_what_waits_and_why_it_was_rejected(
    cast: Cast, article: Article
) -> None:
    waiting = factories.comment(article, cast.rae, to=Status.PENDING)
    rejected = factories.comment(article, cast.rae)
    factories.restate(rejected, Status.REJECTED, reason="spam")
    mine = reading.own(cast.gazette, article.id, cast.rae)
    assert [(c.id, c.reason) for c in mine] == [(str(rejected.id), "spam"), (str(waiting.id), None)]
    assert reading.own(cast.gazette, article.id, cast.sam) == ()


def test_a_page_takes_three_queries_whatever_it_holds(
    cast: Cast, article: Article, statements: Statements
) -> None:
    roots = factories.many(article, cast.rae, 30)
    for root in [*roots[:2], *roots[-2:]]:
        for n in range(3):
            factories.comment(article, cast.mo, str(n), parent=root)
    for view in ({}, {"sort": "oldest"}):
        db.session.rollback()
        assert cast.gazette.key
        statements.clear()
        read(cast, **view)
        assert len(statements) == 3, "\n\n".join(statements)


def test_a_page_is_read_through_its_indexes(cast: Cast, article: Article) -> None:
    root = factories.many(article, cast.rae, 30)[-1]
    factories.comment(article, cast.mo, parent=root)
    plans = factories.plans_of(lambda: read(cast))
    text = "\n".join(plans)
    assert "ix_comments_drawn" in text
    assert "ix_comments_replies" in text
    assert not [line for line in plans if "SCAN comments" in line or "Seq Scan on comments" in line]

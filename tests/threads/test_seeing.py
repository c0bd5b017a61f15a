"""What is unread: what others published since one was here, and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import closing, copies
from comments.accounts.models import User
from comments.db import db, transaction
from comments.errors import NotSignedIn
from comments.threads import seeing
from comments.threads.models import Article, Comment, Mark, State, Status
from comments.threads.seeing import Unread
from tests import factories
from tests.conftest import Cast, Statements

Browsers = Callable[..., FlaskClient]
PAGE = "/thread?site=gazette&article=a1"


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "a1")


def unread(article: Article, person: User) -> Unread:
    db.session.rollback()
    return seeing.unread(article.id, person)


def see(article: Article, person: User, upto: int | None = None) -> None:
    """Somebody sees all that there is, or up to a Decision."""
    newest = upto or int(unread(article, person).upto or 0)
    transaction(lambda: seeing.mark(article, newest, person, clock.now()))


def marked(article: Article, person: User) -> int:
    db.session.rollback()
    return db.session.get_one(Mark, (person.id, article.id)).decision_id


def ids(*comments: Comment) -> tuple[str, ...]:
    return tuple(str(comment.id) for comment in comments)


def test_on_a_first_visit_nothing_is_unread(article: Article, cast: Cast) -> None:
    comment = factories.comment(article, cast.mo)
    assert unread(article, cast.rae) == Unread(upto=str(comment.decided_id))


def test_what_others_publish_afterwards_is_unread_the_newest_first(
    article: Article, cast: Cast
) -> None:
    root = factories.comment(article, cast.mo)
    see(article, cast.rae)
    assert unread(article, cast.rae) == Unread()
    first = factories.comment(article, cast.mo, "One.")
    factories.comment(article, cast.rae, "My own.")
    reply = factories.comment(article, cast.sam, "Two.", parent=root)
    found = unread(article, cast.rae)
    assert (found.ids, found.has_more) == (ids(reply, first), False)
    see(article, cast.rae)
    assert unread(article, cast.rae) == Unread()


def test_what_one_writes_oneself_leaves_the_rest_unread(article: Article, cast: Cast) -> None:
    factories.comment(article, cast.mo)
    see(article, cast.rae)
    factories.comment(article, cast.rae, "Mine too.")
    assert unread(article, cast.rae) == Unread()
    other = factories.comment(article, cast.mo, "Other.")
    factories.comment(article, cast.rae, "Mine.")
    assert unread(article, cast.rae).ids == ids(other)


def test_an_edit_or_a_look_does_not_make_it_unread(article: Article, cast: Cast) -> None:
    edited, kept = factories.many(article, cast.mo, 2)
    see(article, cast.rae)
    factories.edit(edited, "Better.")
    factories.restate(kept, Status.PUBLISHED)
    assert unread(article, cast.rae) == Unread()


def test_late_approval_makes_it_unread_however_old_it_is(article: Article, cast: Cast) -> None:
    waiting = factories.comment(article, cast.mo, to=Status.PENDING)
    later = factories.comment(article, cast.mo, "Later.")
    see(article, cast.rae)
    assert unread(article, cast.rae).ids == ()
    factories.restate(waiting, Status.PUBLISHED)
    assert unread(article, cast.rae).ids == ids(waiting)
    factories.restate(later, Status.REJECTED)
    factories.restate(later, Status.PUBLISHED)
    assert unread(article, cast.rae).ids == ids(later, waiting)


def test_what_is_gone_again_is_not_unread(article: Article, cast: Cast) -> None:
    factories.comment(article, cast.mo)
    see(article, cast.rae)
    gone = factories.comment(article, cast.mo, "Gone.")
    factories.comment(article, cast.mo, "Below.", parent=gone, to=Status.PENDING)
    factories.restate(gone, Status.WITHDRAWN)
    assert unread(article, cast.rae) == Unread()


def test_a_mark_goes_forward_only_and_not_beyond_what_there_is(
    article: Article, cast: Cast
) -> None:
    first, second, _third = factories.many(article, cast.mo, 3)
    assert first.decided_id
    assert second.decided_id
    see(article, cast.rae, second.decided_id)
    see(article, cast.rae, first.decided_id)
    assert marked(article, cast.rae) == second.decided_id
    see(article, cast.rae, 2**62)
    fourth = factories.comment(article, cast.mo, "Fourth.")
    assert unread(article, cast.rae).ids == ids(fourth)


def test_marks_are_each_persons_and_each_articles_own(article: Article, cast: Cast) -> None:
    other = factories.article(cast.gazette, "a2")
    for place in (article, other):
        factories.comment(place, cast.mo)
    see(article, cast.rae)
    see(other, cast.rae)
    see(article, cast.sam)
    new = factories.comment(article, cast.mo, "New.")
    assert unread(article, cast.rae).ids == ids(new)
    assert unread(other, cast.rae).ids == ()
    see(article, cast.rae)
    assert unread(article, cast.sam).ids == ids(new)


def test_an_empty_article_is_not_marked(article: Article, cast: Cast) -> None:
    factories.comment(article, cast.mo, to=Status.PENDING)
    see(article, cast.rae, 2**62)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mark)) == 0


def test_of_a_hidden_article_nothing_is_unread(article: Article, cast: Cast) -> None:
    factories.comment(article, cast.mo)
    see(article, cast.rae)
    factories.comment(article, cast.mo, "New.")
    factories.set_state(article, State.HIDDEN, cast.ada)
    assert unread(article, cast.rae) == Unread()


def test_at_most_a_hundred_are_listed(article: Article, cast: Cast) -> None:
    factories.comment(article, cast.mo)
    see(article, cast.rae)
    made = factories.many(article, cast.mo, seeing.MOST + 1)
    found = unread(article, cast.rae)
    assert (found.ids, found.has_more) == (ids(*made[:0:-1]), True)


def test_it_takes_two_queries_through_the_index(
    article: Article, cast: Cast, statements: Statements
) -> None:
    factories.comment(article, cast.mo)
    see(article, cast.rae)
    factories.many(article, cast.mo, 3)
    db.session.rollback()
    article_id, person = article.id, cast.rae
    assert person.id
    statements.clear()
    seeing.unread(article_id, person)
    assert len(statements) == 2
    plans = factories.plans_of(lambda: seeing.unread(article_id, person))
    # Of these few rows PostgreSQL may find the newest by another index.
    assert [line for line in plans if "ix_comments_fresh" in line], plans
    wrong = ("SCAN comments", "SCAN decisions", "Seq Scan")
    assert not [line for line in plans if any(word in line for word in wrong)]


def test_marks_go_with_the_account_and_stand_in_the_copy(article: Article, cast: Cast) -> None:
    comment = factories.comment(article, cast.mo)
    see(article, cast.rae)
    now = clock.now()
    (entry,) = copies.of(cast.rae, now)["seen"]
    assert (entry["site"], entry["article"]) == ("gazette", "a1")
    assert entry["up_to"] == str(comment.decided_id)
    transaction(lambda: closing.close(cast.rae, erase=False, now=now))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Mark)) == 0
    with pytest.raises(NotSignedIn):
        see(article, cast.rae, comment.decided_id)


def test_the_page_leads_from_one_unread_comment_to_the_next_and_marks_all(
    article: Article, cast: Cast, as_: Browsers
) -> None:
    root = factories.comment(article, cast.mo)
    browser = as_(cast.rae)
    page = browser.get(PAGE).text
    assert "unread</span>" not in page
    assert browser.post("/thread/seen", data=form_in(page)).location == PAGE
    assert "Mark all as read" not in browser.get(PAGE).text
    reply = factories.comment(article, cast.mo, "One.", parent=root)
    new = factories.comment(article, cast.mo, "Two.")
    page = browser.get(PAGE).text
    assert "2 unread" in page
    assert next_of(page) == [f"#comment-{new.id}", f"#comment-{reply.id}", f"#comment-{new.id}"]
    assert page.count('class="new"') == 2
    assert browser.post("/thread/seen", data=form_in(page)).status_code == 303
    assert "Next unread" not in browser.get(PAGE).text


def test_what_the_page_does_not_hold_is_unread_at_its_own_address(
    article: Article, cast: Cast, as_: Browsers
) -> None:
    yesterday = clock.now() - timedelta(days=1)
    waiting = factories.comment(article, cast.mo, to=Status.PENDING, at=yesterday)
    factories.many(article, cast.mo, 30)
    see(article, cast.rae)
    factories.restate(waiting, Status.PUBLISHED)
    (there,) = next_of(as_(cast.rae).get(PAGE).text)
    assert there == f"{PAGE}&comment={waiting.id}#comment-{waiting.id}"
    assert 'class="new"' in as_(cast.rae).get(there).text


def test_nobody_has_unread_comments_without_signing_in(
    article: Article, cast: Cast, as_: Browsers
) -> None:
    factories.comment(article, cast.mo)
    assert "Mark all as read" not in as_(None).get(PAGE).text


def form_in(page: str) -> dict[str, str]:
    (form,) = re.findall(r'<form class="unread".*?</form>', page, re.DOTALL)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def next_of(page: str) -> list[str]:
    return [html.unescape(at) for at in re.findall(r'<a href="([^"]*)">Next unread</a>', page)]

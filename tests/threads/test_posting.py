from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from comments import clock
from comments.db import db, transaction
from comments.errors import Conflict, Forbidden, Invalid, TooMany
from comments.sites import sanctions
from comments.sites.models import Measure, Participant
from comments.threads import posting, queries, reading, writing
from comments.threads.forms import NewComment
from comments.threads.models import Act, Article, Comment, Decision, Revision, State, Status
from comments.threads.reading import One
from comments.threads.repeats import Posted
from tests import factories
from tests.conftest import NOW, Cast, Statements

Post = Callable[..., Posted]


@pytest.fixture
def post(cast: Cast, frozen: Any) -> Post:
    """Somebody (rae) posts on the gazette, by default on an article that is open."""

    def act(body: str = "A thought.", **fields: Any) -> Posted:
        author = fields.pop("author", cast.rae)
        key = fields.pop("key", None)
        form = NewComment(**{"site": "gazette", "article": "a1", "body": body, **fields})
        text = writing.written(form.body)
        return transaction(lambda: posting.post(cast.gazette, author, form, text, clock.now(), key))

    return act


def later(**by: float) -> None:
    clock.freeze(clock.now() + timedelta(**by))


def count(table: type[Any]) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_post_is_published_with_its_record_and_counters(post: Post, cast: Cast) -> None:
    comment = post("Hello *there*.").comment

    assert comment.status is Status.PUBLISHED
    assert comment.shown
    assert comment.root_id == comment.id
    revision = db.session.get_one(Revision, (comment.id, 1))
    assert revision.source == "Hello *there*."
    article = db.session.get_one(Article, comment.article_id)
    db.session.refresh(article)
    assert (article.published, article.pending) == (1, 0)
    assert article.version == 2
    person = db.session.get_one(Participant, (cast.gazette.id, cast.rae.id))
    assert (person.published, person.rejected) == (1, 0)
    (decision,) = db.session.scalars(sa.select(Decision)).all()
    assert (decision.act, decision.from_status, decision.to_status, decision.by_id) == (
        Act.POST,
        None,
        Status.PUBLISHED,
        None,
    )
    assert comment.decided_id == decision.id


def test_a_newcomer_waits_when_the_site_holds_first_comments(post: Post, cast: Cast) -> None:
    factories.settle(cast.gazette, hold_first=1)
    posted = post()
    assert posted.status is Status.PENDING
    assert not posted.comment.shown
    revision = db.session.get_one(Revision, (posted.comment.id, 1))
    assert [finding["code"] for finding in revision.findings] == ["newcomer"]


def test_every_finding_is_kept_and_the_policy_decides(post: Post, cast: Cast) -> None:
    factories.settle(cast.gazette, hold_first=1, premoderation=True)
    posted = post(website="http://filled.example")
    assert posted.status is Status.REJECTED
    revision = db.session.get_one(Revision, (posted.comment.id, 1))
    assert {finding["code"] for finding in revision.findings} == {
        "trap",
        "newcomer",
        "premoderation",
    }


def test_staff_pass_what_only_holds(post: Post, cast: Cast) -> None:
    factories.settle(cast.gazette, hold_first=5, premoderation=True)
    assert post(author=cast.mo).status is Status.PUBLISHED


def test_a_reply_keeps_its_true_parent_and_counts_on_every_ancestor(post: Post) -> None:
    root = post("One.").comment
    later(minutes=1)
    child = post("Two.", parent=root.id).comment
    later(minutes=1)
    grandchild = post("Three.", parent=child.id).comment
    for comment in (root, child):
        db.session.refresh(comment)
    assert grandchild.ancestor_ids == [root.id, child.id]
    assert grandchild.root_id == root.id
    assert (root.replies, child.replies, grandchild.replies) == (2, 1, 0)


def test_a_parent_of_another_article_is_refused(post: Post) -> None:
    root = post("One.").comment
    later(minutes=1)
    with pytest.raises(Invalid) as refused:
        post("Two.", article="a2", parent=root.id)
    assert refused.value.faults[0].field == "parent"
    assert count(Comment) == 1
    assert count(Article) == 1


def test_the_same_key_and_body_answers_with_the_first(post: Post) -> None:
    first = post("Once.", key="k1")
    later(minutes=30)
    assert post("Once.", key="k1").comment.id == first.comment.id
    assert count(Comment) == 1


def test_the_same_key_with_another_body_is_refused(post: Post) -> None:
    post("Once.", key="k1")
    later(minutes=30)
    with pytest.raises(Invalid) as refused:
        post("Twice.", key="k1")
    assert refused.value.faults[0].code == "reused"


def test_a_key_is_forgotten_after_a_day(post: Post) -> None:
    first = post("Once.", key="k1")
    later(hours=25)
    assert post("Twice.", key="k1").comment.id != first.comment.id


def test_the_same_click_again_answers_with_the_first(post: Post) -> None:
    first = post("Once.")
    assert post("Once.").comment.id == first.comment.id
    assert count(Comment) == 1


def test_the_same_text_again_later_waits(post: Post) -> None:
    post("Once.")
    later(minutes=30)
    posted = post("once. ")
    assert posted.status is Status.PENDING


@pytest.mark.parametrize("body", ["", "  \n ", "\u200b\u2060"])
def test_nothing_that_can_be_seen_is_refused(post: Post, body: str) -> None:
    with pytest.raises(Invalid) as refused:
        post(body)
    assert refused.value.faults[0].code == "empty"
    assert count(Comment) == 0
    assert count(Article) == 0


def test_too_long_says_how_long_and_what_is_the_most(post: Post, cast: Cast) -> None:
    factories.settle(cast.gazette, length=100)
    with pytest.raises(Invalid) as refused:
        post("x" * 101)
    assert "101" in refused.value.message
    assert "100" in refused.value.message
    assert post("x" * 100).status is Status.PUBLISHED


def test_two_at_once_are_too_fast(post: Post) -> None:
    post("One.")
    later(seconds=1)
    with pytest.raises(TooMany) as refused:
        post("Two.")
    assert refused.value.retry_after == 4


def test_a_closed_article_takes_nothing(post: Post, cast: Cast) -> None:
    factories.article(cast.gazette, "a1", state=State.CLOSED)
    with pytest.raises(Invalid) as refused:
        post()
    assert refused.value.code == "closed"


def test_an_article_closes_by_time(post: Post, cast: Cast) -> None:
    factories.article(cast.gazette, "a1", closes_at=NOW)
    with pytest.raises(Invalid):
        post()


def test_a_banned_person_is_told_why(post: Post, cast: Cast) -> None:
    transaction(
        lambda: sanctions.impose(
            cast.gazette, cast.rae, (Measure.BAN, None, "Threats."), cast.mo, NOW
        )
    )
    with pytest.raises(Forbidden) as refused:
        post()
    assert "Threats." in refused.value.message


def test_new_articles_of_one_person_are_limited(post: Post) -> None:
    for n in range(20):
        post(f"Number {n}.", article=f"new-{n}")
        later(seconds=6)
    with pytest.raises(TooMany):
        post("One more.", article="new-21")
    assert count(Article) == 20


def test_what_a_page_says_only_fills_blanks(post: Post) -> None:
    post("One.", url="https://gazette.example/a?utm_source=x#top", title="First")
    later(minutes=1)
    comment = post("Two.", url="https://gazette.example/b", title="Second").comment
    article = db.session.get_one(Article, comment.article_id)
    assert (article.url, article.title) == ("https://gazette.example/a", "First")


def test_an_address_elsewhere_is_not_believed(post: Post) -> None:
    comment = post(url="https://evil.example/a", title="Mine").comment
    article = db.session.get_one(Article, comment.article_id)
    assert (article.url, article.title) == (None, None)


def test_an_article_known_by_its_address_takes_the_id_of_the_first_post(post: Post) -> None:
    url = "https://gazette.example/story"
    first = post("One.", article=url).comment
    later(minutes=1)
    second = post("Two.", article="story-7", url=url).comment
    assert first.article_id == second.article_id
    assert db.session.get_one(Article, first.article_id).key == "story-7"


def test_an_edit_is_a_revision_that_is_screened_again(post: Post, cast: Cast) -> None:
    comment = post("Fine.").comment
    later(minutes=2)
    text = writing.written("Fine. http://one.example http://two.example http://three.example")
    transaction(lambda: posting.edit(cast.gazette, comment, cast.rae, text, clock.now()))
    assert comment.revision == 2
    acts = [row.act for row in db.session.scalars(sa.select(Decision).order_by(Decision.id))]
    assert acts == [Act.POST, Act.EDIT]
    assert count(Revision) == 2


@pytest.mark.parametrize("fields", [{}, {"website": "https://spam.example"}], ids=str)
@pytest.mark.parametrize("who", ["rae", "mo"])
def test_the_author_is_shown_what_is_stored(
    post: Post, cast: Cast, who: str, fields: dict[str, str]
) -> None:
    root = post("One.", author=cast.sam).comment
    posted = post("Like *so*: \U0001f30a", parent=root.id, author=getattr(cast, who), **fields)
    assert posted.one == as_stored(posted)
    if posted.status is Status.PUBLISHED:
        later(minutes=2)
        text, by, comment = writing.written("Or _so_."), getattr(cast, who), posted.comment
        factories.comment(db.session.get_one(Article, root.article_id), cast.sam, parent=comment)
        edited = transaction(lambda: posting.edit(cast.gazette, comment, by, text, clock.now()))
        assert edited.one == as_stored(edited)


def as_stored(posted: Posted) -> One:
    db.session.rollback()
    db.session.expire_all()
    return reading.one(posted.comment)


def test_editing_ends_with_the_window(post: Post, cast: Cast) -> None:
    comment = post("Fine.").comment
    later(minutes=15)
    text = writing.written("Changed.")
    with pytest.raises(Conflict):
        transaction(lambda: posting.edit(cast.gazette, comment, cast.rae, text, clock.now()))


def test_only_the_author_edits_and_withdraws(post: Post, cast: Cast) -> None:
    comment = post("Fine.").comment
    text = writing.written("Changed.")
    with pytest.raises(Forbidden):
        transaction(lambda: posting.edit(cast.gazette, comment, cast.mo, text, clock.now()))
    with pytest.raises(Forbidden):
        transaction(lambda: posting.withdraw(comment, cast.mo, clock.now()))


def test_a_withdrawn_comment_stays_as_a_tombstone_while_replies_hang_below(
    post: Post, cast: Cast
) -> None:
    root = post("One.").comment
    later(minutes=1)
    post("Two.", parent=root.id, author=cast.sam)
    transaction(lambda: posting.withdraw(root, cast.rae, clock.now()))
    transaction(lambda: posting.withdraw(root, cast.rae, clock.now()))
    db.session.refresh(root)
    assert (root.status, root.shown, root.replies) == (Status.WITHDRAWN, True, 1)
    article = db.session.get_one(Article, root.article_id)
    db.session.refresh(article)
    assert article.published == 1


def test_a_reply_takes_fifteen_statements_at_most(
    post: Post, cast: Cast, statements: Statements
) -> None:
    root = post("One.").comment
    later(minutes=1)
    statements.clear()
    post("Two.", parent=root.id, key="k")
    # The first finds the person, which every request does.
    assert len(statements) <= 1 + 15, "\n".join(statements)


def test_a_late_retry_does_not_bring_back_what_was_withdrawn(post: Post, cast: Cast) -> None:
    comment = post("One.", key="k").comment
    transaction(lambda: posting.withdraw(comment, cast.rae, clock.now()))
    later(minutes=30)
    assert post("One.", key="k").comment.id == comment.id
    assert count(Comment) == 1


def test_what_one_may_still_edit_is_a_bounded_list(cast: Cast) -> None:
    factories.settle(cast.gazette, edit_minutes=1440)
    article = factories.article(cast.gazette, "a1")
    now = clock.now()
    made = [factories.comment(article, cast.rae, str(n), at=now) for n in range(60)]
    found = queries.editable(cast.gazette, article.id, cast.rae, now)
    assert list(found) == [str(comment.id) for comment in reversed(made)][:50]

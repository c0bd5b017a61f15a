from __future__ import annotations

import pytest
import sqlalchemy as sa

from comments import clock
from comments.accounts import closing, copies
from comments.db import db, transaction
from comments.errors import NotSignedIn
from comments.threads import posting, reading, writing
from comments.threads.drawing import Gone
from comments.threads.forms import Name, NewComment
from comments.threads.models import Article, Comment, Revision, Status
from comments.threads.reading import View
from tests import factories, recount
from tests.conftest import Cast
from tests.moderation import acts


def close(cast: Cast, *, erase: bool) -> None:
    transaction(lambda: closing.close(cast.rae, erase=erase, now=clock.now()))


def thread(cast: Cast) -> reading.Thread:
    return reading.read(cast.gazette, Name("a1"), View(), clock.now())


def test_words_stay_under_nobodys_name(cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    factories.comment(article, cast.rae, "Still here.")
    before = thread(cast).version
    close(cast, erase=False)
    (top,) = thread(cast).roots
    assert (top.author, str(top.html)) == ("Former reader", "<p>Still here.</p>")
    assert thread(cast).version > before


def test_erased_words_are_nowhere_and_replies_still_read(cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.rae, "Gone soon.")
    factories.comment(article, cast.mo, "A reply.", parent=root)
    factories.comment(article, cast.rae, "Gone too.", to=Status.PENDING)
    factories.comment(article, cast.rae, "And this.", to=Status.REJECTED)
    close(cast, erase=True)
    (top,) = thread(cast).roots
    assert top.gone is Gone.DELETED
    assert len(top.children) == 1
    mine = sa.select(Comment.id).where(Comment.author_id == cast.rae.id)
    texts = db.session.scalars(sa.select(Revision).where(Revision.comment_id.in_(mine))).all()
    assert {(row.source, row.html) for row in texts} == {("", "")}
    assert recount.differences() == []


def test_nothing_comes_from_who_has_left_meanwhile(cast: Cast) -> None:
    said = factories.comment(factories.article(cast.gazette, "a1"), cast.mo)
    close(cast, erase=True)
    with pytest.raises(NotSignedIn):
        acts.report(said, cast.rae)
    form = NewComment(site="gazette", article="a1", body="Too late.")
    text = writing.written(form.body)
    with pytest.raises(NotSignedIn):
        transaction(lambda: posting.post(cast.gazette, cast.rae, form, text, clock.now()))


def test_a_copy_holds_every_version_and_what_became_of_it(cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1", url="https://gazette.example/a")
    comment = factories.comment(article, cast.rae, "Mine.")
    factories.comment(article, cast.mo, "Not mine.")
    factories.restate(comment, Status.REJECTED, reason="spam")
    (entry,) = copies.of(cast.rae, clock.now())["comments"]
    assert entry["status"] == "rejected"
    assert [text["source"] for text in entry["texts"]] == ["Mine."]
    assert [decision["reason"] for decision in entry["decisions"]] == [None, "spam"]


def test_closing_draws_pages_again(cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    factories.comment(article, cast.rae)
    other = factories.article(cast.gazette, "a2")
    before = {row.id: row.version for row in (article, other)}
    close(cast, erase=False)
    rows = db.session.scalars(sa.select(Article).execution_options(populate_existing=True))
    assert {row.key for row in rows if row.version > before[row.id]} == {"a1"}

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock
from comments.accounts.models import User
from comments.db import db, transaction
from comments.errors import Conflict, DomainError, Forbidden, TooMany
from comments.moderation import reporting
from comments.moderation.forms import Complained
from comments.moderation.models import Complaint, Report
from comments.threads import posting
from comments.threads.models import Article, Comment, Status
from tests import factories
from tests.conftest import Cast
from tests.moderation.acts import decide, report, sanction


@pytest.fixture
def article(cast: Cast, frozen: Any) -> Article:
    return factories.article(cast.gazette, "a1")


@pytest.fixture
def published(article: Article, cast: Cast) -> Comment:
    return factories.comment(article, cast.rae, "Here.")


def count() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Report)) or 0


def test_a_report_is_kept_with_the_text_it_is_about(published: Comment, cast: Cast) -> None:
    reported = report(published, cast.sam, "hate", " Look at this. ")
    assert reported.is_new
    row = reported.report
    assert (row.reason, row.text, row.revision) == (Complaint.HATE, "Look at this.", 1)
    assert published.open_reports == 1


def test_a_second_report_answers_with_the_first(published: Comment, cast: Cast) -> None:
    first = report(published, cast.sam, "hate")
    again = report(published, cast.sam, "spam")
    assert not again.is_new
    assert again.report.id == first.report.id
    assert (count(), published.open_reports) == (1, 1)


def test_a_settled_report_is_not_opened_again(published: Comment, cast: Cast) -> None:
    report(published, cast.sam)
    decide(published, "approve", cast.mo)
    assert not report(published, cast.sam).is_new
    assert published.open_reports == 0


def test_nobody_reports_their_own(published: Comment, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        report(published, cast.rae)
    assert count() == 0


@pytest.mark.parametrize("to", [Status.PENDING, Status.REJECTED, Status.WITHDRAWN])
def test_only_what_is_out_is_reported(article: Article, cast: Cast, to: Status) -> None:
    hidden = factories.comment(article, cast.rae, to=to)
    with pytest.raises(Conflict):
        report(hidden, cast.sam)
    assert count() == 0


def test_reports_of_one_person_are_limited(article: Article, cast: Cast) -> None:
    comments = factories.many(article, cast.rae, 21)
    for comment in comments[:20]:
        report(comment, cast.sam)
    with pytest.raises(TooMany):
        report(comments[20], cast.sam)
    assert report(comments[0], cast.sam).report  # a repetition is no further report
    clock.freeze(clock.now() + timedelta(hours=1))
    assert report(comments[20], cast.sam).is_new


def test_taking_a_comment_back_closes_its_reports(published: Comment, cast: Cast) -> None:
    report(published, cast.sam)
    transaction(lambda: posting.withdraw(published, cast.rae, clock.now()))
    db.session.refresh(published)
    assert published.open_reports == 0


def test_many_at_once_count_each_person_once(app: Flask, published: Comment) -> None:
    people = [factories.user(f"reader-{n}").id for n in range(4)] * 3
    form = Complained(reason=Complaint.SPAM)
    start, subject = threading.Barrier(len(people)), published.id
    refused: list[DomainError] = []

    def act(id: int) -> None:
        with app.app_context():
            comment, by = db.session.get_one(Comment, subject), db.session.get_one(User, id)
            start.wait()
            try:
                transaction(lambda: reporting.report(comment, form, by, clock.now()))
            except DomainError as error:
                refused.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=act, args=(id,)) for id in people]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not refused
    db.session.refresh(published)
    assert (count(), published.open_reports) == (4, 4)


def test_who_may_not_write_may_not_report_either(published: Comment, cast: Cast) -> None:
    factories.article(cast.gazette, "a2")
    theirs = factories.comment(factories.article(cast.gazette, "a3"), cast.sam)
    sanction(theirs, cast.mo, term="ban")
    with pytest.raises(Forbidden):
        report(published, cast.sam)
    assert count() == 0

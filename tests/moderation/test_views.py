"""The desk as a browser without script uses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import limits
from comments.db import db, transaction
from comments.moderation import reporting
from comments.moderation.models import Report
from comments.screening.findings import Finding
from comments.sites import sanctions
from comments.sites.models import Role
from comments.threads.models import Article, Comment, State, Status
from tests import factories
from tests.conftest import NOW, Cast
from tests.moderation.acts import decide, report

Browsers = Callable[..., FlaskClient]
DESK = "/sites/gazette/moderation"


@pytest.fixture
def article(cast: Cast, frozen: Any) -> Article:
    return factories.article(cast.gazette, "a1", title="Tides")


@pytest.fixture
def waiting(article: Article, cast: Cast) -> Comment:
    return factories.comment(article, cast.rae, "Please let me in.", to=Status.PENDING)


@pytest.fixture
def published(article: Article, cast: Cast) -> Comment:
    return factories.comment(article, cast.rae, "Here I am.")


def status_of(comment: Comment) -> Status:
    db.session.refresh(comment)
    return comment.status


def view(comment: Comment, **fields: str) -> dict[str, str]:
    db.session.refresh(comment)
    return {"revision": str(comment.revision), "seen": str(comment.decided_id), **fields}


def shown(text: str) -> list[int]:
    return [int(id) for id in re.findall(r'<article class="card" id="comment-(\d+)"', text)]


def test_the_desk_is_the_one_of_the_first_site_that_one_moderates(
    cast: Cast, as_: Browsers
) -> None:
    for person, key in ((cast.mo, "gazette"), (cast.ada, "gazette"), (cast.sam, "field-notes")):
        response = as_(person).get("/moderation")
        assert response.location == f"/sites/{key}/moderation"
    assert as_(cast.rae).get("/moderation").status_code == 404


def test_who_may_see_the_desk(cast: Cast, as_: Browsers, waiting: Comment) -> None:
    staff = factories.user("stan")
    factories.member(cast.gazette, staff, Role.STAFF)
    own = f"/moderation/comments/{waiting.id}"
    for person, status in (
        (cast.ada, 200),
        (cast.mo, 200),
        (staff, 403),
        (cast.rae, 404),
        (cast.sam, 404),
    ):
        assert as_(person).get(DESK).status_code == status
        assert as_(person).get(own).status_code == status
    response = as_(None).get(own)
    assert response.status_code == 302
    assert response.location.startswith("/sign-in?next=")


@pytest.mark.parametrize("act", ["decisions", "sanctions"])
def test_who_may_act(cast: Cast, as_: Browsers, waiting: Comment, act: str) -> None:
    staff = factories.user("stan")
    factories.member(cast.gazette, staff, Role.STAFF)
    address = f"/moderation/comments/{waiting.id}/{act}"
    fields = view(waiting, action="approve") if act == "decisions" else {}
    for person, status in ((None, 401), (staff, 403), (cast.rae, 404), (cast.sam, 404)):
        assert as_(person).post(address, data=fields).status_code == status
    assert status_of(waiting) is Status.PENDING


def test_the_card_says_what_is_known(cast: Cast, as_: Browsers, article: Article) -> None:
    parent = factories.comment(article, cast.sam, "The *first* word.")
    body = "Buy <b>now</b> at http://one.example today"
    at = body.index("http")
    finding = Finding("links", {"count": 2, "allowed": 1}, (at, at + len("http://one.example")))
    factories.comment(
        article, cast.rae, body, parent=parent, to=Status.PENDING, findings=(finding,)
    )
    text = as_(cast.mo).get(DESK).text
    assert "Holds 2 links." in text
    assert "Buy &lt;b&gt;now&lt;/b&gt; at <mark>http://one.example</mark> today" in text
    assert "In answer to <bdi>sam</bdi>" in text
    assert "<em>first</em>" in text
    assert "0 published" in text
    assert '<span class="count" data-count="waiting">1</span>' in text


def test_reports_are_shown_to_staff_with_names(
    cast: Cast, as_: Browsers, published: Comment
) -> None:
    report(published, cast.sam, "abuse", "<i>Rude</i>")
    text = as_(cast.mo).get(f"{DESK}?view=reported").text
    assert shown(text) == [published.id]
    assert "Insults or harassment" in text
    assert "&lt;i&gt;Rude&lt;/i&gt;" in text
    assert "<bdi>sam</bdi>" in text
    assert "1 report" in text


def test_approving_leads_back_to_the_list(cast: Cast, as_: Browsers, waiting: Comment) -> None:
    browser = as_(cast.mo)
    response = browser.post(
        f"/moderation/comments/{waiting.id}/decisions",
        data=view(waiting, action="approve", back="view=waiting&order=newest"),
    )
    assert response.status_code == 303
    assert response.location == f"{DESK}?view=waiting&order=newest"
    assert "You approved a comment by rae." in browser.get(response.location).text
    assert status_of(waiting) is Status.PUBLISHED


@pytest.mark.parametrize("back", ["", "view=nonsense", "//evil.example", "after=x&after=y&z=1"])
def test_no_way_back_leads_to_the_comment(
    cast: Cast, as_: Browsers, waiting: Comment, back: str
) -> None:
    response = as_(cast.mo).post(
        f"/moderation/comments/{waiting.id}/decisions",
        data=view(waiting, action="reject", reason="spam", back=back),
    )
    assert response.location == f"/moderation/comments/{waiting.id}"
    assert status_of(waiting) is Status.REJECTED


def test_the_late_one_sees_the_fresh_card_and_who_was_first(
    cast: Cast, as_: Browsers, waiting: Comment
) -> None:
    old = view(waiting, action="approve")
    decide(waiting, "reject", cast.ada)
    response = as_(cast.mo).post(f"/moderation/comments/{waiting.id}/decisions", data=old)
    assert response.status_code == 409
    assert "ada was first and rejected this." in response.text
    assert shown(response.text) == [waiting.id]
    assert f'name="seen" value="{waiting.decided_id}"' in response.text


def test_what_was_typed_is_kept_beside_its_fault(
    cast: Cast, as_: Browsers, waiting: Comment
) -> None:
    note = "Too much of it. " * 70
    response = as_(cast.mo).post(
        f"/moderation/comments/{waiting.id}/decisions",
        data=view(waiting, action="reject", reason="spam", note=note),
    )
    assert response.status_code == 422
    assert note in response.text
    assert "at most 1000 characters" in response.text
    assert status_of(waiting) is Status.PENDING


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "delete"},
        {"action": "reject"},
        {"action": "reject", "reason": "because"},
        {"action": "approve", "reason": "spam"},
        {"action": "approve", "revision": "-1"},
        {"action": "approve", "revision": "99999999999999999999"},
        {"action": "approve", "seen": "x"},
        {"action": "approve", "seen": "123456"},
        {"action": "approve", "status": "published"},
        {"action": "approve", "note": "a\x00b"},
    ],
)
def test_a_bad_judgement_changes_nothing(
    cast: Cast, as_: Browsers, waiting: Comment, fields: dict[str, str]
) -> None:
    response = as_(cast.mo).post(
        f"/moderation/comments/{waiting.id}/decisions", data={**view(waiting), **fields}
    )
    assert response.status_code == 422
    assert status_of(waiting) is Status.PENDING


@pytest.mark.parametrize(
    "query",
    [
        "view=none",
        "order=random",
        "after=nonsense",
        "after=" + "x" * 201,
        "view=all&status=spam",
        "view=all&author=0",
        "view=all&author=99999999999999999999",
        "view=all&article=x%00",
        "view=waiting&author=1",
        "page=2",
    ],
)
def test_a_damaged_address_is_refused(cast: Cast, as_: Browsers, query: str) -> None:
    assert as_(cast.mo).get(f"{DESK}?{query}").status_code == 422


@pytest.mark.parametrize("id", ["0", "999", "9223372036854775807", "9223372036854775808"])
def test_what_is_not_there_is_not_found(cast: Cast, as_: Browsers, id: str) -> None:
    browser = as_(cast.mo)
    assert browser.get(f"/moderation/comments/{id}").status_code == 404
    assert browser.post(f"/moderation/comments/{id}/decisions", data={}).status_code == 404
    assert browser.get(f"/comments/{id}/report").status_code == 404


def test_a_foreign_filter_is_not_found(cast: Cast, as_: Browsers, waiting: Comment) -> None:
    theirs = factories.article(cast.notes, "n1")
    factories.comment(theirs, cast.sam)
    for name, id in (("article", theirs.id), ("author", cast.sam.id)):
        response = as_(cast.mo).get(f"{DESK}?view=all&{name}={id}")
        assert response.status_code == 404


def test_own_buttons_only(cast: Cast, as_: Browsers, article: Article) -> None:
    factories.comment(article, cast.ada, to=Status.PENDING)
    text = as_(cast.mo).get(DESK).text
    assert "data-approve" in text
    assert "data-reject" not in text
    assert "Suspend or ban" not in text


def test_the_whole_file_of_a_comment(cast: Cast, as_: Browsers, article: Article) -> None:
    root = factories.comment(article, cast.sam, "The root.")
    middle = factories.comment(article, cast.rae, "The middle.", parent=root)
    factories.comment(article, cast.sam, "The leaf.", parent=middle)
    report(middle, cast.sam, "spam", "An advert.")
    decide(middle, "reject", cast.mo, note="Please don't.")
    text = as_(cast.ada).get(f"/moderation/comments/{middle.id}").text
    assert shown(text) == [middle.id]
    for words in ("The root.", "The leaf.", "An advert.", "Please don&#39;t.", "Removed by mo"):
        assert words in text
    assert "Published by the rules of the site" in text


def test_suspending_from_a_card(cast: Cast, as_: Browsers, waiting: Comment) -> None:
    browser = as_(cast.mo)
    response = browser.post(
        f"/moderation/comments/{waiting.id}/sanctions",
        data={"term": "7", "reason": "Threats.", "reject_waiting": "true"},
    )
    assert response.status_code == 303
    page = browser.get(response.location).text
    assert "rae can&#39;t write here any more." in page
    assert "1 that waited is rejected." in page
    assert "Suspended until" in page
    assert sanctions.in_force(cast.gazette, cast.rae, NOW)
    assert status_of(waiting) is Status.REJECTED


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"term": "2", "reason": "x"},
        {"term": "7", "reason": ""},
        {"term": "7", "reason": "x" * 501},
        {"term": "7", "reason": "x", "reject_waiting": "perhaps"},
        {"term": "7", "reason": "x", "until": "2030-01-01"},
    ],
)
def test_a_bad_sanction_changes_nothing(
    cast: Cast, as_: Browsers, waiting: Comment, fields: dict[str, str]
) -> None:
    response = as_(cast.mo).post(f"/moderation/comments/{waiting.id}/sanctions", data=fields)
    assert response.status_code == 422
    assert not sanctions.in_force(cast.gazette, cast.rae, NOW)


def test_staff_can_not_be_sanctioned(cast: Cast, as_: Browsers, article: Article) -> None:
    hers = factories.comment(article, cast.ada)
    response = as_(cast.mo).post(
        f"/moderation/comments/{hers.id}/sanctions", data={"term": "7", "reason": "x"}
    )
    assert response.status_code == 403


def test_a_reader_reports_by_the_form(cast: Cast, as_: Browsers, published: Comment) -> None:
    browser = as_(cast.sam)
    address = f"/comments/{published.id}/report"
    assert "What is wrong with it?" in browser.get(address).text
    response = browser.post(address, data={"reason": "hate", "text": "See the end."})
    assert response.status_code == 303
    assert "You have reported this comment." in browser.get(response.location).text
    assert browser.post(address, data={"reason": "spam"}).status_code == 303
    assert db.session.scalars(sa.select(Report.text)).all() == ["See the end."]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reason": "illegal"},
        {"reason": "hate", "text": "x" * 1001},
        {"reason": "hate", "text": "a\x00"},
        {"reason": "hate", "revision": "1"},
    ],
)
def test_a_bad_report_is_not_kept(
    cast: Cast, as_: Browsers, published: Comment, fields: dict[str, str]
) -> None:
    response = as_(cast.sam).post(f"/comments/{published.id}/report", data=fields)
    assert response.status_code == 422
    assert not db.session.scalars(sa.select(Report)).all()


def test_a_report_too_many_keeps_what_was_typed(
    cast: Cast, as_: Browsers, published: Comment
) -> None:
    for _ in range(reporting.REPORTS.times):
        transaction(lambda: limits.hit(reporting.REPORTS, f"{cast.sam.id}", NOW))
    data = {"reason": "hate", "text": "See the end of it."}
    response = as_(cast.sam).post(f"/comments/{published.id}/report", data=data)
    assert (response.status_code, "Retry-After" in response.headers) == (429, True)
    assert "See the end of it.</textarea>" in response.text
    assert "Too many tries. Please wait a little." in response.text


def test_who_may_report_what(
    cast: Cast, as_: Browsers, published: Comment, waiting: Comment
) -> None:
    data = {"reason": "hate"}
    assert as_(None).get(f"/comments/{published.id}/report").status_code == 302
    assert as_(None).post(f"/comments/{published.id}/report", data=data).status_code == 401
    assert as_(cast.sam).get(f"/comments/{waiting.id}/report").status_code == 404
    assert as_(cast.sam).post(f"/comments/{waiting.id}/report", data=data).status_code == 404
    assert "your own comment" in as_(cast.rae).get(f"/comments/{published.id}/report").text
    assert as_(cast.rae).post(f"/comments/{published.id}/report", data=data).status_code == 403


def test_nothing_of_a_hidden_article_is_reported(cast: Cast, as_: Browsers, frozen: Any) -> None:
    hidden = factories.article(cast.gazette, "a2", state=State.HIDDEN)
    comment = factories.comment(hidden, cast.rae)
    assert as_(cast.sam).get(f"/comments/{comment.id}/report").status_code == 404

"""What moderators hear of what waits, and what they decide by the links of their letters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask, current_app
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import closing, vouched
from comments.accounts.models import User
from comments.accounts.vouched import Vouched
from comments.db import db, transaction
from comments.notifications import waiting
from comments.notifications.models import Watch
from comments.sites import access, members
from comments.sites.models import Role
from comments.threads.models import Article, Comment, Decision, Status
from tests import crowd, factories, forms
from tests.conftest import HOST, Cast
from tests.mailbox import Mailbox
from tests.moderation.acts import decide, report
from tests.notifications.acts import choose, confirm, tell
from tests.notifications.acts import deliver as deliver_others

As = Callable[[User | None], FlaskClient]


@pytest.fixture
def held(cast: Cast, article: Article, frozen: datetime) -> Comment:
    """Something that waits, where mo hears of it at once."""
    confirm(cast.mo)
    choose(cast.gazette, cast.mo, waiting="at-once")
    return factories.comment(article, cast.rae, "Is this *fine*?", to=Status.PENDING)


def deliver(box: Mailbox) -> list[EmailMessage]:
    tell()
    with current_app.app_context():
        waiting.remind(lambda: False)
    return [letter for letter in deliver_others(box) if letter["To"] == "mo@example.com"]


def later(**by: float) -> None:
    clock.freeze(clock.now() + timedelta(**by))


def text_of(letter: EmailMessage) -> str:
    found = letter.get_body(("plain",))
    assert found is not None
    text = found.get_content()
    assert isinstance(text, str)
    return text


def link_in(letter: EmailMessage) -> str:
    start = f"{HOST}/review/"
    (found,) = [line for line in text_of(letter).splitlines() if line.startswith(start)]
    return urlsplit(found).path


def allow(cast: Cast) -> None:
    factories.settle(cast.gazette, mail_decisions=True)


def test_moderators_hear_what_waits_and_since_when(cast: Cast, held: Comment, box: Mailbox) -> None:
    later(hours=3)
    (letter,) = deliver(box)
    assert letter["Subject"] == "Gazette: 1 waiting"
    assert "List-Unsubscribe" in letter
    text = text_of(letter)
    for words in ("rae, 3 hours ago", "High water", "Is this fine?"):
        assert words in text
    assert deliver(box) == [letter]


def test_reports_are_told_of_too(cast: Cast, article: Article, held: Comment, box: Mailbox) -> None:
    rude = factories.comment(article, cast.rae, "Go away.")
    report(rude, cast.sam)
    (letter,) = deliver(box)
    assert letter["Subject"] == "Gazette: 1 waiting, 1 reported"
    assert "Go away." in text_of(letter)


def test_only_who_moderates_the_site_and_wants_it_hears(
    cast: Cast, held: Comment, box: Mailbox
) -> None:
    confirm(cast.ada, cast.rae, cast.sam)
    choose(cast.gazette, cast.ada, waiting="never")
    choose(cast.gazette, cast.rae, waiting="at-once")
    choose(cast.gazette, cast.sam, waiting="at-once")
    factories.comment(db.session.get_one(Article, held.article_id), cast.rae, to=Status.PENDING)
    deliver(box)
    assert {letter["To"] for letter in box.letters} == {"mo@example.com"}


def test_a_moderator_of_the_publishers_sign_in_hears_where_letters_decide(
    cast: Cast, article: Article, frozen: datetime, box: Mailbox
) -> None:
    """They have no desk to be led to."""
    said = Vouched("m-1", "Ann", "ann@example.com", is_confirmed=True)
    ann = transaction(lambda: vouched.met(cast.gazette.id, said, clock.now()))
    factories.member(cast.gazette, ann, Role.MODERATOR)
    choose(cast.gazette, ann, waiting="at-once")
    factories.comment(article, cast.rae, "One.", to=Status.PENDING)
    deliver(box)
    assert box.letters == []
    allow(cast)
    factories.comment(article, cast.rae, "Two.", to=Status.PENDING)
    deliver(box)
    (letter,) = box.letters
    assert letter["To"] == "ann@example.com"
    assert text_of(letter).count(f"{HOST}/review/") == 2
    assert "/moderation" not in text_of(letter)


def test_a_flood_is_one_letter_in_a_quarter_of_an_hour(
    cast: Cast, article: Article, held: Comment, box: Mailbox
) -> None:
    for n in range(30):
        factories.comment(article, cast.rae, f"Number {n}.", to=Status.PENDING)
        later(minutes=1)
        deliver(box)
    later(minutes=15)
    assert 1 < len(deliver(box)) <= 4
    assert box.letters[-1]["Subject"] == "Gazette: 31 waiting"


def test_as_long_as_something_waits_it_is_told_once_a_day(
    cast: Cast, held: Comment, box: Mailbox
) -> None:
    deliver(box)
    later(days=1)
    assert len(deliver(box)) == 2
    decide(held, "approve", cast.ada)
    later(days=1)
    assert len(deliver(box)) == 2
    assert db.session.get_one(Watch, (cast.mo.id, cast.gazette.id)).due_at is None


@pytest.mark.parametrize("why", ["decided", "role", "never", "closed"])
def test_a_letter_that_is_wanted_no_more_is_not_sent(
    cast: Cast, held: Comment, box: Mailbox, why: str
) -> None:
    tell()
    with current_app.app_context():
        waiting.remind(lambda: False)
    now = clock.now()
    if why == "decided":
        decide(held, "approve", cast.ada)
    elif why == "role":
        remove(cast)
    elif why == "never":
        choose(cast.gazette, cast.mo, waiting="never")
    else:
        transaction(lambda: closing.close(cast.mo, erase=False, now=now))
    assert deliver(box) == []


def remove(cast: Cast) -> None:
    ada = access.the_membership("gazette", cast.ada)
    mo = access.the_member(cast.gazette, cast.mo.id)
    transaction(lambda: members.remove(mo, ada, clock.now()))


def test_two_workers_make_one_letter(app: Flask, cast: Cast, held: Comment, box: Mailbox) -> None:
    tell()
    assert crowd.at_once(app, [lambda: waiting.remind(lambda: False)] * 3) == []
    assert len(deliver(box)) == 1


def test_one_click_ends_these_letters_alone(
    app: Flask, cast: Cast, held: Comment, box: Mailbox
) -> None:
    (letter,) = deliver(box)
    there = urlsplit(letter["List-Unsubscribe"].strip(" <>")).path
    assert app.test_client().post(there, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert waiting.chosen(cast.mo.id, cast.gazette.id) == "never"
    db.session.expire_all()
    later(days=1)
    assert len(deliver(box)) == 1


def test_a_link_leads_to_the_desk_where_the_site_allows_no_more(
    app: Flask, cast: Cast, held: Comment, box: Mailbox, as_: As
) -> None:
    (letter,) = deliver(box)
    answer = as_(None).get(link_in(letter))
    assert answer.location == f"/moderation/comments/{held.id}"
    assert "/sign-in" in as_(None).get(answer.location).location
    assert as_(None).post(link_in(letter), data={"action": "approve"}).status_code == 404
    assert as_(cast.mo).get(answer.location).status_code == 200


def test_a_moderator_decides_by_a_letter_once(
    app: Flask, cast: Cast, held: Comment, box: Mailbox
) -> None:
    allow(cast)
    (letter,) = deliver(box)
    browser, link = app.test_client(), link_in(letter)
    page = browser.get(link)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "You decide as <bdi>mo</bdi>" in page.text
    assert held.status is Status.PENDING
    answer = forms.send(browser, link, action="reject")
    assert answer.status_code == 422
    assert "This is missing." in answer.text
    answer = forms.send(browser, link, action="reject", reason="spam", note="Not here.")
    assert "You rejected a comment by rae." in answer.text
    db.session.refresh(held)
    decision = db.session.get_one(Decision, held.decided_id)
    assert (held.status, decision.by_id, decision.note) == (
        Status.REJECTED,
        cast.mo.id,
        "Not here.",
    )
    assert browser.get(link).status_code == 404
    assert browser.post(link).status_code in (403, 404)


@pytest.mark.parametrize("why", ["old", "role", "edited", "decided", "closed", "forged", "off"])
def test_a_link_is_void_once_it_should_be(
    app: Flask, cast: Cast, held: Comment, box: Mailbox, as_: As, why: str
) -> None:
    allow(cast)
    (letter,) = deliver(box)
    link = link_in(letter)
    if why == "old":
        later(days=7, seconds=1)
    elif why == "role":
        remove(cast)
    elif why == "edited":
        factories.edit(held, "Is this fine now?")
    elif why == "decided":
        decide(held, "approve", cast.ada)
    elif why == "closed":
        transaction(lambda: closing.close(cast.mo, erase=False, now=clock.now()))
    elif why == "off":
        factories.settle(cast.gazette, mail_decisions=False)
    else:
        link = link[:-3] + "AAA"
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Decision))
    browser = as_(None)
    if why != "off":
        assert browser.get(link).status_code == 404
    assert browser.post(link, data={"action": "approve"}).status_code == 404
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Decision)) == before


def test_nobody_decides_by_mail_about_what_the_desk_forbids(
    cast: Cast, article: Article, held: Comment, box: Mailbox, as_: As
) -> None:
    allow(cast)
    decide(held, "approve", cast.ada)
    factories.comment(article, cast.mo, "Mine.", to=Status.PENDING)
    (letter,) = deliver(box)
    answer = as_(None).post(link_in(letter), data={"action": "approve"})
    assert answer.status_code == 403

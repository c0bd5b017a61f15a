"""Letters to a real mail server: to whom, when, how many, and what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import closing, guests, registration, vouched
from comments.accounts import letters as account_letters
from comments.accounts.models import User
from comments.accounts.vouched import Vouched
from comments.db import db, transaction
from comments.notifications import bundling, letters
from comments.notifications.models import Notification
from comments.outbox import Outgoing
from comments.sites import sanctions
from comments.sites.models import Measure
from comments.threads.models import Article, Comment, Status
from tests import costs, crowd, factories, forms
from tests.conftest import HOST, Cast
from tests.mailbox import Mailbox
from tests.moderation.acts import decide
from tests.notifications.acts import choose, confirm, deliver, follow, heard, tell

As = Callable[[User | None], FlaskClient]
LINKED = "<a href"
WREN = "wren@example.com"


@pytest.fixture
def root(cast: Cast, article: Article, frozen: datetime) -> Comment:
    """A comment of rae's, whose address is confirmed."""
    confirm(cast.rae)
    return factories.comment(article, cast.rae, "The tide turns at nine.")


def later(**by: float) -> None:
    clock.freeze(clock.now() + timedelta(**by))


def part(letter: EmailMessage, kind: str = "plain") -> str:
    found = letter.get_body((kind,))
    assert found is not None
    text = found.get_content()
    assert isinstance(text, str)
    return text


def leave_of(letter: EmailMessage) -> str:
    return urlsplit(letter["List-Unsubscribe"].strip(" <>")).path


def test_a_reply_is_mailed_at_once_in_both_parts(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    reply = factories.comment(article, cast.sam, "At *ten*, I think.", parent=root)
    (letter,) = deliver(box)
    assert (letter["To"], letter["Subject"]) == ("rae@example.com", "sam answered you · Gazette")
    for kind in ("plain", "html"):
        for words in ("sam answered you", "High water", "At ten, I think."):
            assert words in part(letter, kind)
        assert f"/comments/{reply.id}" in part(letter, kind)
    assert deliver(box) == [letter]


def test_nothing_in_a_letter_is_somebody_elses_link_or_markup(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    evil = factories.user("evil.example")
    factories.comment(article, evil, "See [here](https://evil.example/x) <b>now</b>", parent=root)
    (letter,) = deliver(box)
    html = part(letter, "html")
    assert "evil.example" not in html
    assert "<b>" not in html
    assert html.count(LINKED) == 2


@pytest.mark.parametrize(("when", "wait"), [("hourly", 60), ("daily", 24 * 60)])
def test_what_is_wanted_later_comes_together(
    cast: Cast, article: Article, root: Comment, box: Mailbox, when: str, wait: int
) -> None:
    choose(cast.gazette, cast.rae, replies=when)
    for n in range(3):
        factories.comment(article, cast.sam, f"Number {n}.", parent=root)
    assert deliver(box) == []
    later(minutes=wait)
    (letter,) = deliver(box)
    assert letter["Subject"] == "3 notifications from Gazette"
    assert all(f"Number {n}." in part(letter) for n in range(3))


def test_a_storm_is_few_letters(
    cast: Cast, article: Article, root: Comment, box: Mailbox, request: pytest.FixtureRequest
) -> None:
    many = 500 if request.config.getoption("--soak") else 100
    for n in range(many):
        factories.comment(article, cast.sam, f"Number {n}.", parent=root)
        if n % 10 == 0:
            deliver(box)
            later(minutes=1)
    later(minutes=10)
    found = deliver(box)
    minutes = many / 10 + 10
    assert 1 < len(found) <= minutes / 10 + 1
    assert (
        db.session.scalar(sa.select(sa.func.count()).where(Notification.mailed_at.is_not(None)))
        == many
    )


def test_a_long_letter_says_how_much_more_there_is(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    for n in range(letters.SHOWN + 2):
        factories.comment(article, cast.sam, f"Number {n}.", parent=root)
    found: list[EmailMessage] = []
    sent = costs.sent_by(lambda: found.extend(deliver(box)))
    (letter,) = found
    assert letter["Subject"] == f"{letters.SHOWN + 2} notifications from Gazette"
    assert part(letter).count("/comments/") == letters.SHOWN
    assert "And 2 more" in part(letter)
    texts = [number for statement, number in costs.rows_of(sent) if "revisions.html" in statement]
    assert max(texts) == letters.SHOWN


def test_a_letter_says_what_is_true_when_it_is_sent(
    app: Flask, cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    gone = factories.comment(article, cast.sam, "Removed soon.", parent=root)
    factories.comment(article, cast.sam, "This stays.", parent=root)
    tell()
    with app.app_context():
        bundling.bundle(lambda: False)
    decide(gone, "reject", cast.mo)
    (letter,) = deliver(box)
    assert "This stays." in part(letter)
    assert "Removed soon." not in letter.as_string()


@pytest.mark.parametrize("why", ["removed", "read", "never", "closed", "unconfirmed", "banned"])
def test_a_letter_that_is_wanted_no_more_is_not_sent(
    app: Flask, cast: Cast, article: Article, root: Comment, box: Mailbox, as_: As, why: str
) -> None:
    reply = factories.comment(article, cast.sam, parent=root)
    tell()
    with app.app_context():
        bundling.bundle(lambda: False)
    now = clock.now()
    if why == "removed":
        factories.restate(reply, Status.WITHDRAWN, by=cast.sam)
    elif why == "read":
        as_(cast.rae).post("/notifications/read", data={"upto": now.isoformat()})
    elif why == "never":
        choose(cast.gazette, cast.rae, replies="never")
    elif why == "closed":
        transaction(lambda: closing.close(cast.rae, erase=False, now=now))
    elif why == "unconfirmed":
        transaction(lambda: registration.change_email(cast.rae, None, now))
    else:
        ban = (Measure.BAN, None, "Threats.")
        transaction(lambda: sanctions.impose(cast.gazette, cast.rae, ban, cast.ada, now))
    assert deliver(box) == []
    left = db.session.scalars(sa.select(Outgoing.kind)).all()
    assert bundling.KIND not in left


def test_who_reads_it_first_gets_no_letter(
    cast: Cast, article: Article, root: Comment, box: Mailbox, as_: As
) -> None:
    choose(cast.gazette, cast.rae, replies="hourly")
    factories.comment(article, cast.sam, parent=root)
    tell()
    as_(cast.rae).post("/notifications/read", data={"upto": clock.now().isoformat()})
    later(hours=1)
    assert deliver(box) == []


def test_a_republished_comment_is_not_mailed_twice(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    reply = factories.comment(article, cast.sam, parent=root)
    deliver(box)
    decide(reply, "reject", cast.mo)
    decide(reply, "approve", cast.ada)
    later(hours=1)
    assert len(deliver(box)) == 1
    assert heard(cast.rae) == [("reply", reply.id)]


def test_authors_read_why_their_comment_was_not_published(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    waiting = factories.comment(article, cast.rae, "Buy this.", to=Status.PENDING)
    decide(waiting, "reject", cast.mo, note="We sell nothing here.")
    (letter,) = deliver(box)
    assert letter["Subject"] == "Your comment was not published · Gazette"
    assert "Spam or advertising — We sell nothing here." in part(letter)
    assert "/mine" in part(letter)


def test_guests_read_what_became_of_their_words_by_their_private_link(
    app: Flask, cast: Cast, article: Article, frozen: datetime, box: Mailbox
) -> None:
    """The one that was mailed to them proves the address once it is opened, and stays good."""
    guest = transaction(lambda: guests.make(cast.gazette.id, "Wren", WREN, clock.now()))
    transaction(lambda: account_letters.ask_to_confirm(guest, clock.now()))
    said = factories.comment(article, guest, "Of a guest.", to=Status.PENDING)
    decide(said, "reject", cast.mo, note="Not here.")
    (first,) = deliver(box)
    came = urlsplit(box.link(f"{HOST}/guest/")).path
    browser = app.test_client()
    forms.send(browser, came)
    later(minutes=10)
    answered = factories.comment(article, guest, "And this?")
    for n in range(letters.SHOWN):
        factories.comment(article, cast.sam, f"Number {n}.", parent=answered)
    decide(factories.comment(article, guest, "Buy.", to=Status.PENDING), "reject", cast.mo)
    text = part(deliver(box)[-1])
    assert box.letters[-1] != first
    links = [urlsplit(each) for each in re.findall(r"http\S+/guest/\S+", text)]
    assert [(link.path, link.query) for link in links] == [
        (came, ""),
        (came, "next=/notifications"),
    ]
    assert "Keep this e-mail to yourself." in text
    assert text.count("/comments/") == letters.SHOWN - 1
    assert forms.send(app.test_client(), came).location == "/mine"
    there = forms.send(app.test_client(), f"{came}?next=/notifications").location
    assert there == "/notifications"


@pytest.mark.parametrize("url", [None, "https://www.gazette.example/tides#top"])
def test_a_publishers_readers_are_led_to_its_page(
    cast: Cast, frozen: datetime, box: Mailbox, url: str | None
) -> None:
    """They can't sign in on ours: where theirs is not known, only what all can read is linked."""
    reader = Vouched("r-1", "Ann", WREN, is_confirmed=True)
    ann = transaction(lambda: vouched.met(cast.gazette.id, reader, clock.now()))
    article = factories.article(cast.gazette, "tides", url=url)
    said = factories.comment(article, ann, "Of Ann.")
    for n in range(letters.SHOWN):
        factories.comment(article, cast.sam, f"Number {n}.", parent=said)
    reply = factories.newest().id
    rejected = factories.comment(article, ann, "Buy.", to=Status.PENDING).id
    decide(factories.newest(), "reject", cast.mo)
    (letter,) = deliver(box)
    lines = part(letter).splitlines()
    page = "https://www.gazette.example/tides#comment-"
    assert "And one more" in lines
    assert (f"{page}{reply}" if url else f"{HOST}/comments/{reply}") in lines
    assert (f"{page}{rejected}" in lines) is (url is not None)
    assert not [line for line in lines if "/mine" in line or "/notifications" in line]


def test_letters_speak_the_language_that_was_chosen(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    choose(cast.gazette, cast.rae, language="de")
    factories.comment(article, cast.sam, parent=root)
    (letter,) = deliver(box)
    assert letter["Subject"] == "sam hat Ihnen geantwortet · Gazette"
    assert '<html lang="de"' in part(letter, "html")


def test_without_a_choice_letters_speak_as_the_site_does(
    cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    factories.settle(cast.gazette, language="de")
    factories.comment(article, cast.sam, parent=root)
    (letter,) = deliver(box)
    assert "hat Ihnen geantwortet" in letter["Subject"]


def test_two_workers_make_each_letter_once(
    app: Flask, cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    people = [factories.user(f"reader {n}") for n in range(10)]
    confirm(*people)
    for person in people:
        choose(cast.gazette, person, threads="at-once")
        follow(article, person)
    factories.comment(article, cast.sam)
    tell()
    assert crowd.at_once(app, [lambda: bundling.bundle(lambda: False)] * 3) == []
    found = deliver(box)
    assert sorted(letter["To"] for letter in found) == [
        f"reader.{n}@example.com" for n in range(10)
    ]


def test_a_worker_that_dies_before_the_commit_loses_nothing(
    app: Flask, cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    """What marks the rows and what puts the letter into the outbox is one transaction."""
    factories.comment(article, cast.sam, parent=root)
    tell()

    def die() -> None:
        bundling.make(cast.rae.id, cast.gazette.id, clock.now())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transaction(die)
    assert len(deliver(box)) == 1


def test_letters_are_ended_by_one_click_of_a_mail_program(
    app: Flask, cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    factories.comment(article, cast.sam, parent=root)
    (letter,) = deliver(box)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    there = leave_of(letter)
    assert f"\r\nList-Unsubscribe: <{HOST}{there}>\r\n".encode() in box.contents[0]
    program = app.test_client()
    page = program.get(there)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    factories.comment(article, cast.sam, parent=root)
    later(minutes=11)
    assert len(deliver(box)) == 2
    answer = program.post(there, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "No more e-mails come from here." in answer.text
    factories.comment(article, cast.sam, parent=root)
    later(minutes=11)
    assert len(deliver(box)) == 2


def test_a_letter_opens_what_its_owner_chose_and_nothing_else(
    cast: Cast, article: Article, root: Comment, box: Mailbox, as_: As
) -> None:
    factories.comment(article, cast.sam, parent=root)
    (letter,) = deliver(box)
    there = leave_of(letter)
    other = there.replace("/unsubscribe/", "/letters/")
    browser = as_(None)
    wanted = {"replies": "daily", "mentions": "never", "threads": "never", "decisions": "never"}
    assert browser.post(other, data={**wanted, "language": "de"}).status_code == 303
    assert "E-Mails von" in browser.get(there).text
    assert browser.post(other, data={**wanted, "language": "xx"}).status_code == 422
    assert browser.post(other, data=wanted | {"csrf_token": "x"}).status_code == 403
    for forged in (there[:-3] + "AAA", "/unsubscribe/x", f"/unsubscribe/{'x' * 3000}"):
        assert browser.get(forged).status_code == 404
        assert browser.post(forged).status_code == 404


def test_a_link_dies_with_its_account(
    app: Flask, cast: Cast, article: Article, root: Comment, box: Mailbox
) -> None:
    factories.comment(article, cast.sam, parent=root)
    (letter,) = deliver(box)
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    assert app.test_client().get(leave_of(letter)).status_code == 404


def test_who_leaves_takes_along_what_is_in_the_outbox(
    app: Flask, cast: Cast, article: Article, root: Comment
) -> None:
    factories.comment(article, cast.sam, parent=root)
    tell()
    with app.app_context():
        bundling.bundle(lambda: False)
    transaction(lambda: closing.close(cast.rae, erase=True, now=clock.now()))
    assert db.session.scalars(sa.select(Outgoing).where(Outgoing.queue == "mail")).all() == []

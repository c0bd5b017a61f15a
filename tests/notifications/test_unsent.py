"""What those who run a site see of the letters that did not arrive, and how they try again."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock
from comments.accounts.models import User
from comments.db import db
from comments.notifications.unsent import queries, words
from comments.outbox import Outgoing
from comments.threads.models import Article
from tests import factories
from tests.conftest import Cast
from tests.mailbox import Mailbox
from tests.notifications import acts

As = Callable[[User | None], FlaskClient]
PLACE = "/sites/gazette/letters"
NONE = "There are none."


@pytest.fixture
def ada(as_: As, cast: Cast) -> FlaskClient:
    return as_(cast.ada)


@pytest.fixture
def refused(cast: Cast, article: Article, frozen: datetime, box: Mailbox) -> None:
    """One of every kind that is written for a site, and one that is not."""
    acts.let_everything_be_written(cast, article)
    box.of_receiver = ["550 5.7.1 <talk@gazette.example> may not send"] * 5
    assert acts.deliver(box) == []


def shown(page: str) -> list[str]:
    """What each row says, in one line."""
    rows = re.findall(r'<div class="what">(.*?)</div>', page, re.DOTALL)
    return [" ".join(html.unescape(re.sub("<[^>]+>", " ", row)).split()) for row in rows]


def test_every_kind_is_listed_with_what_the_server_said(ada: FlaskClient, refused: None) -> None:
    page = ada.get(PLACE).text
    for address in ("rae@", "mo@", "wren@", "lou@", "talk@gazette"):
        assert address not in page
    about = {
        "Invitation to work here l***@example.com",
        "A guest’s private link w***@example.com",
        "Notifications to a reader r***@example.com",
        "Reminder to a moderator m***@example.com",
    }
    assert {row.partition(" Mar ")[0] for row in shown(page)} == about
    assert all(
        row.endswith("1 try 550 5.7.1 <t***@gazette.example> may not send") for row in shown(page)
    )


def test_one_is_sent_again_and_a_second_click_does_nothing(
    ada: FlaskClient, refused: None, box: Mailbox
) -> None:
    row = db.session.scalars(sa.select(Outgoing).where(Outgoing.kind == "notifications")).one()
    again = f"{PLACE}/{row.id}/again"
    assert ada.post(again).status_code == 303
    assert "tried again soon" in ada.get(PLACE).text
    second = ada.post(again)
    assert (second.status_code, len(shown(second.text))) == (404, 3)
    assert "is sent again already" in second.text
    box.drain()
    assert [letter["To"] for letter in box.letters] == ["rae@example.com"]
    assert ada.post(again).status_code == 404
    box.drain()
    assert len(box.letters) == 1


def test_those_of_others_are_not_there(ada: FlaskClient, cast: Cast, refused: None) -> None:
    theirs = factories.unsent(cast.notes, cast.rae)
    sign_in = db.session.scalars(sa.select(Outgoing.id).where(Outgoing.kind == "sign-in")).one()
    before = ada.get(PLACE).text
    assert len(shown(before)) == 4
    for id in (theirs, sign_in):
        assert ada.post(f"{PLACE}/{id}/again").status_code == 404
    dead = sa.select(sa.func.count()).where(Outgoing.died_at.is_not(None))
    assert db.session.scalar(dead) == 6


def test_what_was_for_somebody_who_left_is_gone(ada: FlaskClient, cast: Cast) -> None:
    factories.unsent(cast.gazette, cast.rae, words="550 <rae@example.com> is nobody")
    assert NONE not in ada.get(PLACE).text
    factories.close(cast.rae)
    assert NONE in ada.get(PLACE).text


def test_many_are_read_page_by_page_the_newest_first(
    ada: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    for number in range(queries.PAGE + 1):
        clock.freeze(frozen + timedelta(minutes=number // 2))
        factories.unsent(cast.gazette, cast.rae, words=f"550 no {number}")
    first = ada.get(PLACE).text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    pages = (first, ada.get(html.unescape(older[1])).text)
    numbers = [int(row.rpartition(" ")[2]) for page in pages for row in shown(page)]
    assert numbers == list(reversed(range(queries.PAGE + 1)))


def test_a_page_is_found_by_an_index(cast: Cast) -> None:
    factories.unsent(cast.gazette, cast.rae)
    lines = factories.plans_of(lambda: queries.page(cast.gazette, None))
    assert any("ix_outbox_site" in line for line in lines)
    assert not [line for line in lines if "SCAN" in line or "Seq Scan" in line]
    assert not [line for line in lines if "TEMP B-TREE" in line or "Sort" in line]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 5.1.1 <rae@example.com>: no", "550 5.1.1 <r***@example.com>: no"),
        ("rae.b+c@a.example, mo@b.example", "r***@a.example, m***@b.example"),
        ("RCPT TO:'rae@a.example'", "RCPT TO:'r***@a.example'"),
        ("550 ask at 10 @ noon, or @all", "550 ask at 10 @ noon, or @all"),
    ],
)
def test_addresses_in_what_a_server_said_are_masked(said: str, shown: str) -> None:
    assert words.masked(said) == shown

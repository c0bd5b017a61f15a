"""What a person is answered, as a feed at a link of their own."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from defusedxml import ElementTree
from flask.testing import FlaskClient

from comments.db import db
from comments.notifications.models import FeedKey
from comments.threads import feeds
from comments.threads.models import Article, State, Status
from tests import costs, factories
from tests.conftest import HOST, Cast

As = Callable[..., FlaskClient]
ATOM = "{http://www.w3.org/2005/Atom}"


def links(browser: FlaskClient) -> list[str]:
    page = browser.post("/account/feed").text
    return [html.unescape(found) for found in re.findall(rf'value="({HOST}/feeds/[^"]+)"', page)]


def texts(client: FlaskClient, link: str) -> list[str | None]:
    feed = ElementTree.fromstring(client.get(link).data)
    return [entry.findtext(f"{ATOM}content") for entry in feed.findall(f"{ATOM}entry")]


@pytest.fixture
def link(as_: As, cast: Cast) -> str:
    return links(as_(cast.rae))[0]


def test_it_holds_what_others_answered_on_every_site(
    client: FlaskClient, cast: Cast, article: Article, link: str
) -> None:
    mine = factories.comment(article, cast.rae, "Mine.")
    notes = factories.article(cast.notes, "n")
    elsewhere = factories.comment(notes, cast.rae, "Mine too.")
    hidden = factories.article(cast.gazette, "hidden")
    factories.comment(hidden, cast.mo, "Hidden.", parent=factories.comment(hidden, cast.rae))
    factories.set_state(hidden, State.HIDDEN, cast.ada)
    reply = factories.comment(article, cast.mo, "To you.", parent=mine)
    factories.comment(article, cast.ada, "To mo.", parent=reply)
    factories.comment(article, cast.rae, "By myself.", parent=mine)
    factories.comment(article, cast.mo, "Waits.", parent=mine, to=Status.PENDING)
    factories.comment(notes, cast.sam, "Over here.", parent=elsewhere)
    assert texts(client, link) == ["<p>Over here.</p>", "<p>To you.</p>"]
    factories.restate(reply, Status.WITHDRAWN)
    assert texts(client, link) == ["<p>Over here.</p>"]


def test_it_says_whose_it_is_and_where_it_lies(
    client: FlaskClient, cast: Cast, article: Article, as_: As
) -> None:
    mine = factories.comment(article, cast.rae)
    factories.comment(article, cast.mo, "To you.", parent=mine)
    atom, rss = links(as_(cast.rae))
    answer = client.get(atom)
    feed = ElementTree.fromstring(answer.data)
    assert feed.findtext(f"{ATOM}title") == "Replies to rae"
    assert feed.findtext(f"{ATOM}id") == atom
    assert {it.attrib["href"] for it in feed.findall(f"{ATOM}link")} == {atom, f"{HOST}/mine"}
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == (
        "private, max-age=0",
        "noindex",
    )
    assert "Set-Cookie" not in answer.headers
    again = client.get(atom, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    channel = ElementTree.fromstring(client.get(rss).data).find("channel")
    assert channel.findtext("item/description") == "<p>To you.</p>"


def test_a_new_link_ends_the_one_before(client: FlaskClient, cast: Cast, as_: As) -> None:
    rae = as_(cast.rae)
    old, new = links(rae)[0], links(rae)[0]
    assert [client.get(each).status_code for each in (old, new)] == [404, 200]
    key = new.split("/")[-2]
    assert key not in rae.get("/account/feed").text
    assert db.session.get_one(FeedKey, cast.rae.id).token_hash != key
    assert rae.post("/account/feed/end").status_code == 303
    assert client.get(new).status_code == 404


def test_it_ends_with_the_account(client: FlaskClient, cast: Cast, link: str) -> None:
    assert client.get(link).status_code == 200
    factories.close(cast.rae)
    assert client.get(link).status_code == 404


def test_it_costs_the_same_however_much_is_said(cast: Cast, article: Article) -> None:
    factories.comment(article, cast.mo, parent=factories.comment(article, cast.rae))
    factories.many(article, cast.mo, 300)
    few = [costs.cost_of(lambda: feeds.of_replies(cast.rae)) for _ in range(2)][1]
    factories.many(article, cast.mo, 300)
    assert costs.cost_of(lambda: feeds.of_replies(cast.rae)).is_like(few)
    # The person, and the entries by their ids.
    assert few.statements == 3

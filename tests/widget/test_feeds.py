"""Feeds of a thread and of a site: well-formed, complete, cached, and showing what pages show."""

from __future__ import annotations

from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

import feedparser
import pytest
import sqlalchemy as sa
from defusedxml import ElementTree
from flask.testing import FlaskClient

from comments.accounts.models import User
from comments.db import db, table, transaction
from comments.demo import loading
from comments.threads import feeds
from comments.threads.feeds import NO_XML
from comments.threads.forms import Name
from comments.threads.models import Article, Comment, Revision, State, Status
from tests import corpora, costs, factories, payloads
from tests.conftest import HOST, NOW, Cast, Statements

ATOM = "{http://www.w3.org/2005/Atom}"
THREAD = "site=gazette&article=tides"
KINDS = ("atom", "rss")


@pytest.fixture
def article(cast: Cast, frozen: datetime) -> Article:
    return factories.article(cast.gazette, "tides", title="The tide & the moon")


def read(client: FlaskClient, query: str, kind: str = "atom") -> Element:
    answer = client.get(f"/feeds/{kind}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == f"application/{kind}+xml"
    found: Element = ElementTree.fromstring(answer.data)
    return found


def texts(client: FlaskClient, query: str, kind: str = "atom") -> list[str | None]:
    path = {"atom": f"{ATOM}entry/{ATOM}content", "rss": "channel/item/description"}[kind]
    return [entry.text for entry in read(client, query, kind).findall(path)]


def test_an_entry_says_who_wrote_what_and_when(
    client: FlaskClient, cast: Cast, article: Article
) -> None:
    first = factories.comment(article, cast.mo, "Was it *you*?")
    reply = factories.comment(article, cast.rae, "Me.", parent=first, at=NOW + timedelta(hours=1))
    feed = read(client, THREAD)
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}content") for entry in entries] == [
        "<p>Me.</p>",
        "<p>Was it <em>you</em>?</p>",
    ]
    answer, opening = entries
    assert answer.findtext(f"{ATOM}author/{ATOM}name") == "rae"
    assert answer.findtext(f"{ATOM}title") == "rae on “The tide & the moon”"
    assert answer.findtext(f"{ATOM}published") == "2026-03-14T10:26:53Z"
    assert answer.find(f"{ATOM}link").attrib["href"] == (
        f"{HOST}/thread?site=gazette&article=tides&comment={reply.id}#comment-{reply.id}"
    )
    above = answer.find("{http://purl.org/syndication/thread/1.0}in-reply-to")
    assert above.attrib["ref"] == opening.findtext(f"{ATOM}id")
    assert feed.findtext(f"{ATOM}updated") == "2026-03-14T10:26:53Z"
    assert {link.attrib["rel"] for link in feed.findall(f"{ATOM}link")} == {"self", "alternate"}


def test_the_same_as_rss(client: FlaskClient, cast: Cast, article: Article) -> None:
    comment = factories.comment(article, cast.rae, "Me & you.")
    channel = read(client, THREAD, "rss").find("channel")
    assert channel.findtext("title") == "Comments on “The tide & the moon”, Gazette"
    assert channel.findtext("link") == f"{HOST}/thread?site=gazette&article=tides"
    item = channel.find("item")
    assert item.findtext("description") == "<p>Me &amp; you.</p>"
    assert item.findtext("pubDate") == "Sat, 14 Mar 2026 09:26:53 +0000"
    assert item.findtext("guid").endswith(f":gazette/{comment.id}")
    assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "rae"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", [THREAD, "site=gazette"])
def test_it_holds_what_everybody_may_read(
    client: FlaskClient, cast: Cast, article: Article, kind: str, query: str
) -> None:
    factories.comment(article, cast.rae, "Waits.", to=Status.PENDING)
    factories.comment(article, cast.rae, "Refused.", to=Status.REJECTED)
    gone = factories.comment(article, cast.rae, "Gone.")
    shown = factories.comment(article, cast.rae, "Here.")
    factories.restate(gone, Status.WITHDRAWN)
    assert texts(client, query, kind) == ["<p>Here.</p>"]
    factories.restate(shown, Status.REJECTED)
    assert texts(client, query, kind) == []


def test_a_site_has_everything_but_what_is_hidden(
    client: FlaskClient, cast: Cast, article: Article
) -> None:
    hidden = factories.article(cast.gazette, "hidden")
    factories.comment(hidden, cast.rae, "Not here.")
    factories.set_state(hidden, State.HIDDEN, cast.ada)
    factories.comment(factories.article(cast.notes, "n"), cast.sam, "Not of this site.")
    factories.many(article, cast.rae, feeds.ENTRIES + 1)
    factories.comment(factories.article(cast.gazette, "floods"), cast.mo, "Wet.")
    found = texts(client, "site=gazette")
    assert len(found) == feeds.ENTRIES
    assert found[0] == "<p>Wet.</p>"
    assert "Not" not in "".join(map(str, found))
    assert client.get("/feeds/atom?site=gazette&article=hidden").status_code == 404


def test_what_nobody_knows(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/feeds/atom?site=nowhere").status_code == 404
    assert client.get("/feeds/atom").status_code == 422
    assert texts(client, "site=gazette&article=unheard-of") == []
    assert texts(client, "site=gazette", "rss") == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_breaks_the_document(
    client: FlaskClient, cast: Cast, article: Article, kind: str
) -> None:
    bodies = [*payloads.OWN, "a\x0b\x1f\ufffe\U0001ffffb ]]> &amp; &lt;"]
    made = [factories.comment(article, cast.rae, body) for body in bodies]
    found = texts(client, THREAD, kind)
    stored = [db.session.get_one(Revision, (it.id, 1)).html for it in reversed(made)]
    assert found == [NO_XML.sub("", html) for html in stored][: feeds.ENTRIES]


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_of_the_corpora_breaks_the_document(
    client: FlaskClient, cast: Cast, kind: str
) -> None:
    strings = [text for text in corpora.naughty_strings() if text.strip()][::7]
    for number, text in enumerate(strings):
        named = factories.article(cast.gazette, f"{number}", title=text[:300])
        factories.comment(named, cast.rae, text)
    assert len(texts(client, "site=gazette", kind)) == min(len(strings), feeds.ENTRIES)


@pytest.mark.parametrize("query", [THREAD, "site=gazette"])
def test_the_second_who_reads_costs_nothing(
    client: FlaskClient, cast: Cast, article: Article, statements: Statements, query: str
) -> None:
    factories.comment(article, cast.rae)
    first = client.get(f"/feeds/atom?{query}")
    statements.clear()
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get(f"/feeds/atom?{query}", headers=again).status_code == 304
    assert statements == []


@pytest.mark.parametrize("query", [THREAD, "site=gazette"])
def test_what_is_new_shows_at_once(
    client: FlaskClient, cast: Cast, article: Article, query: str
) -> None:
    comment = factories.comment(article, cast.rae, "As it was.")
    before = texts(client, query)
    factories.edit(comment, "As it is.")
    assert (before, texts(client, query)) == (["<p>As it was.</p>"], ["<p>As it is.</p>"])


def many_rejected(article: Article, by: User) -> None:
    """So many, and counted, that no plan passes over them by chance."""
    factories.many(article, by, 300, to=Status.REJECTED)
    columns = [column for column in table(Comment).c if not column.primary_key]
    rejected = sa.select(*columns).where(Comment.status == Status.REJECTED)
    for _ in range(4):
        double = sa.insert(Comment).from_select([column.name for column in columns], rejected)
        transaction(lambda double=double: db.session.execute(double))


def test_it_costs_the_feed_and_not_the_thread(cast: Cast, article: Article) -> None:
    name = Name("tides")
    factories.many(article, cast.rae, feeds.ENTRIES + 10)
    few = [costs.cost_of(lambda: feeds.of_site(cast.gazette)) for _ in range(2)][1]
    few_here = costs.cost_of(lambda: feeds.of_article(cast.gazette, name))
    many_rejected(article, cast.rae)
    many_here = costs.cost_of(lambda: feeds.of_article(cast.gazette, name))
    if db.engine.dialect.name == "sqlite":
        assert many_here.is_like(few_here)
    else:
        loading.analyse()
        many_here = costs.cost_of(lambda: feeds.of_article(cast.gazette, name))
        # What is published, by whichever index, and each entry by its id.
        assert many_here.wasted == 0
        assert sum(many_here.work.values()) <= 2 * (feeds.ENTRIES + 10)
    many = costs.cost_of(lambda: feeds.of_site(cast.gazette))
    # The site, the article, and its entries by their ids.
    assert (few_here.statements, few.statements) == (4, 3)
    assert many.statements == few.statements


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_reader_reads_it(
    client: FlaskClient, cast: Cast, article: Article, kind: str
) -> None:
    """By a parser that many of them are made with, which says of what it had to guess."""
    first = factories.comment(article, cast.mo, "Was it *you* & <b>me</b>?")
    factories.comment(article, cast.rae, "Yes.", parent=first, at=NOW + timedelta(hours=1))
    answer = client.get(f"/feeds/{kind}?{THREAD}")
    found = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert (found.bozo, found.version) == (False, {"atom": "atom10", "rss": "rss20"}[kind])
    assert {link["rel"] for link in found.feed.links} == {"self", "alternate"}
    answer, opening = found.entries
    assert (answer.author, opening.title) == ("rae", "mo on “The tide & the moon”")
    assert opening.summary == "<p>Was it <em>you</em> &amp; &lt;b&gt;me&lt;/b&gt;?</p>"
    assert answer.published_parsed[:4] == (2026, 3, 14, 10)
    assert answer.id != opening.id

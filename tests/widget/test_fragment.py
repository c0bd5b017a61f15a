"""What the script and publishers' servers ask for, without a browser."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from comments.threads.models import Article, State, Status
from comments.widget import files, watching
from tests import factories
from tests.conftest import HOST, PUBLISHER, Cast, Statements

THREAD = "/embed/thread?site=gazette&article=tides"


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides", title="Tides")


def test_an_unknown_article_is_an_invitation(client: FlaskClient, cast: Cast) -> None:
    response = client.get(THREAD)
    assert response.status_code == 200
    assert "No comments yet. Be the first." in response.text


def test_an_unknown_site_is_not_found(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/embed/thread?site=nobody&article=tides").status_code == 404


def test_a_closed_article_shows_and_does_not_ask(client: FlaskClient, cast: Cast) -> None:
    article = factories.article(cast.gazette, "tides", state=State.CLOSED)
    factories.comment(article, cast.rae, "Still here.")
    text = client.get(THREAD).text
    assert "Still here." in text
    assert "Comments are closed." in text
    assert "Write a comment" not in text
    assert 'data-act="reply"' not in text


def test_a_hidden_article_shows_nothing(client: FlaskClient, cast: Cast) -> None:
    article = factories.article(cast.gazette, "tides", state=State.HIDDEN)
    factories.comment(article, cast.rae, "Not for now.")
    text = client.get(THREAD).text
    assert "Comments are not available." in text
    assert "Not for now." not in text
    assert "Write a comment" not in text


def test_streams_are_offered_by_servers_that_have_room(
    app: Flask, client: FlaskClient, article: Article, cast: Cast
) -> None:
    hub = watching.hub_of(app)
    assert " data-live" not in client.get(THREAD).text
    app.extensions["lane"].clear()
    hub.room = 1
    assert " data-live" in client.get(THREAD).text
    hub.room = 0


def test_a_page_costs_three_queries_after_the_site(
    client: FlaskClient, article: Article, cast: Cast, statements: Statements
) -> None:
    for root in factories.many(article, cast.rae, 8):
        for _ in range(3):
            factories.comment(article, cast.mo, "Below.", parent=root)
    statements.clear()
    client.get(THREAD)
    about_the_site = [s for s in statements if "FROM sites" in s or "FROM origins" in s]
    assert len(statements) - len(about_the_site) == 3


def test_the_bytes_are_the_same_for_everybody(
    client: FlaskClient, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "One text for all.")
    factories.comment(article, cast.rae, "Only I see this.", to=Status.PENDING)
    token = factories.bearer(cast.rae, cast.gazette)
    plain = client.get(THREAD)
    hers = client.get(
        THREAD,
        headers={
            "Authorization": f"Bearer {token}",
            "Accept-Language": "de",
            "Origin": PUBLISHER,
            "Cookie": "comments=whatever",
        },
    )
    assert hers.data == plain.data
    assert hers.headers["ETag"] == plain.headers["ETag"]
    assert "Only I see this." not in plain.text
    assert "Cookie" not in plain.headers["Vary"]


def test_the_answer_may_be_kept_and_asked_about_again(
    client: FlaskClient, article: Article, cast: Cast
) -> None:
    comment = factories.comment(article, cast.rae, "As it was.")
    first = client.get(THREAD)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == (
        "public, max-age=0, s-maxage=2, stale-while-revalidate=1"
    )
    assert not tag.startswith("W/")
    again = client.get(THREAD, headers={"If-None-Match": tag, "Origin": PUBLISHER})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == PUBLISHER
    factories.restate(comment, Status.REJECTED)
    assert client.get(THREAD, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("identity", None), ("br;q=0, gzip", "gzip")],
)
def test_each_encoding_has_its_own_tag(
    client: FlaskClient, article: Article, cast: Cast, accepted: str, encoding: str | None
) -> None:
    factories.comment(article, cast.rae, "Packed words.")
    response = client.get(THREAD, headers={"Accept-Encoding": accepted})
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert b"Packed words." in unpack(response.data)
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["ETag"].endswith(f'-{encoding}"') is (encoding is not None)
    assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (PUBLISHER, PUBLISHER),
        ("https://notes.example", None),
        ("https://gazette.example.evil", None),
        ("http://gazette.example", None),
        ("null", None),
    ],
)
def test_only_pages_of_the_site_may_read_it(
    client: FlaskClient, cast: Cast, origin: str, allowed: str | None
) -> None:
    response = client.get(THREAD, headers={"Origin": origin})
    assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_it_needs_no_inline_style_and_names_whole_addresses(
    client: FlaskClient, article: Article, cast: Cast
) -> None:
    root = factories.comment(article, cast.rae, "A [link](https://example.org/).")
    factories.comment(article, cast.mo, "Below.", parent=root)
    text = client.get(THREAD).text
    assert not re.search(r"\sstyle=|\son\w+=", text)
    links = re.findall(r'href="([^"]+)"', text)
    ours = [link for link in links if link != "https://example.org/"]
    assert all(link.startswith((HOST, "#comment-")) for link in ours)
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">', text)


def test_a_publishers_server_can_include_it(
    client: FlaskClient, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "Without any script.")
    text = client.get(f"{THREAD}&include=1").text
    assert text.lstrip().startswith('<template shadowrootmode="open">')
    assert text.rstrip().endswith("</template>")
    assert f"{HOST}/embed/{files.RELEASE}/thread.css" in text


def test_it_speaks_the_sites_language_or_the_one_that_was_asked_for(
    client: FlaskClient, cast: Cast
) -> None:
    factories.settle(cast.gazette, language="de")
    assert 'lang="de"' in client.get(THREAD, headers={"Accept-Language": "en"}).text
    assert 'lang="en"' in client.get(f"{THREAD}&locale=en").text
    assert 'lang="de"' in client.get(f"{THREAD}&locale=xx").text
    factories.settle(cast.gazette, language="xx")
    assert 'lang="en"' in client.get(THREAD, headers={"Accept-Language": "de"}).text


@pytest.mark.parametrize("query", ["after=nonsense", "sort=best", "comment=x", "include=perhaps"])
def test_what_makes_no_sense_is_refused(client: FlaskClient, article: Article, query: str) -> None:
    assert client.get(f"{THREAD}&{query}").status_code == 422


def test_an_old_script_still_finds_the_rest(client: FlaskClient, cast: Cast) -> None:
    current = client.get(f"/embed/{files.RELEASE}/act.js", headers={"Origin": PUBLISHER})
    assert current.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert current.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert current.mimetype == "text/javascript"
    older = client.get("/embed/0123456789ab/act.js", headers={"Origin": PUBLISHER})
    assert older.data == current.data
    assert older.headers["Cache-Control"] == "public, max-age=300"
    assert client.get(f"/embed/{files.RELEASE}/views.py").status_code == 404


def test_the_script_is_small(client: FlaskClient, cast: Cast) -> None:
    """6 KB before the first comment, 20 KB for everything."""
    packed = {"Accept-Encoding": "br"}
    script = len(client.get("/embed.js", headers=packed).data)
    rest = sum(
        len(client.get(f"/embed/{files.RELEASE}/{name}", headers=packed).data)
        for name in files.MODULES
    )
    assert script <= 6_000
    assert script + rest <= 20_000

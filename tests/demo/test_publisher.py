"""The publisher's pages: they stand, hold their slots, and are strict about what they load."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from flask import Flask

from comments import clock
from comments.demo.articles import ARTICLES
from comments.demo.publisher import age, create_publisher
from tests.demo.conftest import SERVICE


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def having(self, attribute: str) -> list[dict[str, str | None]]:
        return [attributes for _tag, attributes in self.all if attribute in attributes]


def page(publisher: Flask, path: str) -> Elements:
    response = publisher.test_client().get(path, base_url="http://localhost:8001")
    assert response.status_code == 200, path
    return Elements(response.text)


def test_every_link_of_the_site_leads_somewhere(publisher: Flask) -> None:
    client, seen, left = publisher.test_client(), set(), ["/"]
    while left:
        path = left.pop()
        seen.add(path)
        response = client.get(path)
        assert response.status_code == 200, path
        if response.mimetype == "text/html":
            addresses = re.findall(r'(?:href|src)="(/[^"#]*)', response.text)
            left += [each for each in set(addresses) if each not in seen and each not in left]
        response.close()
    assert {"/field-notes/", "/sections/Science", "/articles/two-threads"} <= seen


def test_a_slot_says_what_its_article_is(publisher: Flask) -> None:
    (slot,) = page(publisher, "/articles/tidal-clock-2041").having("data-comments")
    article = ARTICLES["tidal-clock-2041"]
    published = datetime.fromisoformat(slot["data-published"] or "")
    assert slot["data-site"] == "harbour-gazette"
    assert slot["data-article"] == article.id
    assert slot["data-url"] == "http://localhost:8001/articles/tidal-clock-2041"
    assert slot["data-title"] == article.headline
    assert slot["data-section"] == "Local"
    assert publisher.config["AS_OF"] - published == pytest.approx(
        article.ago, abs=timedelta(seconds=1)
    )


def test_a_page_brings_the_script_and_a_way_without_it(publisher: Flask) -> None:
    text = publisher.test_client().get("/articles/marsh-meteors").text
    assert f'<script async src="{SERVICE}/embed.js"></script>' in text
    assert f"{SERVICE}/thread?site=harbour-gazette&amp;article=marsh-meteors" in text
    assert "No comments yet..." in text


def test_cards_show_counts(publisher: Flask) -> None:
    counted = {each["data-article"] for each in page(publisher, "/").having("data-comments-count")}
    assert {"tidal-clock-2041", "marsh-meteors", "storm-maren-roads"} <= counted


def test_the_live_page_holds_two_threads_and_keeps_a_third_for_later(publisher: Flask) -> None:
    text = publisher.test_client().get("/articles/two-threads").text
    now, later = text.split("<template data-later>")
    assert [each["data-article"] for each in Elements(now).having("data-comments")] == [
        "storm-maren-harbour",
        "storm-maren-roads",
    ]
    assert [each["data-article"] for each in Elements(later).having("data-comments")] == [
        "storm-maren-sheds"
    ]


def test_the_second_site_has_its_own_key_and_home(publisher: Flask) -> None:
    (slot,) = page(publisher, "/field-notes/first-swifts").having("data-comments")
    assert slot["data-site"] == "field-notes"
    assert publisher.test_client().get("/articles/first-swifts").status_code == 404


def test_what_is_not_printed_is_missing(publisher: Flask) -> None:
    for path in ("/articles/none", "/sections/none", "/field-notes/tidal-clock-2041"):
        response = publisher.test_client().get(path)
        assert response.status_code == 404
        assert "We have not printed that" in response.text


def test_pages_are_strict_about_what_they_load(publisher: Flask) -> None:
    response = publisher.test_client().get("/articles/tidal-clock-2041")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert f"script-src 'self' {SERVICE};" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert "style=" not in response.text
    assert not re.search(r"<script(?![^>]*src)", response.text)


def test_another_site_key_can_be_given() -> None:
    other = create_publisher("https://comments.example/", "mine")
    (slot,) = page(other, "/articles/tidal-clock-2041").having("data-comments")
    assert slot["data-site"] == "mine"
    text = other.test_client().get("/").text
    assert 'src="https://comments.example/embed.js"' in text


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=5), "1 minute ago"),
        (timedelta(minutes=40), "40 minutes ago"),
        (timedelta(hours=13, minutes=50), "13 hours ago"),
        (timedelta(days=1, hours=2), "1 day ago"),
    ],
)
def test_ages_are_in_words(ago: timedelta, words: str) -> None:
    now = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
    clock.freeze(now)
    try:
        assert age(now - ago) == words
    finally:
        clock.freeze(None)

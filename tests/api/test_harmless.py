"""What is written by the API comes back from every page as markup.py made it, and in no other way.

That what markup.py makes is harmless, tests/test_markup.py shows in a real browser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from comments import markup
from comments.accounts.models import User
from tests import corpora, factories
from tests.api.conftest import Call, later
from tests.conftest import Cast

pytestmark = pytest.mark.shared

PAGE = 25
PAGES = (
    "/embed/thread?site=gazette&article=a1",
    "/thread?site=gazette&article=a1",
    "/sites/gazette/moderation?view=reported",
    "/sites/gazette/articles",
)
Browser = Callable[[User | None], FlaskClient]


@pytest.fixture
def payloads(request: pytest.FixtureRequest) -> list[str]:
    """All of them for `make soak`, else a few of each kind."""
    found = corpora.xss_payloads() + corpora.markdown_payloads()
    step = 1 if request.config.getoption("--soak") else 90
    kept = (payload.replace("\0", "") for payload in found[::step])
    return [text for text in kept if len(text) < 8000 and rendered(text)]


def rendered(text: str) -> str:
    """What markup.py makes of it, if there is anything to be seen of that."""
    made = markup.render(markup.normalise(text))
    return "" if markup.is_blank(made.text) else made.html


def in_pages(payloads: list[str]) -> Iterator[tuple[str, list[str]]]:
    for start in range(0, len(payloads), PAGE):
        yield f"a{start}", payloads[start : start + PAGE]


def test_every_page_shows_what_was_made_of_it(
    call: Call, cast: Cast, as_: Browser, frozen: object, payloads: list[str]
) -> None:
    factories.settle(cast.gazette, length=8000)
    token = factories.api_token(cast.mo)
    for article, texts in in_pages(payloads):
        browser = as_(cast.mo)
        for text in texts:
            later(minutes=6)
            body = {"site": "gazette", "article": article, "body": text}
            response = call("POST", "/comments", token, json=body)
            assert response.status_code == 201, response.text
            assert response.json["html"] == rendered(text)
        expected = [rendered(text) for text in texts]
        address = f"site=gazette&article={article}"
        shown = call("GET", f"/comments?{address}&sort=oldest").json["items"]
        assert [item["html"] for item in shown] == expected
        queue = f"/moderation/queue?site=gazette&view=all&author={cast.mo.id}"
        judged = call("GET", queue, token).json["items"]
        assert [card["html"] for card in judged][: len(texts)] == expected[::-1]
        for page in (
            f"/embed/thread?{address}",
            f"/thread?{address}",
            f"/sites/gazette/moderation?view=all&author={cast.mo.id}",
        ):
            html = browser.get(page).text
            assert [made for made in expected if made not in html] == [], page


def test_an_edit_and_a_preview_make_the_same_of_it(
    call: Call, cast: Cast, frozen: object, payloads: list[str]
) -> None:
    factories.settle(cast.gazette, length=8000, links_allowed=100)
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.mo)
    token = factories.api_token(cast.mo)
    for text in payloads:
        edited = call("PATCH", f"/comments/{comment.id}", token, json={"body": text})
        assert edited.json["html"] == rendered(text)
        preview = call("POST", "/preview", token, json={"site": "gazette", "body": text})
        assert preview.json["html"] == rendered(text)


def test_every_other_field_is_text(
    call: Call, cast: Cast, as_: Browser, frozen: object, payloads: list[str]
) -> None:
    """Titles of articles and words of reports show as they were typed, markup and all."""
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    key, browser = factories.site_key(cast.gazette), as_(cast.mo)
    plain = "".join(browser.get(page).text for page in PAGES)
    marked = [
        text
        for text in payloads
        if "<" in text and text.isprintable() and len(text) < 300 and text.strip() not in plain
    ]
    assert marked
    for n, text in enumerate(marked[::5]):
        words = text.strip()
        told = {"site": "gazette", "title": words, "section": words[:120], "language": words[:35]}
        assert call("PUT", "/articles/a1", key, json=told).json["title"] == words
        reader = factories.bearer(factories.user(f"reader{n}"), cast.gazette)
        report = {"reason": "other", "text": words}
        call("POST", f"/comments/{comment.id}/reports", reader, json=report)
        for page in PAGES:
            html = browser.get(page).text
            assert words not in html, page
        assert str(escape(words)) in html

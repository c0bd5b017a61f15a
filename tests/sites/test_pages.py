from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from tests import factories, sent
from tests.conftest import Cast

As = Callable[..., FlaskClient]


def test_a_refusal_is_a_page_with_words_and_a_way_on(client: FlaskClient) -> None:
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    assert "There is nothing here." in answer.text
    assert 'href="/"' in answer.text


def test_the_header_says_who_is_signed_in(as_: As, cast: Cast) -> None:
    answer = as_(cast.rae).get("/no-such-page")
    assert "Signed in as <bdi>rae</bdi>" in answer.text


def test_a_name_is_text_in_the_header(as_: As, cast: Cast) -> None:
    answer = as_(factories.user("<b>x</b>")).get("/no-such-page")
    assert "&lt;b&gt;x&lt;/b&gt;" in answer.text


def test_a_failing_database_is_told_in_words(as_: As, cast: Cast) -> None:
    """And not asked again for who is signed in."""
    browser = as_(cast.rae)

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    with sent.noted(fail):
        answer = browser.get("/account")
    assert answer.status_code == 503
    assert "The service is busy." in answer.text
    assert answer.headers["Retry-After"]

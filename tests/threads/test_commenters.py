"""Who may comment on a site, as it is felt by whoever tries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from comments import clock
from comments.accounts.models import User
from comments.threads.models import State
from tests import factories
from tests.conftest import Cast

As = Callable[[User | None], FlaskClient]
PAGE = "/thread?site=gazette&article=tides"
CODES = {
    "confirmed": "confirmed-only",
    "subscribers": "subscribers-only",
    "nobody": "nobody-may",
}
FORM = '<textarea id="field-body"'


@pytest.fixture
def subscriber(cast: Cast) -> User:
    """The gazette's own sign-in says so."""
    return factories.user("zoe", site_id=cast.gazette.id, is_subscriber=True)


@pytest.fixture
def confirmed(cast: Cast) -> User:
    return factories.user("kim", email="kim@example.com", email_confirmed_at=clock.now())


def say(client: FlaskClient, cast: Cast, author: User, site: str = "gazette") -> int:
    where = cast.gazette if site == "gazette" else cast.notes
    answer = client.post(
        "/api/v1/comments",
        json={
            "site": site,
            "article": "tides",
            "body": f"Where {where.settings.commenters} write.",
        },
        headers={"Authorization": f"Bearer {factories.bearer(author, where)}"},
    )
    return answer.status_code


@pytest.mark.parametrize("allowed", CODES)
def test_a_refusal_says_why_and_nothing_is_kept(
    client: FlaskClient, cast: Cast, allowed: str
) -> None:
    factories.settle(cast.gazette, commenters=allowed)
    answer = client.post(
        "/api/v1/comments",
        json={"site": "gazette", "article": "tides", "body": "Hello."},
        headers={"Authorization": f"Bearer {factories.bearer(cast.rae, cast.gazette)}"},
    )
    assert (answer.status_code, answer.json["code"]) == (403, CODES[allowed])
    assert client.get(f"/api/v1/comments{PAGE[7:]}").json["count"] == 0


def test_each_kind_of_person_gets_in_where_they_may(
    client: FlaskClient, cast: Cast, confirmed: User, subscriber: User
) -> None:
    people = {"rae": cast.rae, "kim": confirmed, "zoe": subscriber, "mo": cast.mo}
    found = {}
    for allowed in ("members", "confirmed", "subscribers", "nobody"):
        factories.settle(cast.gazette, commenters=allowed)
        got = {name for name, who in people.items() if say(client, cast, who) == 201}
        found[allowed] = got
        factories.earlier()
    assert found == {
        "members": {"rae", "kim", "zoe", "mo"},
        "confirmed": {"kim", "mo"},
        "subscribers": {"zoe", "mo"},
        "nobody": {"mo"},
    }


def test_a_subscriber_of_one_site_is_none_of_another(
    client: FlaskClient, cast: Cast, subscriber: User
) -> None:
    factories.settle(cast.notes, commenters="subscribers")
    assert say(client, cast, subscriber, "field-notes") == 403


@pytest.mark.parametrize(
    ("allowed", "words"),
    [("confirmed", "confirmed e-mail address"), ("subscribers", "Only subscribers")],
)
def test_the_hosted_page_says_what_is_needed(as_: As, cast: Cast, allowed: str, words: str) -> None:
    factories.settle(cast.gazette, commenters=allowed)
    nobody, rae, mo = (as_(who).get(PAGE).text for who in (None, cast.rae, cast.mo))
    assert "Sign in to comment" in nobody
    assert words in nobody
    assert words in rae
    assert FORM not in rae
    assert FORM in mo


def test_where_nobody_may_comment_comments_are_closed_but_for_staff(
    as_: As, client: FlaskClient, cast: Cast
) -> None:
    factories.settle(cast.gazette, commenters="nobody")
    factories.comment(factories.article(cast.gazette, "tides"), cast.mo)
    for page in (as_(None).get(PAGE).text, as_(cast.rae).get(PAGE).text):
        assert "Comments are closed." in page
        assert FORM not in page
        assert ">Reply<" not in page
        assert "Sign in to comment" not in page
    assert FORM in as_(cast.mo).get(PAGE).text
    fragment = client.get(f"/embed{PAGE}").text
    assert 'data-act="write"' not in fragment
    assert "Comments are closed." in fragment
    assert client.get(f"/api/v1/comments{PAGE[7:]}").json["is_open"] is False


def test_a_closed_article_is_closed_for_staff_too(as_: As, cast: Cast) -> None:
    factories.settle(cast.gazette, commenters="nobody")
    factories.article(cast.gazette, "tides", state=State.CLOSED)
    assert FORM not in as_(cast.mo).get(PAGE).text

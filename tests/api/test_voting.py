from __future__ import annotations

import pytest

from comments.db import db
from comments.threads.models import Article, Comment
from tests import factories
from tests.api.conftest import Call
from tests.conftest import Cast


@pytest.fixture
def comment(cast: Cast) -> Comment:
    return factories.comment(factories.article(cast.gazette, "a1"), cast.mo)


@pytest.fixture
def rae(cast: Cast) -> str:
    return factories.bearer(cast.rae, cast.gazette)


def test_a_vote_is_answered_with_how_the_votes_stand(
    call: Call, comment: Comment, rae: str
) -> None:
    address = f"/comments/{comment.id}/vote"
    for value, ups, downs in [(1, 1, 0), (1, 1, 0), (-1, 0, 1), (0, 0, 0)]:
        answer = call("PUT", address, rae, json={"value": value})
        assert answer.status_code == 200
        expected = {"id": str(comment.id), "value": value, "ups": ups, "downs": downs}
        assert answer.json == expected


def test_votes_are_read_with_the_comments(
    call: Call, comment: Comment, rae: str, cast: Cast
) -> None:
    call("PUT", f"/comments/{comment.id}/vote", rae, json={"value": 1})
    other = factories.comment(comment_article(comment), cast.rae)
    page = call("GET", "/comments?site=gazette&article=a1&sort=top").json["items"]
    assert [(item["id"], item["ups"], item["downs"]) for item in page] == [
        (str(comment.id), 1, 0),
        (str(other.id), 0, 0),
    ]


def comment_article(comment: Comment) -> Article:
    return db.session.get_one(Article, comment.article_id)


@pytest.mark.parametrize("value", [2, -2, True, "1", 1.0, None, [1]])
def test_what_is_no_vote_is_refused(call: Call, comment: Comment, rae: str, value: object) -> None:
    answer = call("PUT", f"/comments/{comment.id}/vote", rae, json={"value": value})
    assert answer.status_code == 422
    assert answer.json["faults"][0]["field"] == "value"


def test_who_may_not_is_told_why(call: Call, comment: Comment, rae: str, cast: Cast) -> None:
    address = f"/comments/{comment.id}/vote"
    own = factories.bearer(cast.mo, cast.gazette)
    elsewhere = factories.bearer(cast.sam, cast.notes)
    assert call("PUT", address, json={"value": 1}).status_code == 401
    assert call("PUT", address, own, json={"value": 1}).json["code"] == "own"
    assert call("PUT", address, elsewhere, json={"value": 1}).status_code in (401, 403)
    assert call("PUT", "/comments/4711/vote", rae, json={"value": 1}).status_code == 404
    factories.settle(cast.gazette, votes="off")
    assert call("PUT", address, rae, json={"value": 1}).json["code"] == "votes-off"

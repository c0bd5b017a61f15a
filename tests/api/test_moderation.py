from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from comments.db import db, transaction
from comments.moderation.models import Report
from comments.screening.findings import Finding
from comments.sites.models import Role
from comments.threads.models import Comment, Decision, State, Status
from tests import factories
from tests.api.conftest import Call, rows
from tests.conftest import PUBLISHER, Cast, Statements

QUEUE = "/moderation/queue?site=gazette"
FINDING = Finding("links", {"count": 2, "allowed": 1}, (4, 12))


@pytest.fixture
def mo(cast: Cast) -> str:
    """The token of mo's own programs."""
    return factories.api_token(cast.mo)


@pytest.fixture
def waiting(cast: Cast, frozen: object) -> Comment:
    article = factories.article(cast.gazette, "a1", title="A story")
    root = factories.comment(article, cast.sam, "A question.")
    return factories.comment(
        article, cast.rae, "See http://x", parent=root, to=Status.PENDING, findings=(FINDING,)
    )


def judged(comment: Comment, action: str = "approve", **changes: Any) -> dict[str, Any]:
    """A decision on the comment as it stands now."""
    db.session.rollback()
    db.session.refresh(comment)
    seen = {"revision": comment.revision, "seen": str(comment.decided_id)}
    reason = {"reason": "spam"} if action == "reject" else {}
    return {"action": action, **seen, **reason, **changes}


def status_of(comment: Comment) -> Status:
    db.session.rollback()
    db.session.refresh(comment)
    return comment.status


def test_a_card_holds_what_a_decision_needs(
    call: Call, cast: Cast, mo: str, waiting: Comment
) -> None:
    response = call("GET", QUEUE, mo)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert (response.json["waiting"], response.json["reported"]) == (1, 0)
    (card,) = response.json["items"]
    assert card == {
        "id": str(waiting.id),
        "site": "gazette",
        "article": {"id": "a1", "url": None, "title": "A story"},
        "parent": {
            "id": str(waiting.parent_id),
            "name": "sam",
            "html": card["parent"]["html"],
            "status": "published",
        },
        "author": {
            "id": str(cast.rae.id),
            "name": "rae",
            "badge": None,
            "badges": [],
            "published": 0,
            "rejected": 0,
            "upheld_reports": 0,
        },
        "html": card["html"],
        "status": "pending",
        "created_at": "2026-03-14T09:26:53Z",
        "edited_at": None,
        "revision": 1,
        "seen": str(waiting.decided_id),
        "last": card["last"],
        "findings": [{"message": "Holds 2 links.", "match": "http://x"}],
        "reports": [],
        "actions": ["approve", "reject"],
    }
    body = {"action": "approve", "revision": card["revision"], "seen": card["seen"]}
    assert call("POST", f"/comments/{card['id']}/decisions", mo, json=body).status_code == 201
    assert call("GET", QUEUE, mo).json["items"] == []


def test_pages_of_a_list_follow_one_another(call: Call, cast: Cast, mo: str) -> None:
    article = factories.article(cast.gazette, "a1")
    made = [str(row.id) for row in factories.many(article, cast.rae, 30, to=Status.PENDING)]
    first = call("GET", QUEUE, mo).json
    second = call("GET", f"{QUEUE}&after={first['after']}", mo).json
    assert [card["id"] for card in first["items"] + second["items"]] == made
    newest = call("GET", f"{QUEUE}&order=newest", mo).json
    assert newest["items"][0]["id"] == made[-1]


def test_all_comments_by_status_and_author(call: Call, cast: Cast, mo: str) -> None:
    article = factories.article(cast.gazette, "a1")
    out = factories.comment(article, cast.rae)
    factories.comment(article, cast.rae, to=Status.REJECTED)
    other = factories.comment(article, cast.sam)

    def ids(narrowed: str) -> list[str]:
        return [card["id"] for card in call("GET", f"{QUEUE}&view=all{narrowed}", mo).json["items"]]

    assert len(ids("")) == 3
    assert ids(f"&status=published&author={cast.rae.id}") == [str(out.id)]
    assert ids(f"&author={cast.sam.id}") == [str(other.id)]
    assert call("GET", f"{QUEUE}&view=all&author=999999", mo).status_code == 404


def test_a_queue_costs_few_queries(call: Call, cast: Cast, mo: str, statements: Statements) -> None:
    article = factories.article(cast.gazette, "a1")
    factories.many(article, cast.rae, 12, to=Status.PENDING)
    statements.clear()
    call("GET", QUEUE, mo)
    assert len(statements) <= 3 + 5  # the token, the site with its addresses; the queue


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("view=waiting", "site"),
        ("site=gazette&site=field-notes", "site"),
        ("site=gazette&view=nothing", "view"),
        ("site=gazette&status=published", "status"),
        ("site=gazette&view=all&status=spam", "status"),
        ("site=gazette&view=all&author=0", "author"),
        ("site=gazette&author=1", "author"),
        ("site=gazette&order=best", "order"),
        ("site=gazette&after=nonsense", "after"),
        ("site=gazette&limit=10", "limit"),
    ],
)
def test_a_wrong_list_names_its_fault(
    call: Call, cast: Cast, mo: str, query: str, field: str
) -> None:
    response = call("GET", f"/moderation/queue?{query}", mo)
    assert response.status_code == 422
    assert field in [fault["field"] for fault in response.json["faults"]]


def test_the_same_decision_again_is_the_first(call: Call, mo: str, waiting: Comment) -> None:
    body = judged(waiting, "reject", note="Look at the rules.")
    path = f"/comments/{waiting.id}/decisions"
    first = call("POST", path, mo, json=body)
    assert first.status_code == 201
    assert first.json == {
        "id": first.json["id"],
        "comment": str(waiting.id),
        "action": "reject",
        "reason": "spam",
        "revision": 1,
        "status": "rejected",
        "created_at": "2026-03-14T09:26:53Z",
    }
    before = rows()
    again = call("POST", path, mo, json=body)
    assert (again.status_code, again.json) == (200, first.json)
    assert rows() == before
    turned = call("POST", path, mo, json=judged(waiting))
    assert turned.status_code == 201
    assert status_of(waiting) is Status.PUBLISHED


def test_who_comes_late_is_told_who_was_first(
    call: Call, cast: Cast, mo: str, waiting: Comment
) -> None:
    body = judged(waiting)
    path = f"/comments/{waiting.id}/decisions"
    call("POST", path, factories.api_token(cast.ada), json={**body, "seen": None})
    response = call("POST", path, mo, json={**body, "action": "reject", "reason": "spam"})
    assert (response.status_code, response.json["status"]) == (409, 409)
    assert response.json["code"] == "already-decided"
    assert (response.json["first"]["name"], response.json["first"]["action"]) == ("ada", "approve")
    assert status_of(waiting) is Status.PUBLISHED


def test_who_saw_an_old_text_gets_the_fresh_one(
    call: Call, cast: Cast, mo: str, rae: str, waiting: Comment
) -> None:
    body = judged(waiting)
    call("PATCH", f"/comments/{waiting.id}", rae, json={"body": "Something else."})
    response = call("POST", f"/comments/{waiting.id}/decisions", mo, json=body)
    assert (response.status_code, response.json["code"]) == (409, "text-changed")
    assert (response.json["revision"], response.json["source"]) == (2, "Something else.")


def test_rights(call: Call, cast: Cast, mo: str, waiting: Comment) -> None:
    """Nobody 401, a stranger 404, a member without the right 403; no widget's token ever."""
    factories.member(cast.gazette, cast.rae, Role.STAFF)
    path, body = f"/comments/{waiting.id}/decisions", judged(waiting)
    expected = {
        None: 401,
        factories.site_key(cast.gazette): 401,
        factories.bearer(cast.mo, cast.gazette): 403,
        factories.bearer(cast.ada, cast.gazette): 403,
        factories.api_token(cast.sam): 404,
        factories.api_token(cast.rae): 403,
    }
    for token, status in expected.items():
        assert call("GET", QUEUE, token).status_code == status
        assert call("POST", path, token, json=body).status_code == status
    assert status_of(waiting) is Status.PENDING
    for token in (mo, factories.api_token(cast.ada)):
        assert call("GET", QUEUE, token).status_code == 200


def test_no_page_may_moderate(call: Call, mo: str, waiting: Comment) -> None:
    response = call("GET", QUEUE, mo, headers={"Origin": PUBLISHER})
    assert response.status_code == 401


def test_the_queue_of_another_site_is_not_there(call: Call, cast: Cast, mo: str) -> None:
    for site in ("field-notes", "nowhere"):
        assert call("GET", f"/moderation/queue?site={site}", mo).status_code == 404
    foreign = factories.comment(factories.article(cast.notes, "n1"), cast.rae)
    response = call("POST", f"/comments/{foreign.id}/decisions", mo, json=judged(foreign))
    assert response.status_code == 404


def test_a_decision_seen_elsewhere_is_a_fault(
    call: Call, cast: Cast, mo: str, waiting: Comment
) -> None:
    elsewhere = db.session.scalar(
        sa.select(Decision.id).where(Decision.comment_id == waiting.parent_id)
    )
    for seen in (elsewhere, 999_999, 2**63 - 1):
        body = judged(waiting, seen=seen)
        response = call("POST", f"/comments/{waiting.id}/decisions", mo, json=body)
        assert response.status_code == 422
        assert [fault["field"] for fault in response.json["faults"]] == ["seen"]
    assert status_of(waiting) is Status.PENDING


def test_a_decision_says_what_it_has_seen_and_a_rejection_why(
    call: Call, mo: str, waiting: Comment
) -> None:
    good = judged(waiting, "reject")
    for missing in ("revision", "seen", "reason", "action"):
        body = {name: value for name, value in good.items() if name != missing}
        response = call("POST", f"/comments/{waiting.id}/decisions", mo, json=body)
        assert missing in [fault["field"] for fault in response.json["faults"]]
    body = judged(waiting, "approve", reason="spam")
    assert call("POST", f"/comments/{waiting.id}/decisions", mo, json=body).status_code == 422
    assert status_of(waiting) is Status.PENDING


def test_a_reader_reports_once(call: Call, cast: Cast, rae: str, mo: str) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.sam)
    path = f"/comments/{comment.id}/reports"
    body = {"reason": "abuse", "text": "Look at this <b>."}
    first = call("POST", path, rae, json=body, headers={"Origin": PUBLISHER})
    assert first.status_code == 201
    assert first.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert set(first.json) == {"id", "comment", "message"}
    again = call("POST", path, rae, json={"reason": "spam"})
    assert (again.status_code, again.json) == (200, first.json)
    (card,) = call("GET", f"{QUEUE}&view=reported", mo).json["items"]
    assert [(row["by"], row["text"]) for row in card["reports"]] == [("rae", "Look at this <b>.")]
    html = call("POST", path, rae, json=body, headers={"Accept": "text/html"})
    assert (html.status_code, html.mimetype) == (200, "text/html")
    assert "Thank you." in html.text


def test_what_nobody_can_see_can_not_be_reported(call: Call, cast: Cast, rae: str) -> None:
    article = factories.article(cast.gazette, "a1")
    hidden = factories.article(cast.gazette, "a2", state=State.HIDDEN)
    subjects = [
        factories.comment(article, cast.sam, to=status)
        for status in (Status.PENDING, Status.REJECTED, Status.WITHDRAWN)
    ]
    subjects.append(factories.comment(hidden, cast.sam))
    for comment in subjects:
        response = call("POST", f"/comments/{comment.id}/reports", rae, json={"reason": "spam"})
        assert response.status_code == 404
    own = factories.comment(article, cast.rae)
    response = call("POST", f"/comments/{own.id}/reports", rae, json={"reason": "spam"})
    assert (response.status_code, response.json["code"]) == (403, "own")
    elsewhere = factories.comment(factories.article(cast.notes, "n1"), cast.sam)
    response = call("POST", f"/comments/{elsewhere.id}/reports", rae, json={"reason": "spam"})
    assert (response.status_code, response.json["code"]) == (403, "other-site")
    assert transaction(lambda: db.session.scalar(sa.select(sa.func.count(Report.id)))) == 0

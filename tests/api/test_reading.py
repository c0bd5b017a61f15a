from __future__ import annotations

import pytest

from comments import paging
from comments.threads.models import State, Status
from tests import factories
from tests.api.conftest import Call
from tests.conftest import NOW, PUBLISHER, Cast, Statements

READ = "/comments?site=gazette&article=a1"
FIELDS = {
    "id",
    "site",
    "article",
    "parent",
    "author",
    "html",
    "gone",
    "status",
    "created_at",
    "edited_at",
    "replies",
    "ups",
    "downs",
    "more",
}


def test_a_page_holds_roots_with_their_replies(call: Call, cast: Cast, frozen: object) -> None:
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.rae, "One *two*.")
    reply = factories.comment(article, cast.mo, "Three.", parent=root)

    answer = call("GET", READ).json

    first, second = answer["items"]
    assert first == {
        "id": str(root.id),
        "site": "gazette",
        "article": "a1",
        "parent": None,
        "author": {"id": str(cast.rae.id), "name": "rae", "badge": None, "badges": []},
        "html": first["html"],
        "gone": None,
        "status": "published",
        "created_at": "2026-03-14T09:26:53Z",
        "edited_at": None,
        "replies": 1,
        "ups": 0,
        "downs": 0,
        "more": None,
    }
    assert "two" in first["html"]
    assert (second["id"], second["parent"]) == (str(reply.id), str(root.id))
    assert second["author"]["badge"] == "moderator"
    assert (answer["count"], answer["after"], answer["is_open"]) == (2, None, True)


def test_nothing_else_gets_out(call: Call, cast: Cast) -> None:
    """Field by field: no e-mail, no address, no report, no moderator, no hidden text."""
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.rae, "Removed words.")
    factories.comment(article, cast.sam, "Stays.", parent=root)
    factories.restate(root, Status.REJECTED, by=cast.mo, reason="abuse", note="Careful.")
    factories.comment(article, cast.sam, "Waiting words.", to=Status.PENDING)
    factories.comment(article, cast.sam, "Rejected words.", to=Status.REJECTED)

    response = call("GET", READ)

    assert set(response.json) == {"items", "after", "count", "is_open"}
    assert [set(item) for item in response.json["items"]] == [FIELDS, FIELDS]
    gone, reply = response.json["items"]
    assert set(reply["author"]) == {"id", "name", "badge", "badges"}
    assert (gone["gone"], gone["author"], gone["html"]) == ("removed", None, None)
    for hidden in ("words", "rae", "mo", "abuse", "Careful", "@"):
        assert f'"{hidden}' not in response.text.replace('"more"', "")
        assert f" {hidden}" not in response.text
    assert response.json["count"] == 1


def test_pages_follow_one_another_and_never_overlap(call: Call, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    made = [str(comment.id) for comment in factories.many(article, cast.rae, 7)]
    for sort, expected in (("oldest", made), ("newest", made[::-1])):
        seen, after = [], ""
        while True:
            page = call("GET", f"{READ}&sort={sort}&limit=3{after}").json
            seen += [item["id"] for item in page["items"]]
            if page["after"] is None:
                break
            after = f"&after={page['after']}"
        assert seen == expected


def test_more_replies_lie_behind_their_root(call: Call, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.rae)
    made = [str(c.id) for c in factories.many(article, cast.sam, 15, parent=root)]

    first = call("GET", READ).json["items"]
    rest = call("GET", f"{READ}&after={first[0]['more']}").json["items"]

    assert [item["id"] for item in first[1:]] + [item["id"] for item in rest[1:]] == made
    assert rest[0]["id"] == str(root.id)


def test_an_unknown_article_is_empty_and_an_unknown_site_is_not_there(call: Call) -> None:
    response = call("GET", "/comments?site=gazette&article=never")
    assert response.status_code == 200
    assert response.json == {"items": [], "after": None, "count": 0, "is_open": True}
    assert call("GET", "/comments?site=nowhere&article=a1").status_code == 404


def test_a_hidden_article_shows_nothing(call: Call, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1", state=State.HIDDEN)
    factories.comment(article, cast.rae)
    assert call("GET", READ).json == {"items": [], "after": None, "count": 0, "is_open": False}
    assert call("GET", "/counts?site=gazette&article=a1").json == {"counts": {"a1": 0}}


def test_the_same_article_of_another_site_is_another(call: Call, cast: Cast) -> None:
    factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    assert call("GET", "/comments?site=field-notes&article=a1").json["count"] == 0


def test_an_unknown_id_finds_its_article_by_a_known_address(call: Call, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1", url="https://gazette.example/a")
    factories.alias(article, "https://gazette.example/a")
    factories.comment(article, cast.rae)
    url = "https%3A%2F%2Fgazette.example%2Fa%3Futm_source%3Dx"
    assert call("GET", f"/comments?site=gazette&article=new&url={url}").json["count"] == 1
    assert call("GET", f"/comments?site=gazette&article={url}").json["count"] == 1
    assert call("GET", "/comments?site=gazette&article=new&url=nonsense").json["count"] == 0


def test_everybody_gets_the_same_bytes_under_an_entity_tag(
    call: Call, cast: Cast, rae: str
) -> None:
    article = factories.article(cast.gazette, "a1")
    factories.comment(article, cast.rae)
    response = call("GET", READ)
    assert response.headers["Cache-Control"] == (
        "public, max-age=0, s-maxage=2, stale-while-revalidate=1"
    )
    assert response.headers["Vary"] == "Accept-Encoding, Origin"
    etag = response.headers["ETag"]
    assert not etag.startswith("W/")
    again = call("GET", READ, rae, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert call("GET", READ, rae).data == response.data

    factories.comment(article, cast.sam)
    changed = call("GET", READ, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_refusals_are_kept_by_nobody(call: Call) -> None:
    response = call("GET", "/comments?site=nowhere&article=a1")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", [READ, "/counts?site=gazette&article=a1"])
def test_only_the_sites_own_pages_may_read_across_origins(
    call: Call, cast: Cast, path: str
) -> None:
    def allowed(origin: str) -> str | None:
        response = call("GET", path, headers={"Origin": origin})
        assert response.status_code == 200
        assert "Access-Control-Allow-Credentials" not in response.headers
        return response.headers.get("Access-Control-Allow-Origin")

    assert allowed(PUBLISHER) == PUBLISHER
    assert allowed("https://www.gazette.example") == "https://www.gazette.example"
    for foreign in ("https://notes.example", "null", "http://gazette.example", f"{PUBLISHER}.evil"):
        assert allowed(foreign) is None


def test_counts_are_by_the_ids_that_were_asked_for(call: Call, cast: Cast) -> None:
    one = factories.article(cast.gazette, "a1")
    factories.alias(one, "https://gazette.example/one")
    factories.many(one, cast.rae, 2)
    factories.comment(factories.article(cast.gazette, "a2"), cast.rae, to=Status.PENDING)
    factories.comment(factories.article(cast.notes, "a3"), cast.rae)
    address = "https://gazette.example/one"
    asked = "&".join(f"article={key}" for key in ("a1", "a2", "a3", "a1", "never", address))
    assert call("GET", f"/counts?site=gazette&{asked}").json["counts"] == {
        "a1": 2,
        "a2": 0,
        "a3": 0,
        "never": 0,
        address: 2,
    }
    paired = f"article=new&url={address}&article=a2&url="
    assert call("GET", f"/counts?site=gazette&{paired}").json["counts"] == {"new": 2, "a2": 0}


def test_a_read_costs_few_queries(call: Call, cast: Cast, statements: Statements) -> None:
    article = factories.article(cast.gazette, "a1")
    root = factories.comment(article, cast.rae)
    factories.many(article, cast.sam, 5, parent=root)
    statements.clear()
    call("GET", READ)
    # The site and its addresses, the article, roots, replies.
    assert len(reads(statements)) <= 5
    statements.clear()
    call("GET", "/counts?site=gazette&article=a1&article=a2&article=a3")
    assert len(reads(statements)) <= 3


def reads(statements: Statements) -> list[str]:
    """All but looks at what holds now: news of another process may come at any time."""
    return [each for each in statements if "sites LEFT OUTER JOIN articles" not in each]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("article=a1", "site"),
        ("site=&article=a1", "site"),
        ("site=gazette", "article"),
        ("site=gazette&article=", "article"),
        ("site=gazette&article=%E2%80%8B", None),
        ("site=gazette&site=field-notes&article=a1", "site"),
        ("site[]=gazette&article=a1", "site"),
        ("site=gazette&article=a1&article=a2", "article"),
        ("site=gazette&article=" + "x" * 301, "article"),
        ("site=gaz%00ette&article=a1", "site"),
        ("site=gazette&article=a%00", "article"),
        ("site=gazette&article=a%0Ab", "article"),
        ("site=gazette&article=a1&sort=hot", "sort"),
        ("site=gazette&article=a1&sort=", "sort"),
        ("site=gazette&article=a1&limit=0", "limit"),
        ("site=gazette&article=a1&limit=-1", "limit"),
        ("site=gazette&article=a1&limit=101", "limit"),
        ("site=gazette&article=a1&limit=1000000000", "limit"),
        ("site=gazette&article=a1&limit=NaN", "limit"),
        ("site=gazette&article=a1&limit=1e1", "limit"),
        ("site=gazette&article=a1&limit=" + "9" * 5000, "limit"),
        ("site=gazette&article=a1&after=nonsense", "after"),
        ("site=gazette&article=a1&after=%00", "after"),
        ("site=gazette&article=a1&after=" + "x" * 601, "after"),
        ("site=gazette&article=a1&after=MjAyNi0wMy0xNFQwOToyNjo1Mw", "after"),
        ("site=gazette&article=a1&offset=100", "offset"),
        ("site=gazette&article=a1&status=pending", "status"),
        ("site=gazette&article=a1&url=" + "x" * 2001, "url"),
    ],
)
def test_a_wrong_address_names_its_fault(
    call: Call, cast: Cast, query: str, field: str | None
) -> None:
    factories.article(cast.gazette, "a1")
    response = call("GET", f"/comments?{query}")
    if field is None:
        assert response.status_code in (200, 422)
        return
    assert response.status_code == 422
    assert field in [fault["field"] for fault in response.json["faults"]]
    assert all(fault["message"] for fault in response.json["faults"])


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        (("2026-03-14T09:26:53+00:00", "1"), 200),
        (("2026-03-14T09:26:53", "1"), 422),
        (("0001-01-01T00:00:00+14:00", "1"), 422),
        (("9999-12-31T23:59:59-14:00", "1"), 422),
        (("2026-03-14T09:26:53+00:00", str(2**63)), 422),
        (("2026-03-14T09:26:53+00:00", "-1"), 422),
        (("2026-03-14T09:26:53+00:00", "9" * 500), 422),
        (("branch", "1", "0000000a"), 200),
        (("branch", "1", "0000000a" * 51), 422),
        (("branch", "1", "zzzzzzzz"), 200),
        (("branch", "1", "ZZZZZZZZ"), 422),
        (("branch", "1", ""), 422),
        (("branch", "1", "0000000a\0"), 422),
        (("other", "0000000a"), 422),
        (("one",), 422),
    ],
)
def test_forged_cursors_are_refused_or_harmless(
    call: Call, cast: Cast, parts: tuple[str, ...], status: int
) -> None:
    factories.comment(factories.article(cast.gazette, "a1"), cast.rae, at=NOW)
    response = call("GET", f"{READ}&after={paging.encode(*parts)}")
    assert response.status_code == status


def test_a_cursor_of_another_article_shows_nothing_of_it(call: Call, cast: Cast) -> None:
    other = factories.article(cast.notes, "n1")
    root = factories.comment(other, cast.sam)
    factories.many(other, cast.rae, 15, parent=root)
    factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    more = call("GET", "/comments?site=field-notes&article=n1").json["items"][0]["more"]
    assert call("GET", f"{READ}&after={more}").json["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("article=a1", "site"),
        ("site=gazette", "article"),
        ("site=gazette&" + "&".join(f"article={n}" for n in range(101)), "article"),
        ("site=gazette&article=a1&article=", "article.1"),
        ("site=gazette&article[]=a1", "article[]"),
        ("site=gazette&site=gazette&article=a1", "site"),
        ("site=gazette&article=a1&url=x&url=y", "url"),
        ("site=gazette&article=a%00", "article.0"),
    ],
)
def test_wrong_counts_name_their_fault(call: Call, query: str, field: str) -> None:
    response = call("GET", f"/counts?{query}")
    assert response.status_code == 422
    assert field in [fault["field"] for fault in response.json["faults"]]


@pytest.mark.parametrize("path", ["/comments", "/comments/1", "/preview", "/nothing", "/counts"])
@pytest.mark.parametrize("override", ["X-HTTP-Method-Override", "X-Method-Override", "_method"])
def test_methods_are_what_they_are(call: Call, path: str, override: str) -> None:
    response = call("GET", f"{path}?site=gazette&article=a1", headers={override: "DELETE"})
    expected = {"/comments": 200, "/counts": 200, "/nothing": 404}
    assert response.status_code == expected.get(path, 405)

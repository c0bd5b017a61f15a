from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock
from comments.accounts.models import Identity, User, Way
from comments.db import db, transaction
from comments.imports import disqus, loading, places, staging, wordpress
from comments.imports.files import Refused
from comments.imports.loading import Goal
from comments.imports.places import Placing
from comments.imports.plan import Sums
from comments.imports.records import Reason, Record
from comments.sites.models import Site
from comments.threads import articles
from comments.threads.articles import Name
from comments.threads.models import Act, Article, Comment, Decision, Revision, State, Status
from tests import factories, recount
from tests.conftest import Cast
from tests.corpora import shared
from tests.imports import exports
from tests.imports.exports import post, thread


@pytest.fixture
def gazette(cast: Cast) -> Site:
    return cast.gazette


def load(
    site: Site, records: Iterable[Record], placing: Placing | None = None, way: Way = Way.DISQUS
) -> tuple[Sums, dict[Reason, list[str]], list[str]]:
    """What was imported, what was skipped and what was moved to the top."""
    goal = Goal(site, way, clock.now())
    with staging.staged(records, placing or Placing()) as plan:
        loading.recognise(plan, goal)
        sums = plan.sums()
        assert sum(loading.load(plan, goal)) == sums.imported
        skipped = {reason: list(plan.skipped_ids(reason)) for reason in plan.skipped()}
        assert {reason: len(ids) for reason, ids in skipped.items()} == plan.skipped()
        assert sums.read == sums.imported + sum(map(len, skipped.values()))
        assert plan.sums() == sums
        return sums, skipped, list(plan.promoted_ids())


def load_disqus(
    folder: Path, site: Site, *parts: str, placing: Placing | None = None
) -> tuple[Sums, dict[Reason, list[str]], list[str]]:
    return load(site, disqus.read(exports.disqus(folder, *parts)), placing)


def by_source(site: Site) -> dict[str, Comment]:
    rows = db.session.scalars(sa.select(Comment).where(Comment.site_id == site.id))
    return {str(row.import_key).partition(":")[2].rpartition("@")[0]: row for row in rows}


def text_of(comment: Comment) -> str:
    return db.session.scalars(
        sa.select(Revision.html).where(Revision.comment_id == comment.id)
    ).one()


def found(site: Site, url: str) -> Article:
    article = articles.find(site, Name(url))
    assert article is not None
    return article


def test_a_comment_arrives_with_text_author_time_and_record(
    tmp_path: Path, gazette: Site, frozen: datetime
) -> None:
    sums, skipped, _top = load_disqus(tmp_path, gazette, thread("1"), post("7"))
    assert (sums, skipped) == (Sums(1, 1, 1, 0, 0), {})
    comment = by_source(gazette)["7"]
    assert comment.status is Status.PUBLISHED
    assert comment.created_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert text_of(comment) == "<p>Said.</p>"
    author = db.session.get_one(User, comment.author_id)
    assert (author.name, author.site_id) == ("Robin", gazette.id)
    decision = db.session.scalars(sa.select(Decision)).one()
    assert (decision.act, decision.by_id, decision.created_at) == (Act.IMPORT, None, frozen)
    article = found(gazette, "https://news.example/a")
    assert (article.key, article.title, article.published) == (
        "http://news.example/a",
        "A title",
        1,
    )


def test_a_second_run_imports_nothing(tmp_path: Path, gazette: Site) -> None:
    parts = [thread("1"), post("7"), post("8", parent="7"), post("9", isSpam="true")]
    load_disqus(tmp_path, gazette, *parts)
    before = {key: row.id for key, row in by_source(gazette).items()}
    sums, skipped, _top = load_disqus(tmp_path, gazette, *parts)
    assert sums.imported == 0
    assert skipped == {Reason.HERE_ALREADY: ["7", "8"], Reason.SPAM: ["9"]}
    assert {key: row.id for key, row in by_source(gazette).items()} == before


def test_another_comment_of_the_same_id_is_not_here_already(tmp_path: Path, gazette: Site) -> None:
    load_disqus(tmp_path, gazette, thread("1"), post("7"))
    elsewhere = thread("1", "http://news.example/b"), post("7", createdAt="2021-01-01T00:00:00Z")
    sums, _skipped, _top = load_disqus(tmp_path, gazette, *elsewhere)
    assert sums.imported == 1


def test_a_later_export_adds_what_is_new_below_what_is_here(tmp_path: Path, gazette: Site) -> None:
    load_disqus(tmp_path, gazette, thread("1"), post("7"))
    sums, _skipped, _top = load_disqus(
        tmp_path, gazette, thread("1"), post("7"), post("8", parent="7")
    )
    assert sums.imported == 1
    rows = by_source(gazette)
    assert rows["8"].parent_id == rows["7"].id


def test_children_may_come_before_their_parents(tmp_path: Path, gazette: Site) -> None:
    load_disqus(
        tmp_path, gazette, thread("1"), post("9", parent="8"), post("8", parent="7"), post("7")
    )
    rows = by_source(gazette)
    assert rows["9"].parent_id == rows["8"].id
    assert rows["8"].parent_id == rows["7"].id
    assert [rows[key].depth for key in "789"] == [0, 1, 2]
    assert rows["7"].replies == 2


def test_a_parent_in_an_earlier_batch_is_found(
    tmp_path: Path, gazette: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comments.imports.plan.BATCH", 2)
    chain = [post(str(n), parent=str(n + 1) if n < 9 else "") for n in range(1, 10)]
    load_disqus(tmp_path, gazette, thread("1"), *chain)
    rows = by_source(gazette)
    assert [rows[str(n)].depth for n in range(1, 10)] == [*range(8, -1, -1)]


def test_what_was_deleted_stays_as_an_empty_place_or_not_at_all(
    tmp_path: Path, gazette: Site
) -> None:
    secret = "<![CDATA[<p>A secret.</p>]]>"
    sums, skipped, _top = load_disqus(
        tmp_path,
        gazette,
        thread("1"),
        post("1", isDeleted="true", message=secret),
        post("2", parent="1", isSpam="true", message=secret),
        post("3", parent="2"),
        post("4", isDeleted="true", message=secret),
        post("5", parent="4", isDeleted="true", message=secret),
    )
    assert (sums.published, sums.tombstones) == (1, 2)
    assert skipped == {Reason.DELETED: ["4", "5"]}
    rows = by_source(gazette)
    assert rows["1"].status is rows["2"].status is Status.WITHDRAWN
    assert rows["3"].ancestor_ids == [rows["1"].id, rows["2"].id]
    assert (rows["1"].shown, rows["1"].replies) == (True, 1)
    assert not db.session.scalar(
        sa.select(sa.func.count()).where(
            Revision.source.contains("secret") | Revision.html.contains("secret")
        )
    )
    nobody = db.session.get_one(User, rows["1"].author_id)
    assert (nobody.name, nobody.is_closed) == ("", True)


def test_rings_and_orphans_are_kept_at_the_top(tmp_path: Path, gazette: Site) -> None:
    sums, _skipped, top = load_disqus(
        tmp_path,
        gazette,
        thread("1"),
        post("10", parent="11"),
        post("11", parent="10"),
        post("12", parent="12"),
        post("13", parent="99"),
    )
    assert sums.published == 4
    assert sorted(top) == ["10", "12", "13"]
    rows = by_source(gazette)
    assert rows["11"].parent_id == rows["10"].id
    assert rows["10"].parent_id is rows["12"].parent_id is rows["13"].parent_id is None


def test_what_has_no_place_is_listed(tmp_path: Path, gazette: Site) -> None:
    gone = "<id/><isDeleted>true</isDeleted>"
    sums, skipped, _top = load_disqus(
        tmp_path,
        gazette,
        thread("2", "http://news.example/b", gone),
        thread("3", ""),
        post("7", "1"),
        post("8", "2"),
        post("9", "3"),
        post("10", "1", isDeleted="true"),
        post("11", createdAt="never"),
        post("12", message="<![CDATA[<p> <br> </p>]]>"),
        thread("1", "http://news.example/a"),
        post("12"),
    )
    assert sums.read == 7
    assert skipped == {
        Reason.DELETED_THREAD: ["8"],
        Reason.NO_ADDRESS: ["9"],
        Reason.DELETED: ["10"],
        Reason.NO_DATE: ["11"],
        Reason.EMPTY: ["12"],
        Reason.REPEATED: ["12"],
    }


def test_a_post_without_its_thread_is_listed(tmp_path: Path, gazette: Site) -> None:
    sums, skipped, _top = load_disqus(tmp_path, gazette, post("6", "1337"))
    assert sums.imported == 0
    assert skipped == {Reason.NO_THREAD: ["6"]}


def test_all_addresses_of_a_page_are_one_article(tmp_path: Path, gazette: Site) -> None:
    load_disqus(
        tmp_path,
        gazette,
        thread("1", "http://news.example/a"),
        thread("2", "https://news.example/a/?utm_source=x"),
        thread("3", "http://localhost:4000/a"),
        thread("4", "https://news.example/b"),
        post("7", "1"),
        post("8", "2"),
        post("9", "2"),
        post("10", "3", parent="7"),
        placing=Placing(hosts=places.host_map(["localhost:4000=news.example"])),
    )
    article = db.session.scalars(sa.select(Article)).one()
    assert article.key == article.url == "https://news.example/a/"
    for url in ("https://news.example/a", "http://news.example/a/", "http://localhost:4000/a"):
        assert found(gazette, url) is article
    rows = by_source(gazette)
    assert rows["10"].parent_id == rows["7"].id


def test_threads_go_by_identifier_and_by_page_where_they_have_none(
    tmp_path: Path, gazette: Site
) -> None:
    load_disqus(
        tmp_path,
        gazette,
        thread("1", "http://news.example/a", "<id>story-1</id>"),
        thread("2", "http://news.example/a/"),
        thread("3", "http://news.example/a", "<id>story-2</id>"),
        post("7", "1"),
        post("8", "2"),
        post("9", "3"),
        placing=Placing(by_identifier=True),
    )
    keys = {
        source: db.session.get_one(Article, row.article_id).key
        for source, row in by_source(gazette).items()
    }
    assert keys == {"7": "story-1", "8": "story-1", "9": "story-2"}


def test_the_article_that_is_there_is_used_and_keeps_its_state(
    tmp_path: Path, gazette: Site
) -> None:
    article = factories.article(gazette, "story-1", state=State.HIDDEN, title="Ours")
    transaction(lambda: articles.add_alias(article, "https://news.example/a"))
    closed = "<id/><isClosed>true</isClosed>"
    load_disqus(tmp_path, gazette, thread("1", "http://news.example/a", closed), post("7"))
    db.session.refresh(article)
    assert (article.state, article.title, article.published) == (State.HIDDEN, "Ours", 1)


def test_a_closed_thread_becomes_a_closed_article(tmp_path: Path, gazette: Site) -> None:
    closed = "<id/><isClosed>true</isClosed>"
    load_disqus(tmp_path, gazette, thread("1", "http://news.example/a", closed), post("7"))
    assert found(gazette, "http://news.example/a").state is State.CLOSED


def test_an_article_may_have_a_long_address_for_its_id(tmp_path: Path, gazette: Site) -> None:
    url = "https://news.example/" + "%E9%BB%91" * 40
    long_id = thread("2", "https://news.example/b", f"<id>{'x' * 400}</id>")
    load_disqus(tmp_path, gazette, thread("1", url), post("7"), long_id, post("8", "2"))
    assert found(gazette, url).key == url
    load_disqus(
        tmp_path,
        gazette,
        long_id.replace("news.example/b", "news.example/c"),
        post("9", "2"),
        placing=Placing(by_identifier=True),
    )
    assert found(gazette, "https://news.example/c").key.startswith("sha256:")


@pytest.mark.parametrize(
    "inner", ["<wp:status>private</wp:status>", "<wp:post_password>x</wp:post_password>"]
)
def test_what_was_not_for_everybody_is_hidden(tmp_path: Path, gazette: Site, inner: str) -> None:
    item = exports.item("https://news.example/?p=4", exports.comment("7"), inner=inner)
    load(gazette, wordpress.read(exports.wxr(tmp_path, item)), way=Way.WORDPRESS)
    assert found(gazette, "https://news.example/?p=4").state is State.HIDDEN


def test_an_article_goes_by_its_secure_address(tmp_path: Path, gazette: Site) -> None:
    load_disqus(
        tmp_path,
        gazette,
        thread("1", "http://news.example/a/"),
        thread("2", "https://news.example/a/"),
        post("7", "1"),
    )
    assert found(gazette, "http://news.example/a/").url == "https://news.example/a/"


def test_authors_are_people_of_the_site(tmp_path: Path, gazette: Site) -> None:
    guest = "<name>Kim</name><isAnonymous>true</isAnonymous>"
    load_disqus(
        tmp_path,
        gazette,
        thread("1"),
        thread("2", "http://news.example/b"),
        post("1"),
        post("2", "2"),
        post("3", author=guest),
        post("4", author=guest),
        post("5", "2", author=guest),
        post("6", author="<name> </name>"),
    )
    people = {source: row.author_id for source, row in by_source(gazette).items()}
    assert people["1"] == people["2"]
    assert people["3"] == people["4"] != people["5"]
    names = dict(db.session.execute(sa.select(User.id, User.name)).all())
    assert names[people["5"]] == "Kim"
    assert names[people["6"]] == "Anonymous"
    assert not db.session.scalar(
        sa.select(sa.func.count()).select_from(Identity).where(Identity.secret.is_not(None))
    )


def test_a_name_that_somebody_here_has_is_told_apart(tmp_path: Path, cast: Cast) -> None:
    load_disqus(
        tmp_path,
        cast.gazette,
        thread("1"),
        post("7", author="<name>Mo</name><username>m</username>"),
    )
    user = db.session.get_one(User, by_source(cast.gazette)["7"].author_id)
    assert user.name == "Mo (Disqus)"


def test_a_time_to_come_is_now(tmp_path: Path, gazette: Site, frozen: datetime) -> None:
    load_disqus(tmp_path, gazette, thread("1"), post("7", createdAt="2999-01-01T00:00:00Z"))
    assert by_source(gazette)["7"].created_at == frozen


def test_a_file_that_is_cut_off_leaves_no_row(tmp_path: Path, gazette: Site) -> None:
    file = exports.disqus(tmp_path, thread("1"), *(post(str(n)) for n in range(900)))
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(Refused, match=r"in <post> 900: the file ends"):
        load(gazette, disqus.read(file))
    assert not db.session.scalar(sa.select(sa.func.count()).select_from(Comment))
    assert not db.session.scalar(sa.select(sa.func.count()).select_from(Article))


def test_markup_goes_through_the_same_cleaner_as_a_post(tmp_path: Path, gazette: Site) -> None:
    message = '<![CDATA[<p>hi <a href="javascript:alert(1)">x</a><img src=x onerror=y></p>]]>'
    load_disqus(tmp_path, gazette, thread("1"), post("7", message=message))
    html = text_of(by_source(gazette)["7"])
    assert "hi" in html
    assert "javascript" not in html
    assert "onerror" not in html


def test_waiting_comments_of_wordpress_wait(tmp_path: Path, gazette: Site) -> None:
    url = "https://news.example/?p=4"
    item = exports.item(
        url,
        exports.comment("7"),
        exports.comment("8", comment_approved="0", parent="7"),
        exports.comment("9", comment_type="pingback"),
    )
    sums, skipped, _top = load(
        gazette, wordpress.read(exports.wxr(tmp_path, item)), way=Way.WORDPRESS
    )
    assert (sums.published, sums.waiting) == (1, 1)
    assert skipped == {Reason.PINGBACK: [f"{url}##9"]}
    article = found(gazette, url)
    assert (article.published, article.pending) == (1, 1)
    assert by_source(gazette)[f"{url}##8"].status is Status.PENDING


@pytest.mark.shared
def test_a_real_export_adds_up(gazette: Site) -> None:
    file = shared() / "samples/import/disqus/laisky-disqus-export.xml"
    sums, skipped, top = load(gazette, disqus.read(file))
    assert (sums.read, sums.threads) == (209, 736)
    assert sums.published == 204
    assert sums.tombstones + sum(map(len, skipped.values())) == 5
    assert top == []
    levels = Counter(row.depth + 1 for row in by_source(gazette).values())
    assert max(levels) == 8
    again, skipped, _top = load(gazette, disqus.read(file))
    assert again.imported == 0
    assert len(skipped[Reason.HERE_ALREADY]) == sums.imported


@pytest.mark.shared
def test_the_slot_of_a_page_draws_the_deepest_thread(gazette: Site, client: FlaskClient) -> None:
    load(gazette, disqus.read(shared() / "samples/import/disqus/laisky-disqus-export.xml"))
    deepest = db.session.scalars(sa.select(Comment).order_by(Comment.depth.desc())).first()
    assert deepest is not None
    page = "https://blog.laisky.com/p/ipython-draw/?utm_source=feed"
    asked = {"site": gazette.key, "article": page}
    html = client.get("/embed/thread", query_string=asked).text
    for cursor in re.findall(r'data-after="([^"]+)"', html):
        html += client.get("/embed/thread", query_string=asked | {"after": cursor}).text
    below = dict(re.findall(r'data-comment="(\d+)"[^>]* data-parent="(\d+)"', html))
    chain = [str(id) for id in (*deepest.ancestor_ids, deepest.id)]
    assert len(chain) == 8
    assert [below[id] for id in chain[1:]] == chain[:-1]


@pytest.mark.shared
def test_the_test_data_of_wordpress_adds_up(gazette: Site) -> None:
    file = shared() / "samples/import/wordpress/theme-unit-test-https-ns.xml"
    sums, skipped, _top = load(gazette, wordpress.read(file), way=Way.WORDPRESS)
    assert (sums.read, sums.imported, sums.waiting) == (32, 28, 3)
    assert {reason: len(ids) for reason, ids in skipped.items()} == {
        Reason.PINGBACK: 2,
        Reason.TRACKBACK: 2,
    }


def test_two_imports_of_one_file_at_once_bring_it_once(tmp_path: Path, gazette: Site) -> None:
    file = exports.disqus(tmp_path, thread("1"), post("7"), post("8", parent="7"))
    goal = Goal(gazette, Way.DISQUS, clock.now())
    with (
        staging.staged(disqus.read(file), Placing()) as slow,
        staging.staged(disqus.read(file), Placing()) as fast,
    ):
        loading.recognise(slow, goal)
        loading.recognise(fast, goal)
        assert list(loading.load(fast, goal)) == [2]
        assert list(loading.load(slow, goal)) == [2]
    assert db.session.scalar(sa.select(sa.func.count(Comment.id))) == 2
    assert recount.differences() == []

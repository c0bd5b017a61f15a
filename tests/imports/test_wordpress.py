from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comments.imports import wordpress
from comments.imports.files import Refused
from comments.imports.records import (
    NOBODY,
    ForeignAuthor,
    ForeignComment,
    ForeignThread,
    Reason,
    Record,
    Skipped,
)
from tests.corpora import shared
from tests.imports import exports

URL = "https://news.example/?p=4"


def read(folder: Path, *items: str, namespace: str = exports.NAMESPACE) -> list[Record]:
    return list(wordpress.read(exports.wxr(folder, *items, namespace=namespace)))


def comment(folder: Path, part: str) -> ForeignComment:
    record = read(folder, exports.item(URL, part))[0]
    assert isinstance(record, ForeignComment)
    return record


def test_a_comment_is_read(tmp_path: Path) -> None:
    assert comment(tmp_path, exports.comment("7", parent="6")) == ForeignComment(
        source_id=f"{URL}##7",
        thread_id=f"{URL}#",
        parent_id=f"{URL}##6",
        author=ForeignAuthor(None, "Robin"),
        html="<p>Said.</p>",
        created_at=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        is_waiting=False,
        withheld=None,
    )


def test_an_item_becomes_a_thread(tmp_path: Path) -> None:
    inner = (
        '<guid isPermaLink="false">http://old.example/?p=4</guid><wp:post_id>4</wp:post_id>'
        "<wp:status>publish</wp:status><wp:comment_status>closed</wp:comment_status>"
    )
    _comment, thread = read(tmp_path, exports.item(URL, exports.comment("7"), inner=inner))
    assert thread == ForeignThread(
        source_id="http://old.example/?p=4#4",
        identifier="",
        url=URL,
        title="A title",
        closed=True,
        deleted=False,
    )


def test_an_item_in_the_bin_is_a_deleted_thread(tmp_path: Path) -> None:
    inner = "<wp:status>trash</wp:status>"
    _comment, thread = read(tmp_path, exports.item(URL, exports.comment("7"), inner=inner))
    assert isinstance(thread, ForeignThread)
    assert thread.deleted


def test_the_dialect_of_disqus_names_threads_and_people(tmp_path: Path) -> None:
    remote = (
        "<dsq:remote><dsq:id>u5</dsq:id><dsq:avatar>http://x.example/a</dsq:avatar></dsq:remote>"
    )
    part = exports.comment("7").replace("<wp:comment>", f"<wp:comment>{remote}")
    inner = "<dsq:thread_identifier>own-id</dsq:thread_identifier>"
    found, thread = read(tmp_path, exports.item(URL, part, inner=inner))
    assert isinstance(found, ForeignComment)
    assert found.author == ForeignAuthor("news.example#u5", "Robin")
    assert isinstance(thread, ForeignThread)
    assert thread.identifier == "own-id"


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_namespace_of_wordpress_is_known(tmp_path: Path, scheme: str, version: str) -> None:
    namespace = f"{scheme}://wordpress.org/export/{version}/"
    found, _thread = read(tmp_path, exports.item(URL, exports.comment("7")), namespace=namespace)
    assert isinstance(found, ForeignComment)


def test_one_comment_id_under_two_posts_is_two_comments(tmp_path: Path) -> None:
    items = [exports.item(f"{URL}{n}", exports.comment("11")) for n in (1, 2)]
    comments = [record for record in read(tmp_path, *items) if isinstance(record, ForeignComment)]
    assert len({comment.source_id for comment in comments}) == 2


def test_copied_posts_that_share_a_guid_are_two_threads(tmp_path: Path) -> None:
    guid = "<guid>http://old.example/?p=4</guid>"
    items = [
        exports.item(URL, exports.comment(id), inner=f"{guid}<wp:post_id>{id}</wp:post_id>")
        for id in ("4", "5")
    ]
    assert (
        len(
            {
                record.thread_id
                for record in read(tmp_path, *items)
                if isinstance(record, ForeignComment)
            }
        )
        == 2
    )


def test_an_item_without_comments_is_no_thread(tmp_path: Path) -> None:
    items = exports.item(URL, exports.comment("7")), exports.item(f"{URL}1")
    assert len(read(tmp_path, *items)) == 2


def test_a_user_of_the_blog_has_a_subject(tmp_path: Path) -> None:
    found = comment(tmp_path, exports.comment("7", comment_user_id="1"))
    assert found.author == ForeignAuthor("news.example#1", "Robin")


def test_entities_in_names_are_resolved(tmp_path: Path) -> None:
    name = "<![CDATA[&laquo; Cynwise&#039;s]]>"
    assert comment(tmp_path, exports.comment("7", comment_author=name)).author.name == "« Cynwise's"


@pytest.mark.parametrize(
    ("approved", "is_waiting", "withheld"),
    [
        ("1", False, None),
        ("<![CDATA[1]]>", False, None),
        ("0", True, None),
        ("", True, None),
        ("spam", True, Reason.SPAM),
        ("trash", True, Reason.DELETED),
        ("post-trashed", True, Reason.DELETED),
    ],
)
def test_the_state_of_a_comment(
    tmp_path: Path, approved: str, is_waiting: bool, withheld: Reason | None
) -> None:
    found = comment(tmp_path, exports.comment("7", comment_approved=approved))
    assert (found.is_waiting, found.withheld) == (is_waiting, withheld)
    if withheld:
        assert (found.html, found.author) == ("", NOBODY)


@pytest.mark.parametrize(
    ("kind", "withheld"),
    [
        ("", None),
        ("comment", None),
        ("pingback", Reason.PINGBACK),
        ("trackback", Reason.TRACKBACK),
        ("order_note", Reason.OTHER_KIND),
    ],
)
def test_only_what_people_said_is_a_comment(
    tmp_path: Path, kind: str, withheld: Reason | None
) -> None:
    assert comment(tmp_path, exports.comment("7", comment_type=kind)).withheld is withheld


def test_local_time_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    never = "0000-00-00 00:00:00"
    found = comment(tmp_path, exports.comment("7", comment_date_gmt=never))
    assert found.created_at == datetime(2020, 1, 2, 5, 4, 5, tzinfo=UTC)
    part = exports.comment("7", comment_date_gmt=never, comment_date="")
    assert read(tmp_path, exports.item(URL, part))[0] == Skipped(f"{URL}##7", Reason.NO_DATE)


def test_a_comment_without_an_id_is_skipped(tmp_path: Path) -> None:
    record = read(tmp_path, exports.item(URL, exports.comment("")))[0]
    assert record == Skipped("<comment> 1", Reason.NO_ID)


def test_comments_that_are_not_recognised_are_told(tmp_path: Path) -> None:
    part = exports.comment("7").replace("wp:comment>", "wp:remark>")
    with pytest.raises(Refused, match="<comment_id> that this reader can't place"):
        read(tmp_path, exports.item(URL, part))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one", "<p>one</p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("one\r\ntwo", "<p>one<br>\ntwo</p>"),
        ("one\n\n\ntwo\n \nthree", "<p>one</p>\n<p>two</p>\n<p>three</p>"),
        ("a <b>bold</b> word", "<p>a <b>bold</b> word</p>"),
        ("<p>one</p>\n<p>two</p>", "<p>one</p>\n<p>two</p>"),
        (
            "said:\n<blockquote>it</blockquote>\nno",
            "<p>said:</p>\n<blockquote>\n<p>it</p>\n</blockquote>\n<p>no</p>",
        ),
        ("x\n<pre>a\n\nb</pre>\ny", "<p>x</p><pre>a\n\nb</pre><p>y</p>"),
        ("", ""),
    ],
)
def test_line_ends_become_what_wordpress_shows(text: str, html: str) -> None:
    assert wordpress.paragraphs(text) == html


# Of each file: threads, comments that may be shown, waiting ones, and why others may not.
SAMPLES = {
    "wordpress/theme-unit-test-https-ns.xml": (
        6,
        28,
        3,
        {Reason.PINGBACK: 2, Reason.TRACKBACK: 2},
    ),
    "wordpress/isso-fixture-wordpress-1.0.xml": (2, 8, 0, {}),
    "wordpress/artransfer-wordpress-1.2-zh.xml": (1, 5, 0, {}),
    "wordpress/wp-importer-comment-meta-1.0.xml": (1, 1, 0, {}),
    "disqus/disqus-custom-import-wxr-doc-example.xml": (1, 1, 0, {}),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", SAMPLES)
def test_a_foreign_file_is_read_whole(name: str) -> None:
    records = list(wordpress.read(shared() / "samples/import" / name))
    comments = [record for record in records if isinstance(record, ForeignComment)]
    withheld = Counter(comment.withheld for comment in comments)
    shown = withheld.pop(None, 0)
    waiting = sum(comment.is_waiting and not comment.withheld for comment in comments)
    threads = sum(isinstance(record, ForeignThread) for record in records)
    assert (threads, shown, waiting, withheld) == SAMPLES[name]
    assert len(records) == threads + len(comments)

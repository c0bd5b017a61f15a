from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comments.imports import disqus
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


def read_one(folder: Path, part: str) -> Record:
    [record] = disqus.read(exports.disqus(folder, part))
    return record


def comment(folder: Path, part: str) -> ForeignComment:
    record = read_one(folder, part)
    assert isinstance(record, ForeignComment)
    return record


def test_a_post_becomes_a_comment(tmp_path: Path) -> None:
    assert read_one(tmp_path, exports.post("7", "1", parent="6")) == ForeignComment(
        source_id="7",
        thread_id="1",
        parent_id="6",
        author=ForeignAuthor("robin9", "Robin"),
        html="<p>Said.</p>",
        created_at=datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        is_waiting=False,
        withheld=None,
    )


def test_a_thread_is_read(tmp_path: Path) -> None:
    inner = "<id>own-id</id><isClosed>true</isClosed><isDeleted>false</isDeleted>"
    assert read_one(tmp_path, exports.thread("1", "http://news.example/a", inner)) == ForeignThread(
        source_id="1",
        identifier="own-id",
        url="http://news.example/a",
        title="A title",
        closed=True,
        deleted=False,
    )


def test_padded_values_are_read(tmp_path: Path) -> None:
    found = comment(
        tmp_path,
        exports.post(
            "7",
            isDeleted="\n\tfalse\n\t",
            createdAt="\n\t2020-01-02T03:04:05Z\n",
            message="\n<![CDATA[<p>Said.</p>]]>\n",
            author="<name>\n Robin\n</name><isAnonymous>\n true \n</isAnonymous>",
        ),
    )
    assert found.html == "<p>Said.</p>"
    assert found.author == ForeignAuthor(None, "Robin")
    assert found.withheld is None


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("<name>Robin</name><isAnonymous>true</isAnonymous>", ForeignAuthor(None, "Robin")),
        ("<email/><name>Robin</name>", ForeignAuthor(None, "Robin")),
        (
            "<name>Robin</name><isAnonymous>true</isAnonymous><username>r</username>",
            ForeignAuthor(None, "Robin"),
        ),
        ("<name>R &amp; S</name><username>r</username>", ForeignAuthor("r", "R & S")),
        ("", NOBODY),
    ],
)
def test_only_a_registered_author_has_a_subject(
    tmp_path: Path, author: str, expected: ForeignAuthor
) -> None:
    assert comment(tmp_path, exports.post("7", author=author)).author == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"isDeleted": "true"}, Reason.DELETED),
        ({"isSpam": "true"}, Reason.SPAM),
        ({"isSpam": "true", "isDeleted": "true"}, Reason.SPAM),
        ({"message": "x" * 100_001}, Reason.TOO_LONG),
    ],
)
def test_what_may_not_be_shown_has_no_text_and_no_author(
    tmp_path: Path, fields: dict[str, str], reason: Reason
) -> None:
    found = comment(tmp_path, exports.post("7", **fields))
    assert found.withheld is reason
    assert (found.html, found.author) == ("", NOBODY)


def test_a_post_without_attribute_goes_by_its_id_element(tmp_path: Path) -> None:
    part = exports.post("7").replace('<post dsq:id="7"><id/>', "<post><id>123</id>")
    assert comment(tmp_path, part).source_id == "123"


def test_a_thread_may_be_named_as_text(tmp_path: Path) -> None:
    part = exports.post("7", "1").replace('<thread dsq:id="1"/>', "<thread> 1 </thread>")
    assert comment(tmp_path, part).thread_id == "1"


def test_a_post_that_can_not_be_kept_is_skipped(tmp_path: Path) -> None:
    nameless = exports.post("7").replace(' dsq:id="7"', "", 1)
    assert read_one(tmp_path, nameless) == Skipped("<post> 1", Reason.NO_ID)
    for never in ("", "2011-x09-30T22:48:43Z", "0001-01-01T00:00:00+14:00"):
        part = exports.post("7", createdAt=never)
        assert read_one(tmp_path, part) == Skipped("7", Reason.NO_DATE)


# Of each file: threads, comments that may be shown, and why others may not.
SAMPLES = {
    "samples/import/disqus/laisky-disqus-export.xml": (
        736,
        204,
        {Reason.DELETED: 4, Reason.SPAM: 1},
    ),
    "samples/import/disqus/isso-fixture-disqus.xml": (3, 5, {Reason.DELETED: 1}),
    "samples/import/disqus/artransfer-disqus-padded.xml": (1, 4, {}),
    "samples/import/disqus/comentario-fixture-disqus-single.xml": (1, 1, {}),
    "corpora/imports/hostile-markup.xml": (1, 1, {}),
    "corpora/imports/hostile-parent-cycle.xml": (1, 4, {}),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", SAMPLES)
def test_a_foreign_file_is_read_whole(name: str) -> None:
    records = list(disqus.read(shared() / name))
    comments = [record for record in records if isinstance(record, ForeignComment)]
    withheld = Counter(comment.withheld for comment in comments)
    shown = withheld.pop(None, 0)
    threads = sum(isinstance(record, ForeignThread) for record in records)
    assert (threads, shown, withheld) == SAMPLES[name]
    assert len(records) == threads + len(comments)

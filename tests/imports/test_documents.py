from __future__ import annotations

from pathlib import Path

import pytest

from comments.imports import documents, files
from comments.imports.documents import Entry, Root
from comments.imports.files import Refused
from tests.corpora import shared
from tests.imports import exports

LAYOUT = {"list/thing": frozenset({"name", "of", "deep/er"}), "list/thing/part": frozenset({"no"})}


def read(folder: Path, xml: str) -> list[Entry]:
    file = folder / "list.xml"
    file.write_text(xml, encoding="utf-8")
    return list(documents.entries(file, LAYOUT))


def fields(folder: Path, xml: str) -> dict[str, str]:
    [entry] = read(folder, f"<list><thing>{xml}</thing></list>")
    return entry.fields


def test_an_entry_holds_its_fields_by_their_path(tmp_path: Path) -> None:
    assert fields(tmp_path, "<name>A</name><other>B</other><deep><er>C</er></deep>") == {
        "name": "A",
        "deep/er": "C",
    }


def test_values_lose_the_space_around_them(tmp_path: Path) -> None:
    assert fields(tmp_path, "<name>\n\t<![CDATA[ A  B ]]>\n</name>") == {"name": "A  B"}


def test_namespaces_do_not_matter(tmp_path: Path) -> None:
    xml = '<x:list xmlns:x="http://any.example"><x:thing x:id="7"><x:name>A</x:name></x:thing>'
    [entry] = read(tmp_path, xml + "</x:list>")
    assert entry.fields == {"@id": "7", "name": "A"}


def test_a_field_may_carry_an_id(tmp_path: Path) -> None:
    assert fields(tmp_path, '<of id=" 9 "/>') == {"of@id": "9"}


def test_an_empty_value_does_not_hide_a_later_one(tmp_path: Path) -> None:
    assert fields(tmp_path, "<name/><name>A</name><name>B</name>") == {"name": "A"}


def test_tags_inside_a_value_lose_no_words(tmp_path: Path) -> None:
    assert fields(tmp_path, "<name>one <b>two</b> three</name>") == {"name": "one two three"}


def test_an_inner_entry_comes_first_and_knows_the_outer(tmp_path: Path) -> None:
    inner, outer = read(
        tmp_path, "<list><thing><name>A</name><part><no>1</no></part></thing></list>"
    )
    assert (inner.kind, inner.text("no")) == ("part", "1")
    assert inner.outer is outer
    assert outer.text("name") == "A"


def test_a_value_without_measure_is_not_kept(tmp_path: Path) -> None:
    [entry] = read(tmp_path, f"<list><thing><name>{'x' * 100_001}</name></thing></list>")
    assert entry.is_overlong
    assert len(entry.text("name")) <= documents.LONGEST_FIELD


def test_nothing_of_the_document_stays_in_memory(tmp_path: Path) -> None:
    things = "".join(
        f"<thing><name>{n}</name><rest>{'y' * 99}</rest></thing>" for n in range(5_000)
    )
    file = tmp_path / "list.xml"
    file.write_text(f"<list>{things}</list>")
    walk = documents._Walk(LAYOUT)
    parser = documents._parser(walk)
    for chunk in files.chunks(file):
        parser.feed(chunk)
        assert len(walk.take()) < 1_000
        assert walk.take() == []
        assert len(walk._open) <= 1
        assert len(walk._paths) <= 3


@pytest.mark.parametrize(
    "end", ["<thing><name>B", "<thing><na", "<thing><![CDATA[B", "<thing>\xe9"]
)
def test_a_cut_off_file_says_where_it_stops(tmp_path: Path, end: str) -> None:
    with pytest.raises(
        Refused, match=r"Stopped at line 2(, in <thing> 2|, after <thing> 1): the file ends before"
    ):
        read(tmp_path, f"<list><thing/>\n{end}")


def test_broken_xml_says_where_it_stops(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"Stopped at line 3, in <thing> 2: .*mismatched tag"):
        read(tmp_path, "<list><thing/>\n<thing>\n</name></thing></list>")


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE list>",
        '<!DOCTYPE list SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE list [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE list [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]>',
    ],
)
def test_a_doctype_is_refused(tmp_path: Path, doctype: str) -> None:
    with pytest.raises(Refused, match="Stopped at line 2: the file has a DOCTYPE"):
        read(tmp_path, f'<?xml version="1.0"?>\n{doctype}<list><thing>&x;</thing></list>')
    with pytest.raises(Refused, match="DOCTYPE"):
        documents.root(tmp_path / "list.xml")


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nested deeper"):
        read(tmp_path, f"<list>{'<a>' * 5_000}")


def test_a_tag_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST_SILENCE", 200_000)
    with pytest.raises(Refused, match="longer than any"):
        read(tmp_path, f"<list><!-- {'x' * 500_000} --></list>")


def test_comments_that_no_entry_holds_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="<wp_comment_id> that this reader can't place"):
        read(tmp_path, "<list><thing><wp_comment_id>1</wp_comment_id></thing></list>")


def test_the_root_names_the_format(tmp_path: Path) -> None:
    file = exports.wxr(tmp_path)
    assert documents.root(file) == Root(
        "rss",
        frozenset(
            {"http://purl.org/rss/1.0/modules/content/", "http://www.disqus.com/"}
            | {exports.NAMESPACE}
        ),
    )
    file.write_text("<disqus><post>broken", encoding="utf-8")
    assert documents.root(file).name == "disqus"


HOSTILE = {
    "billion-laughs": "line 2: the file has a DOCTYPE",
    "quadratic": "line 2: the file has a DOCTYPE",
    "external-entity": "line 2: the file has a DOCTYPE",
    "external-dtd": "line 2: the file has a DOCTYPE",
    "parameter-entity": "line 2: the file has a DOCTYPE",
    "deep": "line 3: the elements are nested deeper",
    "bad-utf8": "line 4, in <post> 1: the XML is broken",
}


@pytest.mark.shared
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(name: str) -> None:
    layout = {"disqus/post": frozenset({"message"})}
    with pytest.raises(Refused, match=HOSTILE[name]):
        list(documents.entries(shared() / f"corpora/imports/hostile-{name}.xml", layout))

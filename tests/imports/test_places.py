from __future__ import annotations

from pathlib import Path

import pytest

from comments.imports import places
from comments.imports.files import Refused
from comments.imports.places import Place, Placing
from comments.imports.records import ForeignThread


def thread(url: str, identifier: str = "") -> ForeignThread:
    return ForeignThread("1", identifier, url, "A title", closed=False, deleted=False)


def page(url: str, placing: Placing | None = None) -> str | None:
    return (placing or Placing()).place(thread(url)).page


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/a",
        "https://news.example/a",
        "https://news.example/a/",
        "https://NEWS.example:443/a#comments",
        "https://news.example/a?utm_source=x",
    ],
)
def test_one_page_in_every_spelling(url: str) -> None:
    assert page(url) == "news.example/a"


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example/A",
        "https://www.news.example/a",
        "https://news.example/?p=4",
        "https://news.example/a?lang=en",
        "https://news.example/a/b",
    ],
)
def test_another_page(url: str) -> None:
    assert page(url) not in (None, "news.example/a")


def test_a_thread_keeps_its_address() -> None:
    place = Placing().place(thread("http://news.example/a/?utm_source=x"))
    assert place == Place("news.example/a", "http://news.example/a/", None)


def test_a_host_stands_for_another() -> None:
    hosts = places.host_map(["localhost:4000=news.example", "OLD.example=https://news.example/"])
    placing = Placing(hosts=hosts)
    assert page("http://localhost:4000/a", placing) == "news.example/a"
    assert page("https://old.example/a", placing) == "news.example/a"
    assert page("https://other.example/a", placing) == "other.example/a"


def test_an_address_that_a_longer_host_makes_too_long_is_none() -> None:
    placing = Placing(hosts=places.host_map(["a=a-much-longer.example"]))
    assert page(f"http://a/{'x' * 1_985}", placing) is None


@pytest.mark.parametrize("pair", ["", "old", "old=", "=new", "a b=new", "old=u@new", "old=\x00"])
def test_what_is_no_pair_of_hosts_is_refused(pair: str) -> None:
    with pytest.raises(Refused, match="not a pair of hosts"):
        places.host_map([pair])


def test_queries_are_dropped_on_request_unless_they_name_the_page() -> None:
    placing = Placing(drops_query=True)
    assert page("https://news.example/a?lang=en&x", placing) == "news.example/a"
    assert page("https://news.example/?p=4&lang=en", placing) == "news.example?p=4"


def test_an_identifier_stands_for_a_missing_address() -> None:
    assert Placing().place(thread("", "http://news.example/a")).page == "news.example/a"
    assert Placing().place(thread("", "own-id")) == Place(None, None, None)
    assert Placing().place(thread("javascript:x")).page is None


def test_threads_go_by_identifier_on_request() -> None:
    placing = Placing(by_identifier=True)
    assert placing.place(thread("https://news.example/a", "own-id")).article == "own-id"
    assert placing.place(thread("https://news.example/a")).article is None
    assert Placing().place(thread("https://news.example/a", "own-id")).article is None


def table(folder: Path, text: str | bytes) -> Placing:
    file = folder / "map.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Placing(hosts={"old.example": "news.example"}).with_table(file)


def test_a_table_names_articles_by_address_or_identifier(tmp_path: Path) -> None:
    placing = table(
        tmp_path,
        '\ufeffhttp://old.example/a/, story-1\r\n\r\nown-id,"story, 2"\nhttp://b.example/b,story-1\n',
    )
    assert placing.place(thread("https://news.example/a?utm_source=x")).article == "story-1"
    assert placing.place(thread("https://b.example/b")).article == "story-1"
    assert placing.place(thread("https://c.example/", "own-id")).article == "story, 2"
    assert placing.place(thread("https://c.example/", "http://b.example/b")).article == "story-1"
    assert placing.place(thread("https://c.example/")).article is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\n", 1),
        ("a,b\nx,y,z\n", 2),
        ("a,b\n,c\n", 2),
        ("http://old.example/a,b\nhttps://news.example/a/,c\n", 2),
    ],
)
def test_a_row_that_is_not_clear_is_refused(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(Refused, match=rf"map\.csv, line {line}: "):
        table(tmp_path, text)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a CSV file"):
        table(tmp_path, b"\xff\xfe\x00")

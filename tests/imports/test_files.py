from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from comments.imports import files
from comments.imports.files import Refused

XML = b'<?xml version="1.0"?><a>text</a>'


def content(path: Path) -> bytes:
    return b"".join(files.chunks(path))


def zipped(folder: Path, *names: str) -> Path:
    file = folder / "export.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, XML)
    return file


def written(folder: Path, data: bytes) -> Path:
    file = folder / "export.xml"
    file.write_bytes(data)
    return file


def test_plain_gzipped_and_zipped_files_hold_the_same(tmp_path: Path) -> None:
    assert content(written(tmp_path, XML)) == XML
    assert content(written(tmp_path, gzip.compress(XML))) == XML
    assert content(zipped(tmp_path, "site.2020.xml")) == XML
    assert content(zipped(tmp_path, "a/", "a/site.xml", "__MACOSX/a/._site.xml")) == XML


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"`", b"\n\n", b"Notice: undefined\n"])
def test_what_stands_before_the_first_tag_is_left_out(tmp_path: Path, before: bytes) -> None:
    assert content(written(tmp_path, before + XML)) == XML


def test_control_bytes_are_left_out(tmp_path: Path) -> None:
    assert content(written(tmp_path, b"<a>t\x00e\x08x\x1ft\n\t</a>")) == b"<a>text\n\t</a>"


def test_two_byte_text_is_left_as_it_is(tmp_path: Path) -> None:
    text = XML.decode().encode("utf-16")
    assert content(written(tmp_path, text)) == text


@pytest.mark.parametrize(
    "names", [(), ("a.xml", "b.xml"), ("../a.xml",), ("/a.xml",), ("..\\a.xml",), ("a.txt",)]
)
def test_a_zip_that_is_not_one_xml_file_is_refused(tmp_path: Path, names: tuple[str]) -> None:
    with pytest.raises(Refused, match=r"[Tt]he zip|damaged|not an XML"):
        content(zipped(tmp_path, *names))


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    file = zipped(tmp_path, "a.xml")
    data = bytearray(file.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(data)
    with pytest.raises(Refused, match="password"):
        content(file)


@pytest.mark.parametrize("data", [b"", b"no tag at all", b"x" * 5_000 + XML])
def test_what_is_no_xml_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Refused, match="not an XML file"):
        content(written(tmp_path, data))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(XML * 50)
    for data in (packed[:-9], packed[:12] + b"\xff" * 9 + packed[21:]):
        with pytest.raises(Refused, match="damaged"):
            content(written(tmp_path, data))
    whole = zipped(tmp_path, "a.xml").read_bytes()
    with pytest.raises(Refused, match="damaged"):
        content(written(tmp_path, whole[:-30]))


def test_a_file_that_swells_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGE", 1_000_000)
    file = written(tmp_path, gzip.compress(b"<a>" + b" " * 30_000_000))
    with pytest.raises(Refused, match="swells"):
        content(file)

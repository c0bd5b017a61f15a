"""The file as people hold it: plain XML, gzipped, or alone in a zip; read as a bounded stream."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from comments.errors import DomainError

CHUNK = 64 * 1024
JUNK = 1024
LARGE = 64 * 1024 * 1024
SWELLING = 200

_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError)
_Stream = IO[bytes] | gzip.GzipFile


class Refused(DomainError):
    """The file is not imported, and nothing of it was; the message says why and where."""

    status, code = 422, "refused-file"


def chunks(path: Path) -> Iterator[bytes]:
    """The XML in pieces, without what stands before its first tag and without control bytes.

    Those bytes may stand in no XML, but blogs let them into comments, and a stray back-tick or a
    server's notice in front of the file is common: leaving them out changes no comment.
    """
    try:
        with _opened(path) as stream:
            head = stream.read(CHUNK)
            if head.startswith(_WIDE):
                yield head
                yield from _bounded(stream, path)
            else:
                yield _from_first_tag(head).translate(None, _CONTROLS)
                yield from (part.translate(None, _CONTROLS) for part in _bounded(stream, path))
    except _DAMAGED as error:
        raise Refused("The compressed file is damaged or was cut off.") from error


@contextmanager
def _opened(path: Path) -> Iterator[_Stream]:
    with path.open("rb") as plain:
        magic = plain.read(4)
        plain.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            with gzip.open(plain) as unpacked:
                yield unpacked
        elif magic == b"PK\x03\x04":
            with zipfile.ZipFile(plain) as archive, archive.open(_only_member(archive)) as member:
                yield member
        else:
            yield plain


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise Refused(f"The zip holds {len(members)} files; it must hold exactly one.")
    name = PurePosixPath(members[0].filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or name.suffix.lower() != ".xml":
        raise Refused("The zip must hold one file whose name ends in .xml.")
    if members[0].flag_bits & 1:
        raise Refused("The zip is locked with a password.")
    return members[0]


def _from_first_tag(head: bytes) -> bytes:
    start = head.find(b"<", 0, JUNK)
    if start < 0:
        raise Refused("This is not an XML file.")
    return head[start:]


def _bounded(stream: _Stream, path: Path) -> Iterator[bytes]:
    most = max(LARGE, path.stat().st_size * SWELLING)
    total = 0
    while chunk := stream.read(CHUNK):
        total += len(chunk)
        if total > most:
            raise Refused("The compressed file swells beyond reason when unpacked.")
        yield chunk

"""One pass over a foreign XML document in constant memory: no tree is ever built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers.expat import errors
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesNSImpl

from defusedxml.common import DTDForbidden
from defusedxml.expatreader import DefusedExpatParser

from comments.imports import files
from comments.imports.files import Refused

DEEPEST = 100
LONGEST_FIELD = 100_000
LONGEST_SILENCE = 8 * 1024 * 1024

# What expat says of a document that was well-formed as far as it went.
_CUT_OFF = frozenset(
    errors.codes[message]
    for message in (
        errors.XML_ERROR_NO_ELEMENTS,
        errors.XML_ERROR_UNCLOSED_TOKEN,
        errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        errors.XML_ERROR_PARTIAL_CHAR,
    )
)

# Which paths from the root are entries, and which fields below them are kept.
Layout = Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Entry:
    """A thread, an item, a post or a comment: its fields by their path below it."""

    kind: str
    number: int
    outer: Entry | None
    fields: dict[str, str] = field(default_factory=dict)
    is_overlong: bool = False

    def text(self, name: str) -> str:
        return self.fields.get(name, "")


def entries(path: Path, layout: Layout) -> Iterator[Entry]:
    """The document's entries as they end, an inner one before the one around it."""
    walk = _Walk(layout)
    parser = _parser(walk)
    try:
        for chunk in files.chunks(path):
            parser.feed(chunk)
            walk.rest(len(chunk))
            yield from walk.take()
        parser.close()
    except (Refused, SAXParseException, DTDForbidden) as error:
        raise _stopped(parser.getLineNumber(), walk.place(), error) from error
    yield from walk.take()
    if walk.unplaced and not walk.counts["comment"]:
        raise Refused(f"The file holds comments in <{walk.unplaced}> that this reader can't place.")


@dataclass(frozen=True, slots=True)
class Root:
    name: str
    namespaces: frozenset[str]


def root(path: Path) -> Root:
    """The first element of the document, by which a format is known."""
    found = _Root()
    parser = _parser(found)
    try:
        parser.feed(next(files.chunks(path), b""))
    except (SAXParseException, DTDForbidden) as error:
        if not found.name:
            raise _stopped(parser.getLineNumber(), "", error) from error
    return Root(found.name, frozenset(found.namespaces))


def _parser(handler: ContentHandler) -> DefusedExpatParser:
    parser = DefusedExpatParser(namespaceHandling=True, forbid_dtd=True)
    parser.setContentHandler(handler)
    return parser


def _stopped(line: int, entry: str, error: Exception) -> Refused:
    return Refused(f"Stopped at line {line}{entry}: {_why(error)}")


def _named(entry: Entry) -> str:
    return f"<{entry.kind}> {entry.number}"


def _why(error: Exception) -> str:
    if isinstance(error, DTDForbidden):
        return "the file has a DOCTYPE. An export has none, and one can do harm."
    if isinstance(error, SAXParseException):
        if getattr(error.getException(), "code", None) in _CUT_OFF:
            return "the file ends before it is complete."
        return f"the XML is broken ({error.getMessage()})."
    return str(error)


class _Root(ContentHandler):
    name = ""

    def __init__(self) -> None:
        super().__init__()
        self.namespaces: list[str] = []

    def startPrefixMapping(self, prefix: str | None, uri: str) -> None:
        if not self.name:
            self.namespaces.append(uri)

    def startElementNS(
        self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        self.name = self.name or name[1]


class _Walk(ContentHandler):
    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout
        self._fields = {
            f"{entry}/{name}": name for entry, names in layout.items() for name in names
        }
        self._paths: list[str] = []
        self._open: list[Entry] = []
        self._ended: list[Entry] = []
        self._last: Entry | None = None
        self.counts: Counter[str] = Counter()
        self._collecting = ""
        self._text: list[str] = []
        self._length = 0
        self._silence = 0
        self.unplaced = ""

    def take(self) -> list[Entry]:
        """The entries that ended since the last time."""
        ended, self._ended = self._ended, []
        return ended

    def rest(self, length: int) -> None:
        """Bytes were read; the parser keeps those of an unfinished tag, so they are bounded."""
        self._silence += length
        if self._silence > LONGEST_SILENCE:
            raise Refused("one tag or remark of the file is longer than any export's.")

    def place(self) -> str:
        """In or after which entry the walk stands, for somebody with the file in an editor."""
        if self._open:
            return f", in {_named(self._open[-1])}"
        return f", after {_named(self._last)}" if self._last else ""

    def startElementNS(
        self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        self._silence = 0
        if len(self._paths) == DEEPEST:
            raise Refused("the elements are nested deeper than in any export.")
        path = f"{self._paths[-1]}/{name[1]}" if self._paths else name[1]
        self._paths.append(path)
        if path in self._layout:
            self._begin(name[1])
            self._keep_id("@id", attrs)
        elif path in self._fields:
            self._collecting, self._text, self._length = path, [], 0
            self._keep_id(self._fields[path] + "@id", attrs)
        elif "comment_id" in name[1]:
            self.unplaced = name[1]

    def characters(self, content: str) -> None:
        self._silence = 0
        if self._collecting:
            self._length += len(content)
            if self._length <= LONGEST_FIELD:
                self._text.append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:
        self._silence = 0
        path = self._paths.pop()
        if path == self._collecting:
            self._keep_text(self._fields[path])
            self._collecting = ""
        elif path in self._layout:
            self._last = self._open.pop()
            self._ended.append(self._last)

    def _begin(self, kind: str) -> None:
        self.counts[kind] += 1
        outer = self._open[-1] if self._open else None
        self._open.append(Entry(kind, self.counts[kind], outer))

    def _keep_id(self, field_name: str, attrs: AttributesNSImpl) -> None:
        for (_uri, local), value in attrs.items():
            if local == "id":
                self._open[-1].fields[field_name] = value.strip()

    def _keep_text(self, field_name: str) -> None:
        entry = self._open[-1]
        text = "".join(self._text).strip()
        entry.is_overlong = entry.is_overlong or self._length > LONGEST_FIELD
        if text:
            entry.fields.setdefault(field_name, text)

"""Reads HTML of the plainest kind, which is what the Markdown parser writes of nearly every text.

What is read here a parser of HTML would read in the same way: known elements that are closed where
they have to be, stand where they may, and have one attribute at most.
"""

from __future__ import annotations

import re
from typing import Any

Token = dict[str, Any]

_INLINE = {"a", "b", "code", "del", "em", "i", "q", "s", "strong", "sub", "sup"}
_LISTS = {"ol", "ul"}
_OTHERS = {"blockquote", "p", "pre"}
# A block anywhere else would end what it stands in.
_AROUND_BLOCKS = {"", "blockquote", "li"}
_ELEMENTS = _INLINE | _LISTS | _OTHERS | {"br", "li"}
_PIECE = re.compile(
    rf'<(/?)({"|".join(sorted(_ELEMENTS))})(?: (href|start)="([^"<>]*)")?>|([^<>]+)'
)
# A parser changes these.
_ODD = re.compile(r"[\0-\x08\x0b-\x1f]|<pre>\n")


def tokens(html: str) -> list[Token] | None:
    """The tokens of a fragment as html5lib's tree walkers give them; None where it is not plain."""
    if _ODD.search(html):
        return None
    reader, at = _Reader(), 0
    for piece in _PIECE.finditer(html):
        if piece.start() != at or not reader.take(*piece.groups()):
            return None
        at = piece.end()
    return reader.tokens if at == len(html) and not reader.open else None


class _Reader:
    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.open: list[str] = []

    def take(
        self, ending: str | None, tag: str, name: str | None, value: str | None, text: str | None
    ) -> bool:
        """Read one piece; whether it is right there."""
        if text is not None:
            self.tokens.append({"type": "Characters", "data": text})
            return True
        if ending:
            return name is None and self._end(tag)
        if not self._may_begin(tag):
            return False
        kind = "EmptyTag" if tag == "br" else "StartTag"
        data = {} if name is None else {(None, name): value}
        self.tokens.append({"type": kind, "name": tag, "namespace": None, "data": data})
        if tag != "br":
            self.open.append(tag)
        return True

    def _end(self, tag: str) -> bool:
        if not self.open or self.open.pop() != tag:
            return False
        self.tokens.append({"type": "EndTag", "name": tag, "namespace": None})
        return True

    def _may_begin(self, tag: str) -> bool:
        within = self.open[-1] if self.open else ""
        if tag == "a":
            return "a" not in self.open
        if tag == "li":
            return within in _LISTS
        return tag in _INLINE or tag == "br" or within in _AROUND_BLOCKS

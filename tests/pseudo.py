"""A language for tests: English with every message marked, and written from the right.

Whatever a page then says without a mark was not handed to gettext.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import comments

# Arabic as the whole world has it: its dates are known, and it has six plural forms.
CODE = "ar_001"
NAME = "⟦English⟧"
OPEN, CLOSE = "⟦", "⟧"

TRANSLATIONS = Path(comments.__file__).parent / "translations"

# What stands in these is somebody's own words, or a moment, and isolated from the text around it.
OWN = {"bdi", "time", "kbd", "code", "mark", "textarea"}
SAID = {"aria-label", "title", "placeholder", "alt", "data-lost", "data-finished"}
VOID = {"area", "base", "br", "hr", "img", "input", "link", "meta", "wbr"}
MUTE = {"script", "style"}
# No element may stand in these, so names stand there bare.
PLAIN = {"title", "option"}


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file)


def write(folder: Path) -> None:
    """Put the catalogue where the service finds it."""
    made = Catalog(locale=CODE)
    for message in catalogue("de"):
        if message.id:
            made.add(message.id, _marked(message, made.num_plurals), context=message.context)
    place = folder / CODE / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, made)


def _marked(message: Message, forms: int) -> str | tuple[str, ...]:
    if isinstance(message.id, str):
        return OPEN + message.id + CLOSE
    one, many = (OPEN + text + CLOSE for text in message.id)
    return tuple(one if form == 1 else many for form in range(forms))


def unmarked(html: str, names: Iterable[str] = ()) -> list[str]:
    """What a page says without a mark; `names` may stand in its title and its choices."""
    reader = _Reader(frozenset(names))
    reader.feed(html)
    reader.close()
    return reader.found


def outside(text: str) -> str:
    """What of a plain text no mark surrounds."""
    return _Reader(frozenset()).outside(text)


class _Reader(HTMLParser):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._names = names
        self._around: list[tuple[str, bool]] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_face = (given.get("class") or "").startswith("face ")
        is_own = tag in OWN or given.get("dir") == "auto" or is_face
        if not is_own:
            self.found += [f"{tag} {line}" for line in _unmarked_in(given)]
        if tag not in VOID:
            self._around.append((tag, is_own))

    def handle_endtag(self, tag: str) -> None:
        while self._around and self._around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _own in self._around]
        if MUTE.intersection(tags):
            return
        for part in data.split(" · ") if PLAIN.intersection(tags) else [data]:
            outside = self.outside(part)
            is_own = part in self._names or any(own for _tag, own in self._around)
            if not is_own and any(letter.isalpha() for letter in outside):
                self.found.append(f"{tags[-1]}: {outside.strip()}")

    def outside(self, text: str) -> str:
        """What of a text no mark surrounds; one may begin and end in other elements."""
        rest = ""
        for letter in text:
            self._depth += (letter == OPEN) - (letter == CLOSE)
            if self._depth == 0 and letter != CLOSE:
                rest += letter
        return rest


def _unmarked_in(attributes: dict[str, str | None]) -> Iterator[str]:
    for name in SAID.intersection(attributes):
        value = attributes[name] or ""
        if value and not (value.startswith(OPEN) and value.endswith(CLOSE)):
            yield f"{name}={value}"

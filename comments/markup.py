"""What people write: cleaned as text, and rendered to HTML that can do nothing but be read.

A text passes the stages of `FROM_MARKDOWN` or `FROM_HTML` once, when it is written. No other
module knows the libraries behind them. Raise `RENDERER` with every change of what comes out.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from html import escape, unescape
from typing import Any, cast
from unicodedata import category, normalize

import nh3
from bleach.sanitizer import BleachSanitizerFilter, Cleaner
from markdown_it import MarkdownIt
from markdown_it.token import Token

from comments import plain

RENDERER = 1
MAX_SOURCE = 8_000
MAX_HTML = 64_000
DEEPEST = 12

_INLINE = {"a", "b", "code", "del", "em", "i", "q", "s", "strong", "sub", "sup"}
_BLOCKS = {"blockquote", "br", "li", "ol", "p", "pre", "ul"}
_ELEMENTS = _INLINE | _BLOCKS
_NOT_LINKED = {"a", "code", "pre"}
_MODERN = {"strike": "s"}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}

_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
_CONTROLS = (
    r"\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e007f"
)
_CONTROL = re.compile(f"[{_CONTROLS}]")
_REMOVED = re.compile(f"({_FLAG})|[{_CONTROLS}]")
_UNSEEN = re.compile(
    rf"[{_CONTROLS}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164"
    r"\ufe00-\ufe0f\uffa0\ufff0-\ufffc\U000e0100-\U000e01ef]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# A set comes first, which is found fastest; a line feed belongs to a carriage return only.
_BROKEN_LINE = re.compile("[\r\x85\u2028\u2029](?:(?<=\r)\n)?")
_DEEP_QUOTE = re.compile("^((?: {0,3}>){8})(?: {0,3}>)+", re.MULTILINE)
# A name before the host could pose as the host.
_WEB_ADDRESS = re.compile(
    r"https?://[^\s/?#@\\]+(?:[/?#]|\Z)|mailto:[^\s?@]+@[^\s?@]", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(
    r"(?<![a-z0-9])https?://[^\W_][^\s<>\"“”«»、。，；：！？（）「」『』【】《》]*", re.IGNORECASE
)
# As the Markdown parser and nh3 write them.
_PIECE = re.compile(r"""<(/?)([a-z][a-z0-9]*)((?:[^">]|"[^"]*")*)>|([^<]+|<)""")
_ATTRIBUTE = re.compile('([a-z-]+)="([^"]*)"')
_TAG = r"""(?: (?:[^">]|"[^"]*")*)?>"""
_BLOCK_TAG = re.compile(f"</?(?:{'|'.join(sorted(_BLOCKS))}){_TAG}")
_OTHER_TAG = re.compile(f"</?[a-z]+{_TAG}")
_LINK = re.compile('<a href="([^"]+)"')
# The parser writes it as it is, and would take long to see that.
_PLAIN_ADDRESS = re.compile(
    r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,3}(?:/[A-Za-z0-9._~/-]*)?"
)
_AFTER_ADDRESS = frozenset(".,;:!?'’*_~…")


Stages = tuple[Callable[[str], str], ...]


class Unusable(ValueError):
    """A text that can't be kept. Its code is for forms, which have the words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    text: str
    links: tuple[str, ...]
    renderer: int = RENDERER


def render(source: str) -> Rendered:
    """Render Markdown. Raises `Unusable`: nul, surrogate or too_long."""
    return _rendered(FROM_MARKDOWN, source, MAX_SOURCE)


def render_html(source: str) -> Rendered:
    """Render HTML from elsewhere. Raises `Unusable`: nul, surrogate or too_long."""
    return _rendered(FROM_HTML, source, MAX_HTML)


def normalise(text: str) -> str:
    """Return the text as it is stored: NFC, plain line ends, no controls, no towers of marks.

    Joiners, variation selectors and the tags of flags stay: scripts and emoji are spelled with
    them. Raises `Unusable`: nul or surrogate.
    """
    text = _BROKEN_LINE.sub("\n", storable(text))
    return _without_towers(normalize("NFC", _without_controls(text))).rstrip()


def storable(text: str) -> str:
    """Return the text, or raise `Unusable`: nul or surrogate, which databases refuse."""
    if "\0" in text:
        raise Unusable("nul")
    if _SURROGATE.search(text):
        raise Unusable("surrogate")
    return text


def _without_controls(text: str) -> str:
    # Few texts have any, and to look for one is much faster than to look for flags as well.
    return _REMOVED.sub(r"\1", text) if _CONTROL.search(text) else text


def _without_towers(text: str) -> str:
    """Cut stacks of combining marks that would tower over the lines around them."""
    if text.isascii():
        return text
    kept = []
    height = 0
    for char in text:
        height = height + 1 if category(char) in {"Mn", "Mc", "Me"} else 0
        # From Hebrew to Burmese, six marks on a letter can be spelling.
        if height <= (6 if "\u0590" <= char <= "\u109f" else 3):
            kept.append(char)
    return "".join(kept)


def is_blank(text: str) -> bool:
    """Say whether there is nothing to see. Markdown can hide, so ask it of `Rendered.text`."""
    return all(
        char.isspace() or is_unseen(char) or category(char) in {"Cc", "Cf", "Mn", "Mc", "Me"}
        for char in text
    )


def is_unseen(char: str) -> bool:
    return _UNSEEN.match(char) is not None


def _rendered(stages: Stages, source: str, limit: int) -> Rendered:
    if len(source) > limit:
        raise Unusable("too_long")
    html = reduce(lambda text, stage: stage(text), stages, source)
    return Rendered(html, _text(html), _links(html))


def text(html: str) -> str:
    """The words of what was rendered, on their lines."""
    return _text(html)


def _text(html: str) -> str:
    lines = _OTHER_TAG.sub("", _BLOCK_TAG.sub("\n", html))
    return re.sub(r"\n\s*", "\n", unescape(lines)).strip()


def _links(html: str) -> tuple[str, ...]:
    return tuple(unescape(address) for address in _LINK.findall(html))


def markdown(source: str) -> str:
    # What is nested too deep for the parser would be lost.
    return str(_MARKDOWN.render(_DEEP_QUOTE.sub(r"\1", source)))


class _Markdown(MarkdownIt):
    def normalizeLink(self, url: str) -> str:
        return url if _PLAIN_ADDRESS.fullmatch(url) else super().normalizeLink(url)

    def validateLink(self, url: str) -> bool:
        return _is_web_address(url)


def _rule_in_signs(_: object, tokens: Sequence[Token], index: int, *__: object) -> str:
    return f"<p>{tokens[index].markup[:3]}</p>\n"


# Without references: one long address could be repeated by every three characters.
_MARKDOWN = (
    _Markdown("commonmark", {"html": False, "breaks": True, "maxNesting": 30})
    .disable(["heading", "lheading", "reference"])
    .enable("strikethrough")
)
_MARKDOWN.add_render_rule("hr", _rule_in_signs)


def foreign(html: str) -> str:
    """Make HTML from elsewhere well-formed and small in means; images are still in it."""
    return _FOREIGN.clean(html)


def legible(html: str) -> str:
    """Remove what `normalise` removes, once more: character references bring it in again."""
    return _without_towers(_without_controls(html))


def shaped(html: str) -> str:
    """Turn images and bare addresses into links, drop links to nowhere, bound the nesting."""
    shaper = _Shaper()
    for ending, tag, attributes, text in _PIECE.findall(html):
        if not tag:
            shaper.take_text(unescape(text))
        elif ending:
            shaper.end(tag)
        else:
            given = {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            shaper.begin(tag, given)
    return "".join(shaper.html).strip()


class _Shaper:
    """What comes is well-formed: by the Markdown parser, or by `foreign`."""

    def __init__(self) -> None:
        self.html: list[str] = []
        self._closings: list[str] = []
        self._not_linked = 0
        self._address = ""
        self._address_is_named = False

    def begin(self, tag: str, given: dict[str, str]) -> None:
        if tag == "img":
            self._show_image(given)
        elif tag == "br":
            self.html.append("<br>")
        else:
            opening = self._opening(_MODERN.get(tag, tag), given)
            self.html.append(opening)
            self._closings.append(f"</{_MODERN.get(tag, tag)}>" if opening else "")
            self._not_linked += bool(opening) and tag in _NOT_LINKED

    def _opening(self, tag: str, given: dict[str, str]) -> str:
        if len(self._closings) >= DEEPEST:
            return ""
        if tag == "a":
            return self._open_link(given.get("href", "").strip())
        if tag == "ol" and re.fullmatch("[0-9]{1,4}", given.get("start", "")):
            return f'<ol start="{given["start"]}">'
        return f"<{tag}>"

    def _open_link(self, address: str) -> str:
        if self._address or not _is_web_address(address):
            return ""
        self._address = address
        self._address_is_named = False
        return f'<a href="{escape(address)}">'

    def _show_image(self, given: dict[str, str]) -> None:
        address = given.get("src", "").strip()
        name = given.get("alt", "")
        if self._address or not _is_web_address(address):
            self.take_text(name)
        else:
            self.html.append(_link(address, address if is_blank(name) else name))

    def end(self, tag: str) -> None:
        if tag in {"br", "img"}:
            return
        closing = self._closings.pop()
        if closing == "</a>":
            self.html.append("" if self._address_is_named else escape(self._address, quote=False))
            self._address = ""
        self.html.append(closing)
        self._not_linked -= bool(closing) and tag in _NOT_LINKED

    def take_text(self, data: str) -> None:
        self._address_is_named = self._address_is_named or not is_blank(data)
        self.html.append(escape(data, quote=False) if self._not_linked else _linked(data))


def _linked(text: str) -> str:
    if "://" not in text:
        return escape(text, quote=False)
    html = []
    end = 0
    for match in _BARE_ADDRESS.finditer(text):
        address = _without_tail(match[0])
        if _is_web_address(address):
            html += [escape(text[end : match.start()], quote=False), _link(address, address)]
            end = match.start() + len(address)
    return "".join([*html, escape(text[end:], quote=False)])


def _link(address: str, name: str) -> str:
    return f'<a href="{escape(address)}">{escape(name, quote=False)}</a>'


def _without_tail(address: str) -> str:
    """Leave out the punctuation of the sentence that the address stands in."""
    unopened = address.count(")") - address.count("(")
    end = len(address)
    while address[end - 1] in _AFTER_ADDRESS or (address[end - 1] == ")" and unopened > 0):
        end -= 1
        unopened -= address[end] == ")"
    return address[:end]


def _is_web_address(address: str) -> bool:
    return _WEB_ADDRESS.match(address) is not None


class _Bleach(threading.local):
    """A Cleaner holds a parser, and so the state of one parse: each thread has its own."""

    def __init__(self) -> None:
        attributes = {tag: list(names) for tag, names in _ATTRIBUTES.items()}
        self.cleaner = Cleaner(_ELEMENTS, attributes, _SCHEMES, strip=True)
        self._filter = BleachSanitizerFilter(
            cast(Any, ()), _ELEMENTS, attributes, _SCHEMES, strip_disallowed_tags=True
        )

    def clean(self, html: str) -> str:
        """What the Cleaner makes of it, in a fifth of the time where there is little to parse."""
        tokens = plain.tokens(html)
        if tokens is None:
            return self.cleaner.clean(html)
        self._filter.source = tokens
        return self.cleaner.serializer.render(self._filter)


_BLEACH = _Bleach()


def bleached(html: str) -> str:
    return _BLEACH.clean(html)


def scrubbed(html: str) -> str:
    return _SCRUBBER.clean(html)


_FOREIGN = nh3.Cleaner(
    tags=_ELEMENTS | {"img", *_MODERN},
    attributes=_ATTRIBUTES | {"img": {"src", "alt"}},
    url_schemes=_SCHEMES,
    link_rel=None,
)
_SCRUBBER = nh3.Cleaner(
    tags=_ELEMENTS,
    attributes=_ATTRIBUTES,
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel="nofollow ugc noopener noreferrer",
)

FROM_MARKDOWN: Stages = (normalise, markdown, legible, shaped, bleached, scrubbed)
# Never NFC: it would melt the > of a tag and a combining stroke after it into one character.
FROM_HTML: Stages = (storable, foreign, legible, shaped, bleached, scrubbed)

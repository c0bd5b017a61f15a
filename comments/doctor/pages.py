"""A publisher's page: fetched within bounds, and read for what concerns the comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from comments import addresses

SECONDS = 10
BYTES = 4 * 1024 * 1024

Attributes = dict[str, str]


class CannotFetch(Exception):
    """Why there is no page to look at."""


@dataclass(slots=True)
class Page:
    """What a page says, as far as the comments depend on it."""

    url: str
    policies: list[str] = field(default_factory=list)
    opener_policy: str = ""
    scripts: list[Attributes] = field(default_factory=list)
    slots: list[Attributes] = field(default_factory=list)
    counts: list[Attributes] = field(default_factory=list)
    canonical: str | None = None
    has_noscript_link: bool = False


def fetch(url: str) -> Page:
    """The page of this address, as a browser without cookies gets it. Raises CannotFetch."""
    try:
        addresses.origin(url)
    except ValueError as error:
        raise CannotFetch(str(error)) from None
    request = Request(url, headers={"User-Agent": "comments doctor", "Accept": "text/html"})  # noqa: S310
    try:
        with build_opener(_WebOnly).open(request, timeout=SECONDS) as response:
            html = response.read(BYTES).decode(
                response.headers.get_content_charset() or "utf-8", "replace"
            )
            return read(response.url, html, dict(response.headers.items()))
    except HTTPError as error:
        raise CannotFetch(f"it answers {error.code} {error.reason}") from None
    except (URLError, OSError, ValueError, LookupError) as error:
        raise CannotFetch(str(getattr(error, "reason", error))) from None


class _WebOnly(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> Request | None:
        if urlsplit(str(args[-1])).scheme not in ("http", "https"):
            raise URLError("it redirects to what is no page")
        return super().redirect_request(*args)  # type: ignore[arg-type]


def read(url: str, html: str, headers: Mapping[str, str]) -> Page:
    """What is in the HTML and the headers of a page."""
    named = {name.lower(): value for name, value in headers.items()}
    page = Page(url, opener_policy=named.get("cross-origin-opener-policy", ""))
    if policy := named.get("content-security-policy"):
        page.policies.append(policy)
    _Reader(page).feed(html)
    return page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._in_noscript = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "noscript":
            self._in_noscript = True
        elif tag == "script" and "src" in given:
            self._page.scripts.append({**given, "src": urljoin(self._page.url, given["src"])})
        elif "data-comments" in given:
            self._page.slots.append(given)
        elif "data-comments-count" in given:
            self._page.counts.append(given)
        elif tag == "comments-thread":
            self._page.slots.append({f"data-{name}": value for name, value in given.items()})
        else:
            self._read_head(tag, given)

    def _read_head(self, tag: str, given: Attributes) -> None:
        if tag == "link" and given.get("rel", "").lower() == "canonical":
            self._page.canonical = given.get("href")
        elif tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self._page.policies.append(given.get("content", ""))
        elif tag == "a" and self._in_noscript:
            self._page.has_noscript_link |= "/thread" in given.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "noscript":
            self._in_noscript = False

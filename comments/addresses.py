"""One spelling for the address of a page, so that a slot and an import find the same article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, unquote_plus, urlsplit

LONGEST = 2_000

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HOST = re.compile(r"(?!.*\.\.)[a-z0-9_][a-z0-9._-]{0,252}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_DEFAULT_PORTS = {"http": 80, "https": 443}

_TRACKING = re.compile(
    r"(utm|mtm|hsa)_.*|_x_tr_.*|(fb|g|d|y|ys|tw|tt)clid|msclkid|gclsrc|[gw]braid|mc_[ce]id"
    r"|pk_(campaign|kwd)|oly_(enc|anon)_id|vero_id|mkt_tok|li_fat_id|igsh(id)?|_hs(enc|mi)|_g[al]",
    re.IGNORECASE,
)


def canonical(url: str) -> str:
    """The address as it is stored and compared: absolute, without fragment or tracking parameters.

    The path keeps its trailing slash, or the lack of one; escapes are spelt as RFC 3986 wants.
    Raises ValueError for what can't be the address of a page.
    """
    parts = _split(url)
    path = _escaped(parts.path, "/:@!$&'()*+,;=") or "/"
    query = "&".join(_kept(_escaped(parts.query, "/?:@!$&'()*+,;=")))
    address = _origin(parts) + path + (f"?{query}" if query else "")
    if len(address) > LONGEST:
        raise ValueError(f"an address has at most {LONGEST} characters")
    return address


def origin(url: str) -> str:
    """Scheme, host and port of an address, as a browser writes an origin."""
    return _origin(_split(url))


def same_origin(url: str, origins: Iterable[str]) -> bool:
    """Whether the address lies on one of the origins; an address that can't be read doesn't."""
    try:
        return origin(url) in set(origins)
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    url = url.strip(" \t\r\n\f")
    if len(url) > LONGEST:
        raise ValueError(f"an address has at most {LONGEST} characters")
    if _FORBIDDEN.search(url):
        raise ValueError("an address has no control characters")
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("an address begins with http:// or https://")
    if "@" in parts.netloc or "%" in parts.netloc:
        raise ValueError("an address names a host and no user")
    return parts


def _origin(parts: SplitResult) -> str:
    name = parts.hostname or ""
    host = f"[{IPv6Address(name)}]" if "[" in parts.netloc else ascii_host(name)
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def ascii_host(host: str) -> str:
    """The name of a host as the network knows it. Raises ValueError for what names none."""
    # Not the "idna" codec: it is of 2003, and would send straße.example to strasse.example.
    labels = unicodedata.normalize("NFKC", host).lower().replace("。", ".").split(".")
    name = ".".join(part if part.isascii() else "xn--" + _punycode(part) for part in labels)
    if not _HOST.fullmatch(name) or any(len(label) > 63 for label in name.split(".")):
        raise ValueError("an address names a host")
    return name


def _punycode(label: str) -> str:
    return label.encode("punycode").decode("ascii")


def _escaped(text: str, safe: str) -> str:
    return _ESCAPE.sub(_tidy_escape, quote(text, safe=safe + "%"))


def _tidy_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if _UNRESERVED.fullmatch(character) else escape[0].upper()


def _kept(query: str) -> list[str]:
    return [pair for pair in query.split("&") if pair and not _is_tracking(pair)]


def _is_tracking(pair: str) -> bool:
    return _TRACKING.fullmatch(unquote_plus(pair.partition("=")[0])) is not None

"""Asking other servers, never in a transaction: https only, public addresses only, no detours.

The address is checked on the socket that is connected, so that a name can't lead elsewhere once it
was looked at. Whoever answers slowly, at length or with a redirect is not listened to.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SECONDS = 10.0
MOST = 64 * 1024
UNICAST = ipaddress.IPv6Network("2000::/3")
# Not everybody's either, which Python learned by and by.
SPECIAL = (ipaddress.IPv4Network("192.0.0.0/24"), ipaddress.IPv4Network("192.88.99.0/24"))
# These carry an IPv4 address inside, which may be anybody's.
TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))

_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]{1,2000}")


class Unreachable(Exception):
    """Nothing usable came back; `code` says why, `status` what HTTP answered if it did."""

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


def is_public(address: Address) -> bool:
    """Whether everybody may talk to this address, and no machine of ours is behind it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address not in UNICAST or any(address in tunnel for tunnel in TUNNELS):
            return False
        return address.is_global
    is_special = address.is_multicast or any(address in network for network in SPECIAL)
    return address.is_global and not is_special


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses may be asked, whose certificates count, and how long an answer may take."""

    allows: Callable[[Address], bool] = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = SECONDS
    scheme: str = "https"


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent along: headers, and with a body it is a POST."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, of 64 KiB at most; of what is no success, the beginning."""

    status: int
    body: bytes


def parts(url: str, scheme: str = "https") -> SplitResult:
    """The parts of an address of this scheme that may be asked. Raises ValueError."""
    if not _PLAIN.fullmatch(url):
        raise ValueError("holds characters that no address has")
    found = urlsplit(url)
    if found.scheme != scheme or not found.hostname or "@" in found.netloc or found.fragment:
        raise ValueError(f"is no {scheme} address")
    if found.port == 0:
        raise ValueError("has no such port")
    return found


def get(url: str, reach: Reach | None = None) -> bytes:
    """What is there. Raises Unreachable, also for any answer but 200."""
    answer = ask(url, Question(), reach)
    if answer.status != 200:
        raise Unreachable("status", answer.status)
    return answer.body


def ask(url: str, question: Question, reach: Reach | None = None) -> Answer:
    """What is answered there. Raises Unreachable."""
    with _response(url, question, reach or Reach()) as (response, is_late):
        found = _answer(response)
        if is_late():  # cut off, it may look whole
            raise Unreachable("slow")
        return found


def tell(url: str, question: Question, reach: Reach | None = None) -> Answer:
    """Send this there. Whoever answered with a status has answered: for what is cut off behind it,
    or is longer than 64 KiB, nobody waits. Raises Unreachable."""
    with _response(url, question, reach or Reach()) as (response, _is_late):
        return Answer(response.status, _as_much_as_comes(response))


@contextmanager
def _response(
    url: str, question: Question, reach: Reach
) -> Iterator[tuple[HTTPResponse, Callable[[], bool]]]:
    """What begins to be answered there, and whether its time is over."""
    try:
        place = parts(url, reach.scheme)
    except ValueError:
        raise Unreachable("address") from None
    host, port = str(place.hostname), place.port or (443 if reach.scheme == "https" else 80)
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    with (
        _silent_if_broken(),
        _connected(host, port, reach) as plain,
        cut_off(plain, reach.seconds) as is_late,
    ):
        try:
            with (
                closing(_talking(host, port, plain, reach)) as connection,
                closing(_asked(connection, target, question)) as response,
            ):
                yield response, is_late
        except Unreachable:
            raise
        except TimeoutError as error:
            raise Unreachable("slow") from error
        except ssl.SSLError as error:
            raise Unreachable("slow" if is_late() else "certificate") from error
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable("slow" if is_late() else "silent") from error


@contextmanager
def _silent_if_broken() -> Iterator[None]:
    """A connection may break at any step, and there may be no file descriptor left for it."""
    try:
        yield
    except OSError as error:
        raise Unreachable("silent") from error


@contextmanager
def _connected(host: str, port: int, reach: Reach) -> Iterator[socket.socket]:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("name") from error
    allowed = [place for place in places if reach.allows(_address(place[4]))]
    if not allowed:
        raise Unreachable("private")
    with _first(allowed, reach) as plain:
        if not reach.allows(_address(plain.getpeername())):
            raise Unreachable("private")
        yield plain


def _address(name: Sequence[Any]) -> Address:
    return ipaddress.ip_address(str(name[0]).partition("%")[0])


def _first(places: Sequence[Sequence[Any]], reach: Reach) -> socket.socket:
    """A socket to the first of these that answers."""
    for place in places[:4]:
        with suppress(OSError):
            return _socket_to(place, reach.seconds)
    raise Unreachable("silent")


def _socket_to(place: Sequence[Any], seconds: float) -> socket.socket:
    """Raises OSError, also where this machine does not speak that family of addresses."""
    family, kind, protocol, _name, address = place
    plain = socket.socket(family, kind, protocol)
    try:
        plain.settimeout(seconds / 4)
        plain.connect(address)
        plain.settimeout(seconds)
    except BaseException:
        plain.close()
        raise
    return plain


@contextmanager
def cut_off(plain: socket.socket, seconds: float) -> Iterator[Callable[[], bool]]:
    """End the connection when its time is over, whatever is waited for; tells whether it was."""
    late = threading.Event()
    handle = socket.socket(fileno=os.dup(plain.fileno()))

    def cut() -> None:
        late.set()
        with suppress(OSError):  # the other side was first
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _talking(host: str, port: int, plain: socket.socket, reach: Reach) -> HTTPConnection:
    if reach.scheme == "http":
        connection = HTTPConnection(host, port)
        connection.sock = plain
        return connection
    connection = HTTPSConnection(host, port, context=reach.tls)
    connection.sock = reach.tls.wrap_socket(plain, server_hostname=host)
    return connection


def _asked(connection: HTTPConnection, target: str, question: Question) -> HTTPResponse:
    headers = {"Accept": "application/json", "User-Agent": "comments", **question.headers}
    method = "GET" if question.body is None else "POST"
    encoding = {"Accept-Encoding": "identity"}
    connection.request(method, target, body=question.body, headers=headers | encoding)
    return connection.getresponse()


def _answer(response: HTTPResponse) -> Answer:
    body = response.read(MOST + 1)
    if len(body) > MOST and response.status == 200:
        raise Unreachable("too-large")
    return Answer(response.status, body[:MOST])


def _as_much_as_comes(response: HTTPResponse) -> bytes:
    found = b""
    with suppress(OSError, HTTPException, ValueError):
        while len(found) < MOST and (more := response.read1(MOST - len(found))):
            found += more
    return found

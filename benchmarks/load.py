"""Readers and writers over HTTP/1.1: a number of connections that stay open, each of which asks
again as soon as it is answered. One thread, so that it takes little of the machine itself."""

from __future__ import annotations

import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CONNECTIONS = 16
# Nobody waits for longer than this.
PATIENCE = 60.0


@dataclass(slots=True)
class Outcome:
    """What came back: how long each answer took, of which status, and how many bytes in all."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bytes: int = 0

    @property
    def count(self) -> int:
        return len(self.latencies)

    def quantile(self, share: float) -> float:
        """So many of all answers took no longer than this, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class _Connection:
    """One that asks, and what it has of its answer so far."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""
        self._asked = 0.0

    def ask(self, request: bytes) -> None:
        self._asked = time.perf_counter()
        self.socket.sendall(request)

    def read(self, outcome: Outcome) -> bool:
        """Take what has come; whether the answer is complete."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("the server hung up")
        self._got += piece
        if not _is_whole(self._got):
            return False
        outcome.latencies.append(time.perf_counter() - self._asked)
        outcome.statuses[int(self._got[9:12])] += 1
        outcome.bytes += len(self._got)
        self._got = b""
        return True


def load(port: int, requests: Iterator[bytes], seconds: float) -> Outcome:
    """Ask for so long, and wait for the last answers."""
    outcome, waiting = Outcome(), select.epoll()
    began = time.perf_counter()
    connections = [_Connection(port) for _ in range(CONNECTIONS)]
    by_number = {each.socket.fileno(): each for each in connections}
    for number, connection in by_number.items():
        waiting.register(number, select.EPOLLIN)
        connection.ask(next(requests))
    under_way = len(connections)
    while under_way:
        ready = waiting.poll(PATIENCE)
        if not ready:
            raise TimeoutError(f"no answer for {PATIENCE:.0f} seconds")
        goes_on = time.perf_counter() - began < seconds
        for number, _ in ready:
            if by_number[number].read(outcome):
                if goes_on:
                    by_number[number].ask(next(requests))
                else:
                    under_way -= 1
    outcome.seconds = time.perf_counter() - began
    for connection in connections:
        connection.socket.close()
    waiting.close()
    return outcome


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A request as a browser sends it."""
    named = {
        "Host": "127.0.0.1",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Accept-Language": "en-GB,en;q=0.8",
        "Accept-Encoding": "gzip, deflate, br, zstd",
        **headers,
    }
    if body:
        named["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def address(number: int) -> str:
    """Where a reader sits; so many ask that each has an address of their own."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def answer(port: int, asked: bytes) -> tuple[int, dict[str, str], bytes]:
    """The answer to one request: its status, its headers by lower-case name, its body."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(asked)
        got = b""
        while not _is_whole(got):
            got += connection.recv(262_144)
    head, _, body = got.partition(b"\r\n\r\n")
    pairs = (line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:])
    return int(got[9:12]), {name.lower(): value for name, _, value in pairs}, body


def _is_whole(got: bytes) -> bool:
    end = got.find(b"\r\n\r\n")
    return end >= 0 and len(got) >= end + 4 + _length(got[:end].lower())


def _length(head: bytes) -> int:
    """How long the body is that this head, in lower case, announces."""
    if head[9:12] in (b"204", b"304"):
        return 0
    _, name, rest = head.partition(b"\r\ncontent-length:")
    if not name:
        raise ValueError("an answer that does not say how long it is")
    return int(rest.partition(b"\r\n")[0])

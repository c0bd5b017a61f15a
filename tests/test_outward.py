"""Asking other servers: whoever lies, stalls or leads elsewhere is not listened to."""

from __future__ import annotations

import ipaddress
import os
import resource
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from comments import outward
from comments.outward import MOST, Question, Reach, Unreachable
from tests import corpora, secure_server
from tests.secure_server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with secure_server.serving() as made:
        yield made


def code(url: str, reach: Reach | None = None) -> str:
    with pytest.raises(Unreachable) as caught:
        outward.get(url, reach)
    return caught.value.code


def test_what_is_there_is_read(server: Server) -> None:
    server.says(b"x" * MOST)
    assert outward.get(server.url, secure_server.reach()) == b"x" * MOST
    head = server.asked[0].decode().lower()
    assert head.startswith("get /keys.json?of=readers http/1.1\r\n")
    assert f"\r\nhost: localhost:{server.port}\r\n" in head
    assert "cookie" not in head


def test_what_is_sent_arrives_and_any_answer_to_it_comes_back(server: Server) -> None:
    server.says(b'{"error": "no"}' + b" " * MOST, "400 Bad Request")
    question = Question({"Content-Type": "text/plain", "X-More": "1"}, b"a=b")
    found = outward.ask(server.url, question, secure_server.reach())
    assert (found.status, len(found.body), found.body[:15]) == (400, MOST, b'{"error": "no"}')
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /keys.json?of=readers HTTP/1.1\r\n")
    assert b"\r\nX-More: 1\r\n" in head
    assert b"\r\nContent-Length: 3" in head
    assert body == b"a=b"


def test_only_who_may_is_asked_without_tls(server: Server) -> None:
    plain = Reach(lambda address: address.is_loopback, scheme="http")
    assert code(server.url.replace("https:", "http:"), plain) == "silent"  # it speaks TLS only
    assert code(server.url, plain) == "address"
    assert code(server.url.replace("https:", "http:"), secure_server.reach()) == "address"


def test_a_header_can_not_be_two(server: Server) -> None:
    with pytest.raises(Unreachable):
        outward.ask(server.url, Question({"X": "1\r\nY: 2"}), secure_server.reach())


def test_nothing_on_this_machine_is_asked(server: Server) -> None:
    assert code(server.url) == "private"
    assert code(f"https://127.0.0.1:{server.port}/") == "private"
    assert server.asked == []


@pytest.mark.shared
@pytest.mark.parametrize("scheme", ["as it is", "https"])
def test_no_address_of_the_inside_is_reached(scheme: str) -> None:
    for url in corpora.inside_addresses():
        given = url if scheme == "as it is" else url.replace("http:", "https:", 1)
        assert code(given, Reach(seconds=2)) in {"address", "private", "name"}, given


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1",
        "192.0.0.8", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "255.255.255.255", "::",
        "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "2001:0:808:808::1",
        "2002:808:808::1", "2001:db8::1", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_everybodys_is_refused(address: str) -> None:
    assert not outward.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "193.0.6.139", "2a00:1450:4001:82a::200e"])
def test_an_address_that_is_everybodys_is_asked(address: str) -> None:
    assert outward.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "http://localhost/", "HTTP://localhost/", "ftp://localhost/", "https://", "https:///x",
        "https://user@localhost/", "https://user:word@localhost/", "https://localhost\\@x/",
        "https://localhost /", "https://localhost/\r\nX: y", "https://localhost/#x",
        "https://localhost:99999/", "https://localhost:0/", "https://[::1/", "//localhost/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_not_asked(url: str) -> None:
    assert code(url, secure_server.reach()) == "address"


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary", "404 Not Found", "500 Oh", "204 Empty"]
)
def test_any_other_answer_is_none(server: Server, status: str) -> None:
    server.says(b"", status, f"Location: {server.url}")
    assert code(server.url, secure_server.reach()) == "status"
    assert len(server.asked) == 1


def test_too_much_is_not_read(server: Server) -> None:
    server.says(b"x" * (MOST + 1))
    assert code(server.url, secure_server.reach()) == "too-large"

    def endless(connection: ssl.SSLSocket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    server.answer = endless
    assert code(server.url, secure_server.reach()) == "too-large"


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_who_drips_is_cut_off(server: Server, begin: bytes) -> None:
    def drip(connection: ssl.SSLSocket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    server.answer = drip
    began = time.monotonic()
    assert code(server.url, secure_server.reach(seconds=0.5)) == "slow"
    assert time.monotonic() - began < 5


def test_who_says_nothing_or_nonsense_is_given_up(server: Server) -> None:
    assert code(server.url, secure_server.reach()) == "silent"
    server.answer = lambda connection: connection.sendall(b"hello\r\n\r\n")
    assert code(server.url, secure_server.reach()) == "silent"


def test_a_certificate_must_be_of_the_name(server: Server) -> None:
    loopback = Reach(lambda address: address.is_loopback)
    assert code(server.url, loopback) == "certificate"
    assert server.asked == []


@pytest.mark.parametrize("left", [0, 1])
def test_without_file_descriptors_nobody_answers(server: Server, left: int) -> None:
    reach = secure_server.reach()
    with only_so_many_files(left):
        assert code(f"https://127.0.0.1:{server.port}/", reach) == "silent"


@contextmanager
def only_so_many_files(left: int) -> Iterator[None]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + left, most[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)


def test_a_name_that_is_nobodys_is_not_found() -> None:
    assert code("https://nobody.invalid/") == "name"
    assert code(f"https://{'x' * 70}.example/") == "name"


@pytest.mark.parametrize("rest", ["short", "x" * (MOST + 1)])
def test_who_is_told_has_answered_with_the_status(server: Server, rest: str) -> None:
    told = f"HTTP/1.1 202 Accepted\r\nContent-Length: {MOST * 2}\r\n\r\n{rest}"
    server.answer = lambda connection: connection.sendall(told.encode())
    found = outward.tell(server.url, Question({}, b"{}"), secure_server.reach())
    assert (found.status, found.body) == (202, rest[:MOST].encode())

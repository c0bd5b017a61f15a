"""`comments mail test`: what each step answered, and what the world can look up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.resolver import Resolver
from pydantic import SecretStr

from comments.doctor import letters
from comments.doctor.findings import Finding, Level
from comments.settings import Settings
from tests import mailbox

NOWHERE = "smtp://127.0.0.1:1"
Texts = dict[str, list[str]]


def told(findings: Iterator[Finding]) -> dict[str, tuple[Level, str]]:
    return {each.about: (each.level, each.words) for each in findings}


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return Settings(instance=tmp_path, mail_from="Talk <talk@news.example>")


def tried(given: Settings, url: str | None) -> dict[str, tuple[Level, str]]:
    server = SecretStr(url) if url else None
    changed = given.model_copy(update={"smtp_url": server})
    return told(letters.trial(changed, "rae@example.com", "<1@news.example>"))


def test_each_step_is_told(given: Settings) -> None:
    with mailbox.standing() as box:
        found = tried(given, box.url)
        assert list(found) == ["server", "sender", "receiver", "letter"]
        assert {level for level, _ in found.values()} == {Level.OK}
        assert "without encryption" in found["server"][1]
        assert (box.letters[0]["To"], box.letters[0]["From"]) == (
            "rae@example.com",
            "Talk <talk@news.example>",
        )


def test_a_refusal_is_told_in_the_servers_words(given: Settings) -> None:
    with mailbox.standing() as box:
        box.of_receiver = ["550 5.7.1 You may not relay"]
        found = tried(given, box.url)
        assert found["receiver"] == (Level.FAIL, "550 5.7.1 You may not relay")
        assert "letter" not in found


def test_a_server_that_is_not_there(given: Settings) -> None:
    assert "refused" in tried(given, NOWHERE)["server"][1]
    assert "COMMENTS_SMTP_URL" in tried(given, None)["server"][1]


def answer_all(texts: Texts, server: socket.socket) -> None:
    """A name server that knows these texts and nothing else, until an empty packet comes."""
    while True:
        wire, sender = server.recvfrom(4096)
        if not wire:
            return
        query = dns.message.from_wire(wire)
        answer = dns.message.make_response(query)
        name = query.question[0].name
        found = texts.get(name.to_text(omit_final_dot=True))
        if found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            quoted = [f'"{text}"' for text in found]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *quoted))
        server.sendto(answer.to_wire(), sender)


@pytest.fixture
def knowing() -> Iterator[Callable[[Texts], Resolver]]:
    """A resolver that asks a name server which knows these texts."""
    asked: list[tuple[socket.socket, threading.Thread]] = []

    def made(texts: Texts) -> Resolver:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=answer_all, args=(texts, server), daemon=True)
        thread.start()
        asked.append((server, thread))
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        return resolver

    yield made
    for server, thread in asked:
        server.sendto(b"", server.getsockname())
        thread.join()
        server.close()


GOOD = {"news.example": ["v=spf1 a -all"], "_dmarc.news.example": ["v=DMARC1; p=reject"]}


def test_records_as_they_should_be(given: Settings, knowing: Callable[[Texts], Resolver]) -> None:
    found = told(letters.records(given, knowing(GOOD)))
    assert found["spf"] == (Level.OK, "v=spf1 a -all")
    assert found["dmarc"] == (Level.OK, "_dmarc.news.example: v=DMARC1; p=reject")
    assert "dkim=pass for news.example" in found["dkim"][1]


@pytest.mark.parametrize(
    ("texts", "about", "level", "words"),
    [
        ({}, "spf", Level.WARN, "says nothing"),
        ({"news.example": ["some", "thing"]}, "spf", Level.WARN, "says nothing"),
        ({"news.example": ["v=spf1 +all"]}, "spf", Level.WARN, "everybody"),
        ({"news.example": ["v=spf1 a", "v=spf1 b"]}, "spf", Level.FAIL, "none counts"),
        (GOOD | {"_dmarc.news.example": []}, "dmarc", Level.WARN, "says nothing"),
    ],
)
def test_records_that_lack_something(
    given: Settings,
    knowing: Callable[[Texts], Resolver],
    texts: Texts,
    about: str,
    level: Level,
    words: str,
) -> None:
    found = told(letters.records(given, knowing({k: v for k, v in texts.items() if v})))
    assert found[about][0] is level
    assert words in found[about][1]


def test_the_record_of_a_domain_above_counts(
    given: Settings, knowing: Callable[[Texts], Resolver]
) -> None:
    below = given.model_copy(update={"mail_from": "talk@mail.news.example"})
    found = told(letters.records(below, knowing(GOOD)))
    assert found["dmarc"][1].startswith("_dmarc.news.example")

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
        assert box.letters[0]["Date"]


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


def asking(*records: str) -> Texts:
    """What the sender's domain says of DMARC."""
    return {"_dmarc.news.example": [f"v=DMARC1; {record}" for record in records]}


GOOD = {"news.example": ["v=spf1 a -all"], "_dmarc.news.example": ["v=DMARC1; p=reject"]}


def test_records_as_they_should_be(given: Settings, knowing: Callable[[Texts], Resolver]) -> None:
    found = told(letters.records(given, knowing(GOOD)))
    assert found["spf"] == (Level.OK, "v=spf1 a -all")
    assert found["dmarc"] == (
        Level.OK,
        "_dmarc.news.example: v=DMARC1; p=reject: letters that fail are refused",
    )
    assert found["alignment"][0] is Level.OK
    assert "dkim=pass for news.example" in found["dkim"][1]


@pytest.mark.parametrize(
    ("texts", "about", "level", "words"),
    [
        ({}, "spf", Level.WARN, "says nothing"),
        ({"news.example": ["some", "thing"]}, "spf", Level.WARN, "says nothing"),
        ({"news.example": ["v=spf1 +all"]}, "spf", Level.WARN, "everybody"),
        ({"news.example": ["v=spf1 a", "v=spf1 b"]}, "spf", Level.FAIL, "none counts"),
        (GOOD | {"_dmarc.news.example": []}, "dmarc", Level.WARN, "says nothing"),
        (asking("p=reject", "p=none"), "dmarc", Level.FAIL, "2 records, so none counts"),
        (
            {"_dmarc.news.example": ["v=dmarc1; p=none"]},
            "dmarc",
            Level.FAIL,
            "begin with v=DMARC1;",
        ),
        ({"_dmarc.news.example": ["v=DMARC1 p=none"]}, "dmarc", Level.FAIL, "begin with v=DMARC1;"),
        ({"_dmarc.news.example": ["v=DMARC1"]}, "dmarc", Level.FAIL, "begin with v=DMARC1;"),
        (asking("rua=mailto:a@news.example"), "dmarc", Level.FAIL, "p= must be none"),
        (asking("p=rejct"), "dmarc", Level.FAIL, "does not count, since p= must be none"),
        (asking("p=none; sp=all"), "dmarc", Level.FAIL, "does not count, since sp= must be none"),
        (asking("p=none; aspf=x"), "dmarc", Level.WARN, "aspf must be r or s"),
        (asking("p = None ; adkim=s;"), "dmarc", Level.OK, "arrive all the same"),
        (asking("p=quarantine; sp=reject"), "dmarc", Level.OK, "taken for spam"),
        (asking("p=none; adkim=s"), "dkim", Level.WARN, "news.example (adkim=s takes no other)"),
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


@pytest.mark.parametrize(
    ("record", "act"),
    [
        ("p=reject", "refused"),
        ("p=reject; sp=quarantine", "spam"),
        ("p=none; sp=reject", "refused"),
    ],
)
def test_the_record_of_a_domain_above_counts(
    given: Settings, knowing: Callable[[Texts], Resolver], record: str, act: str
) -> None:
    below = given.model_copy(update={"mail_from": "talk@mail.news.example"})
    level, words = told(letters.records(below, knowing(asking(record))))["dmarc"]
    assert (level, words.startswith("_dmarc.news.example: ")) == (Level.OK, True)
    assert "mail.news.example has none of its own, so this one counts" in words
    assert words.endswith(act)


@pytest.mark.parametrize(
    ("login", "record", "level"),
    [
        ("talk%40news.example", "p=none; aspf=s", Level.OK),
        ("apikey", "p=none; aspf=s", Level.OK),
        ("ann%40NEWS.example", "p=none; aspf=s", Level.OK),
        ("ann%40mail.news.example", "p=none", Level.OK),
        ("ann%40mail.news.example", "p=none; aspf=s", Level.WARN),
        ("ann%40mail.example", "p=none", Level.WARN),
        ("ann%40othernews.example", "p=none", Level.WARN),
    ],
)
def test_whom_the_mail_server_knows_us_as_should_be_whom_letters_are_from(
    given: Settings,
    knowing: Callable[[Texts], Resolver],
    login: str,
    record: str,
    level: Level,
) -> None:
    server = SecretStr(f"smtp://{login}:secret@mail.example:587")
    signed_in = given.model_copy(update={"smtp_url": server})
    found = told(letters.records(signed_in, knowing(asking(record))))
    assert found["alignment"][0] is level
    assert "secret" not in str(found)
    if level is Level.WARN:
        assert "COMMENTS_MAIL_FROM" in found["alignment"][1]


@pytest.mark.parametrize(("more", "level"), [("", Level.OK), ("; psd=y", Level.WARN)])
def test_domains_below_the_one_with_the_record_belong_together(
    given: Settings, knowing: Callable[[Texts], Resolver], more: str, level: Level
) -> None:
    """But not below one that is everybody's, and says so."""
    server = SecretStr("smtp://ann%40people.example.org:x@mail.example")
    beside = {"smtp_url": server, "mail_from": "talk@news.example.org"}
    texts = {"_dmarc.example.org": [f"v=DMARC1; p=none{more}"]}
    found = told(letters.records(given.model_copy(update=beside), knowing(texts)))
    assert found["alignment"][0] is level

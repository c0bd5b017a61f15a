"""What is wrong is named, with what to do about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from pydantic import SecretStr

from comments import clock, mail, settings
from comments.accounts import registration
from comments.cli import main
from comments.db import transaction
from comments.doctor import embeds, installation, pages, policies
from comments.doctor.findings import Finding, Level
from comments.doctor.policies import Asked
from comments.settings import Settings
from tests import factories, mailbox, oidc_provider
from tests.conftest import Cast
from tests.oidc_provider import Running

SERVICE = "https://talk.example"
PAGE = "https://gazette.example/story"
SITES = {"gazette": ["https://gazette.example"], "quiet": []}

GOOD = """
<link rel="canonical" href="https://gazette.example/story">
<section data-comments data-site="gazette" data-article="a-1">No comments yet...</section>
<noscript><a href="https://talk.example/thread?site=gazette&article=a-1">Comments</a></noscript>
<script async src="https://talk.example/embed.js"></script>
"""


def bad(findings: Iterator[Finding]) -> dict[str, str]:
    return {each.about: each.words for each in findings if each.level is not Level.OK}


def looked_at(html: str, **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return bad(embeds.examine(pages.read(PAGE, html, named), SERVICE, SITES))


def test_a_page_as_it_should_be() -> None:
    assert looked_at(GOOD) == {}


@pytest.mark.parametrize(
    ("html", "about", "words"),
    [
        (GOOD.replace("embed.js", "other.js"), "script", "is missing"),
        (
            GOOD.replace("talk.example/embed", "elsewhere.example/embed"),
            "script",
            "set COMMENTS_URL=https://elsewhere.example",
        ),
        (GOOD.replace("data-comments ", ""), "slot", "there is none in"),
        (GOOD.replace('data-site="gazette"', ""), "site", "names none"),
        (GOOD.replace('data-site="gazette"', 'data-site="gazete"'), "site", "'gazete'"),
        (GOOD.replace('data-site="gazette"', 'data-site="quiet"'), "site", "origin add quiet"),
        (GOOD.replace('data-article="a-1"', "").replace("canonical", "x"), "article", "canonical"),
        (GOOD.replace("noscript", "div"), "noscript", "without JavaScript"),
        (
            '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">' + GOOD,
            "policy",
            "https://talk.example",
        ),
    ],
)
def test_a_page_that_is_wrong(html: str, about: str, words: str) -> None:
    found = looked_at(html)
    assert list(found) == [about]
    assert words in found[about]


def test_an_element_is_a_slot_too() -> None:
    element = '<comments-thread site="gazette" article="a-1"></comments-thread>'
    assert looked_at(GOOD.replace("data-comments ", "") + element) == {}


def test_a_page_of_counts_needs_no_slot() -> None:
    script = '<script async src="https://talk.example/embed.js"></script>'
    count = '<span data-comments-count data-site="gazette" data-article="{}"></span>'
    page = pages.read(PAGE, script + count.format("a-1") + count.format("a-2"), {})
    told = [each.about for each in embeds.examine(page, SERVICE, SITES)]
    assert told == ["script", "site", "policy"]


def test_the_canonical_address_names_the_article() -> None:
    assert looked_at(GOOD.replace('data-article="a-1"', "")) == {}


def test_a_page_whose_window_can_not_answer() -> None:
    assert list(looked_at(GOOD, Cross_Origin_Opener_Policy="same-origin")) == ["sign-in"]
    assert not looked_at(GOOD, Cross_Origin_Opener_Policy="same-origin-allow-popups")


@pytest.mark.parametrize(
    ("policy", "scripts", "connections"),
    [
        ("", True, True),
        ("img-src 'none'", True, True),
        ("default-src *", True, True),
        ("default-src https:", True, True),
        ("default-src 'none'", False, False),
        ("default-src 'self'", False, False),
        ("default-src 'none'; script-src talk.example; connect-src talk.example", True, True),
        ("script-src https://talk.example; connect-src https://talk.example/embed/", True, True),
        ("script-src https://talk.example/embed.js; connect-src 'none'", True, False),
        ("script-src *.example", True, True),
        ("script-src *.talk.example", False, True),
        ("script-src talk.example:8443", False, True),
        ("script-src talk.example:*", True, True),
        ("script-src 'none'; script-src-elem talk.example", True, True),
        ("script-src talk.example 'strict-dynamic'", False, True),
        ("script-src 'nonce-abc' 'strict-dynamic'", True, True),
        ("script-src 'nonce-other'", False, True),
        ("SCRIPT-SRC HTTPS://TALK.EXAMPLE", True, True),
        ("script-src *, script-src 'self'", False, True),
    ],
)
def test_a_policy_lets_us_in_or_not(policy: str, scripts: bool, connections: bool) -> None:
    script = Asked(f"{SERVICE}/embed.js", "https://gazette.example", nonce="abc")
    thread = Asked(f"{SERVICE}/embed/thread", "https://gazette.example")
    found = policies.parse(policy)
    assert all(policies.allows(each, policies.SCRIPTS, script) for each in found) is scripts
    assert all(policies.allows(each, policies.CONNECTIONS, thread) for each in found) is connections


def examined(app: Flask, **changed: object) -> dict[str, str]:
    known = settings.current_of(app)
    return bad(installation.examine(known.model_copy(update=changed)))


def test_an_installation_as_it_should_be(app: Flask, cast: Cast) -> None:
    trusted = (ip_network("127.0.0.1"),)
    with mailbox.opened(app):
        assert examined(app, url=SERVICE, trusted_proxies=trusted) == {}


def test_work_that_nobody_does(app: Flask, cast: Cast, frozen: datetime) -> None:
    transaction(lambda: mail.add("any", {}, None, clock.now()))
    assert "work" not in examined(app)
    clock.freeze(frozen + timedelta(minutes=11))
    assert "since 2026-03-14 09:26:53 UTC; run: comments work" in examined(app)["work"]


def test_letters_that_reach_nobody(app: Flask, cast: Cast) -> None:
    assert "COMMENTS_SMTP_URL" in examined(app)["mail"]
    nowhere = SecretStr("smtp://127.0.0.1:1")
    assert "127.0.0.1 can't be used" in examined(app, smtp_url=nowhere)["mail"]
    with mailbox.opened(app) as box:
        box.of_receiver = ["550 Nobody here"]
        transaction(lambda: registration.change_email(cast.rae, "rae@example.com", clock.now()))
        box.drain()
        assert "comments mail list" in examined(app)["letters"]


def test_providers_by_whom_people_come_in(app: Flask, provider: Running) -> None:
    up = oidc_provider.configured("Acme", provider.issuer)
    gone = oidc_provider.configured("Gone", "http://127.0.0.1:1")
    other = oidc_provider.configured("Other", f"http://127.0.0.1:{provider.port}/")
    with oidc_provider.offered(app):
        found = examined(app, oidc={"acme": up, "gone": gone, "other": other})
    assert "provider acme" not in found
    assert found["provider gone"] == "http://127.0.0.1:1 lets nobody in: silent"
    assert f"calls itself http://127.0.0.1:{provider.port}" in found["provider other"]


def test_an_installation_that_is_wrong(app: Flask) -> None:
    found = examined(app, url=SERVICE)
    assert "COMMENTS_TRUSTED_PROXIES" in found["proxies"]
    assert "comments setup" in found["sites"]
    found = examined(app, trusted_proxies=(ip_network("0.0.0.0/0"),))
    assert "COMMENTS_URL" in found["address"]
    assert "everybody" in found["proxies"]


def test_a_site_that_may_appear_nowhere(app: Flask) -> None:
    factories.site("quiet")
    assert "origin add quiet" in examined(app)["site quiet"]


def test_a_clock_that_went_back(app: Flask, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a-1")
    factories.comment(article, cast.rae, at=clock.now() + timedelta(hours=1))
    assert "decided" in examined(app)["clock"]


def test_a_secret_that_others_can_read(app: Flask, tmp_path: Path) -> None:
    kept = Settings(instance=tmp_path)
    assert kept.secret
    kept.secret_path.chmod(0o644)
    assert "chmod 600" in bad(installation.examine(kept))["secret"]


Command = Callable[..., Result]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`comments doctor ARGS` in an instance folder of its own."""
    monkeypatch.setenv("COMMENTS_INSTANCE", str(tmp_path))

    def run(*args: str, **settings: str) -> Result:
        env = {f"COMMENTS_{name.upper()}": value for name, value in settings.items()}
        return CliRunner().invoke(main, ["doctor", *args], env=env)

    return run


def test_wrong_settings_are_told_in_a_line(doctor: Command) -> None:
    result = doctor(url="talk.example")
    assert result.exit_code == 1
    assert result.output.startswith("fail  settings: COMMENTS_URL")


def test_a_database_that_is_behind_or_away_is_told(doctor: Command, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    behind = tmp_path / "behind.db"
    behind.touch()
    assert "fail  database" in doctor(database_url=f"sqlite:///{behind}").output
    gone = doctor(database_url="postgresql://u:hush@127.0.0.1:1/x")
    assert gone.exit_code == 1
    assert "can't be reached" in gone.output
    assert "hush" not in gone.output


@pytest.mark.parametrize("args", [(), ("--page", "http://localhost/")])
def test_a_look_at_the_wrong_place_makes_nothing(
    doctor: Command, tmp_path: Path, args: tuple[str, ...]
) -> None:
    found = doctor(*args, instance=str(tmp_path / "instance"))
    assert found.exit_code == 1
    assert found.output.startswith("fail  instance: there is nothing here: ")
    assert str(tmp_path / "instance") in found.output
    assert "the right directory" in found.output
    assert not list(tmp_path.iterdir())


def test_a_database_that_is_not_there_is_not_made(doctor: Command, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    found = doctor(database_url="sqlite:///other.db")
    assert str(tmp_path / "other.db") in found.output
    assert not (tmp_path / "other.db").exists()


class _Publisher(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/story" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(GOOD.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Publisher) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_is_fetched_and_looked_at(doctor: Command, publisher: str) -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    result = doctor("--page", f"{publisher}/story", url=SERVICE)
    assert result.exit_code == 1
    assert "ok    script" in result.output
    assert "fail  site: there is none with the key 'gazette'" in result.output


@pytest.mark.parametrize("address", ["{}/nowhere", "file:///etc/passwd", "http://127.0.0.1:1/"])
def test_a_page_that_is_not_there(doctor: Command, publisher: str, address: str) -> None:
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 0
    result = doctor("--page", address.format(publisher))
    assert result.exit_code == 1
    assert result.output.startswith("fail  page")

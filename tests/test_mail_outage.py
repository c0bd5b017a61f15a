"""A mail server that hangs, dies, puts off and refuses while people write: they notice nothing."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.cli import main
from comments.commands.mail import LISTED
from comments.console import migrated
from comments.db import db, transaction
from comments.outbox import Outgoing, Receiver
from comments.sites.models import Role
from tests import factories, mailbox, servers
from tests.conftest import Cast, Statements
from tests.mailbox import Mailbox
from tests.notifications import acts
from tests.servers import Service


@dataclass(frozen=True)
class Talk:
    """Comments of people who hear of replies, and somebody who answers all of them."""

    roots: dict[str, str]
    token: str


def begun(many: int) -> Talk:
    gazette = factories.site("gazette", origins=("https://gazette.example",))
    floods, answering = factories.article(gazette, "floods"), factories.user("answering")
    factories.member(gazette, answering, Role.STAFF)
    roots = {}
    for number in range(many):
        author = factories.user(f"reader {number}")
        acts.confirm(author)
        assert author.email
        roots[author.email] = str(factories.comment(floods, author).id)
    return Talk(roots, factories.bearer(answering, gazette))


def posted(service: Service, path: str, token: str | None, **sent: str) -> int:
    head = {"Content-Type": "application/json"}
    if token:
        head["Authorization"] = f"Bearer {token}"
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request("POST", path, json.dumps({"site": "gazette", **sent}), head)
        return connection.getresponse().status


def answer(service: Service, talk: Talk, addresses: list[str]) -> None:
    for address in addresses:
        sent = {"article": "floods", "parent": talk.roots[address], "body": f"To {address}."}
        assert posted(service, "/api/v1/comments", talk.token, **sent) == 201


def alive() -> int:
    db.session.rollback()
    living = sa.select(sa.func.count()).where(Outgoing.died_at.is_(None))
    return db.session.scalar(living.select_from(Outgoing)) or 0


def delivered(box: Mailbox) -> None:
    """Let workers do what there is to do, until nothing waits any more."""

    def at_once() -> None:
        db.session.execute(sa.update(Outgoing).values(due_at=clock.now()))
        db.session.execute(sa.delete(Receiver))

    acts.deliver(box)
    while alive():
        transaction(at_once)
        acts.deliver(box)


@pytest.fixture
def box(settings: dict[str, str]) -> Iterator[Mailbox]:
    """The mail server, and the service's database for whoever looks at it from here."""
    with servers.inside(**settings) as app, mailbox.opened(app) as box:
        migrated()
        yield box


def test_posts_do_not_wait_and_each_letter_arrives_once(
    settings: dict[str, str], box: Mailbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    many = 500 if request.config.getoption("--soak") else 40
    talk = begun(many)
    addresses = list(talk.roots)
    box.gone = set(addresses[::10])
    service = Service(tmp_path / "log", smtp_url=box.url, **settings)
    service.start()
    try:
        _post_while_mail_fails(service, box, talk, addresses)
        assert service.stop() == 0
    finally:
        if service.process.poll() is None:
            service.kill()
    delivered(box)
    once = Counter(letter["To"] for letter in box.letters)
    assert once == Counter({*addresses, "new@example.com"} - box.gone)
    assert len({letter["Message-ID"] for letter in box.letters}) == len(box.letters)
    assert listed(settings) == min(len(box.gone), LISTED)


def listed(settings: dict[str, str]) -> int:
    """How many letters the operator sees that were refused for good."""
    env = {f"COMMENTS_{name.upper()}": value for name, value in settings.items()}
    listed = CliRunner().invoke(main, ["mail", "list"], env=env).stdout
    return listed.count("550 5.1.1 No such person here\n")


def _post_while_mail_fails(
    service: Service, box: Mailbox, talk: Talk, addresses: list[str]
) -> None:
    """A third of the replies while the server hangs, a third while it is gone, and the last."""
    box.hangs = True
    new = {"name": "Newcomer", "email": "new@example.com", "password": "a long walk by the sea"}
    assert posted(service, "/api/v1/accounts", None, **new) == 201
    servers.wait_for(lambda: box.hung > 0)
    answer(service, talk, addresses[0::3])
    assert box.letters == []
    box.kill()
    answer(service, talk, addresses[1::3])
    box.of_receiver = ["451 Not now", "421 Too busy"] * 2
    box.of_letter = ["451 Not now", "421 Too busy"] * 2
    box.start()
    answer(service, talk, addresses[2::3])


def test_a_post_asks_the_database_no_more_where_there_is_mail(
    app: Flask, client: FlaskClient, cast: Cast, statements: Statements
) -> None:
    floods = factories.article(cast.gazette, "floods")
    to_rae, to_sam = (str(factories.comment(floods, by).id) for by in (cast.rae, cast.sam))
    head = {"Authorization": f"Bearer {factories.bearer(cast.mo, cast.gazette)}"}

    def cost(parent: str, body: str) -> int:
        statements.clear()
        sent = {"site": "gazette", "article": "floods", "parent": parent, "body": body}
        assert client.post("/api/v1/comments", json=sent, headers=head).status_code == 201
        return len(statements)

    cost(to_sam, "The first that mo ever wrote here.")
    without = cost(to_sam, "Another.")
    acts.confirm(cast.rae)
    with mailbox.opened(app) as box:
        assert cost(to_rae, "A third.") == without
        assert [letter["To"] for letter in acts.deliver(box)] == ["rae@example.com"]

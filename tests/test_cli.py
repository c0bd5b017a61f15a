"""The `comments` command, as an operator types it."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import registration, vouched
from comments.accounts.models import User
from comments.accounts.vouched import Vouched
from comments.audit import Entry
from comments.cli import main
from comments.db import db, transaction
from comments.outbox import Outgoing
from comments.sites import access, keys, queries
from comments.sites.invitations import ending, inviting
from comments.sites.models import Role
from comments.threads.models import Status
from tests import factories, mailbox, servers
from tests.accounts.factors import phone
from tests.conftest import Cast
from tests.notifications import pushing

Command = Callable[..., Result]
Browsers = Callable[[User | None], FlaskClient]
HOST = "http://127.0.0.1:8000"


@pytest.fixture
def comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`comments ARGS` in an instance folder of its own."""
    monkeypatch.setenv("COMMENTS_INSTANCE", str(tmp_path / "instance"))

    def run(*args: str, **settings: str) -> Result:
        env = {f"COMMENTS_{name.upper()}": value for name, value in settings.items()}
        return CliRunner().invoke(main, args, env=env)

    return run


def refused(result: Result) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 2, result.output
    (sentence,) = result.stderr.splitlines()
    return str(sentence)


def test_migrating_twice_changes_nothing(comments: Command) -> None:
    for _ in range(2):
        result = comments("migrate")
        assert (result.exit_code, result.output) == (0, "The database is up to date.\n")


def test_nobody_else_on_the_machine_reads_the_database(comments: Command, tmp_path: Path) -> None:
    assert comments("migrate").exit_code == 0
    (database,) = tmp_path.rglob("comments.db")
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_a_port_that_is_taken_is_refused(comments: Command) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port}" in refused(comments("serve", "--port", str(port)))


def acme(key: str = "acme", **changes: str) -> str:
    """What configures a provider, but for what is wrong with it."""
    given = {"name": "Acme", "issuer": "https://a.example", "client_id": "c", "client_secret": "s"}
    return json.dumps({key: given | changes})


@pytest.mark.parametrize(
    ("settings", "args", "words"),
    [
        ({}, [], "run: comments migrate"),
        ({"url": "talk.example"}, [], "COMMENTS_URL"),
        ({"url": "http://talk.example"}, [], "https://"),
        ({"secret_key": "short"}, [], "COMMENTS_SECRET_KEY"),
        ({"oidc": "google"}, [], "COMMENTS_OIDC is no JSON"),
        ({"oidc": '{"google": {}}'}, [], "COMMENTS_OIDC google.issuer"),
        ({"oidc": acme(key="A b")}, [], "COMMENTS_OIDC A b"),
        ({"oidc": acme(issuer="http://a.example")}, [], "COMMENTS_OIDC acme.issuer"),
        ({"oidc": acme(issuer="https://a.example/?x=1")}, [], "COMMENTS_OIDC acme.issuer"),
        ({"oidc": acme(client_secret="")}, [], "COMMENTS_OIDC acme.client_secret"),
        ({"oidc": acme(client_id="two words")}, [], "COMMENTS_OIDC acme.client_id"),
        ({"oidc": acme(scope="all")}, [], "COMMENTS_OIDC acme.scope"),
        ({"oidc": acme()[:-1] + ", " + acme(key="b")[1:]}, [], "COMMENTS_OIDC names one issuer"),
        ({"push_key": "AAAA"}, [], "COMMENTS_PUSH_KEY"),
        ({"push_key": "A" * 43}, [], "COMMENTS_PUSH_KEY"),
        ({"push_key": pushing.KEY}, [], "COMMENTS_PUSH_CONTACT"),
        ({"push_contact": "you@example.org"}, [], "COMMENTS_PUSH_CONTACT"),
        ({"trusted_proxies": "everyone"}, [], "COMMENTS_TRUSTED_PROXIES"),
        ({"database_url": "mysql://localhost/x"}, [], "COMMENTS_DATABASE_URL"),
        ({"database_url": "postgresql://u:hush@127.0.0.1:1/x"}, [], "COMMENTS_DATABASE_URL"),
        ({"instance": "/proc/nowhere"}, [], "/proc/nowhere"),
        ({}, ["--workers", "2"], "PostgreSQL"),
        ({}, ["--host", "nowhere.invalid"], "nowhere.invalid"),
    ],
)
def test_serving_is_refused_with_one_sentence(
    comments: Command, settings: dict[str, str], args: list[str], words: str
) -> None:
    result = comments("serve", "--port", str(servers.free_port()), *args, **settings)
    assert words in refused(result)
    assert "hush" not in result.output


def test_a_key_for_push_services_is_made(comments: Command) -> None:
    first, second = (comments("push", "key").output.strip() for _ in range(2))
    assert first != second
    name, _, key = first.partition("=")
    given = {name.removeprefix("COMMENTS_").lower(): key, "push_contact": pushing.CONTACT}
    assert "run: comments migrate" in refused(comments("serve", **given))


@pytest.fixture
def operator(app: Flask, database: str, comments: Command) -> Command:
    """`comments ARGS` on the database of the test, which succeeds; what it prints."""

    def run(*args: str) -> str:
        result = comments(*args, database_url=database)
        assert result.exit_code == 0, result.output
        db.session.rollback()
        db.session.expire_all()
        return str(result.stdout).strip()

    return run


def test_a_link_signs_in_once(operator: Command, cast: Cast, as_: Browsers) -> None:
    client = as_(None)
    address = operator("user", "link", "rae")
    assert address.startswith(f"{HOST}/link/")
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 303
    assert "rae" in client.get("/account").text
    assert client.get(address).status_code == 404


def test_a_confirmed_address_names_its_person(operator: Command, cast: Cast) -> None:
    operator("user", "confirm", "rae", "Rae@mail.example")
    assert operator("user", "link", "rae@mail.example").startswith(HOST)
    assert cast.rae.email_confirmed_at is not None


def test_an_address_is_confirmed_for_one_person(
    operator: Command, cast: Cast, comments: Command, database: str
) -> None:
    operator("user", "confirm", "rae", "rae@mail.example")
    taken = comments("user", "confirm", "mo", "rae@mail.example", database_url=database)
    assert "somebody else's" in refused(taken)


def test_letters_that_failed_are_told_of_and_sent_again(
    operator: Command, app: Flask, cast: Cast, comments: Command, database: str
) -> None:
    assert operator("mail", "list") == "None."
    with mailbox.opened(app) as box:
        box.of_receiver = ["550 Nobody here"]
        transaction(lambda: registration.change_email(cast.rae, "rae@example.com", clock.now()))
        box.drain()
        told = operator("mail", "list")
        assert told.endswith("confirm-email  550 Nobody here")
        number = told.partition(" ")[0]
        assert operator("mail", "again", number) == "It is sent soon."
        box.drain()
        assert [letter["To"] for letter in box.letters] == ["rae@example.com"]
    assert "No letter" in refused(comments("mail", "again", number, database_url=database))


def test_who_lost_everything_is_helped(operator: Command, app: Flask, cast: Cast) -> None:
    phone.set_up(cast.mo)
    transaction(lambda: registration.confirm_email(cast.mo, "mo@example.com", clock.now()))
    operator("user", "reset-factors", "mo")
    db.session.refresh(cast.mo)
    assert not cast.mo.has_factor
    rows = db.session.scalars(sa.select(Entry).where(Entry.act == "factors-reset")).all()
    assert [(row.by_id, row.details) for row in rows] == [(None, {"person": cast.mo.id})] * 2
    with mailbox.opened(app) as box:
        box.drain()
        told = box.letters[-1].get_body(("plain",))
    assert told is not None
    assert "removed all your second factors" in told.get_content()


def test_a_token_is_good_for_the_api(operator: Command, cast: Cast, client: FlaskClient) -> None:
    token = operator("user", "token", "mo")
    answer = client.post(
        "/api/v1/comments",
        json={"site": "gazette", "article": "a-1", "body": "By a program."},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("role", ["admin", "staff"])
def test_a_role_is_given_changed_and_taken(operator: Command, cast: Cast, role: str) -> None:
    operator("user", "role", "rae", role, "--site", "gazette")
    assert access.role_on(cast.gazette, cast.rae) == role
    operator("user", "role", "rae", "moderator", "--site", "gazette")
    assert access.role_on(cast.gazette, cast.rae) is Role.MODERATOR
    for _ in range(2):
        operator("user", "role", "rae", "none", "--site", "gazette")
        assert access.role_on(cast.gazette, cast.rae) is None


def test_somebody_gets_a_copy_and_is_deleted(operator: Command, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    comment = factories.comment(article, cast.rae, "Mine.")
    copy = json.loads(operator("user", "export", "rae"))
    assert [text["source"] for text in copy["comments"][0]["texts"]] == ["Mine."]
    operator("user", "delete", "rae", "--texts", "erase")
    db.session.refresh(cast.rae)
    assert (cast.rae.is_closed, comment.status) == (True, Status.WITHDRAWN)
    entry = db.session.scalars(sa.select(Entry).where(Entry.act == "account-deleted")).one()
    assert (entry.by_id, entry.details) == (None, {"person": cast.rae.id, "erase": True})


def test_a_publishers_reader_is_found_by_what_the_publisher_calls_them(
    operator: Command, comments: Command, cast: Cast, database: str
) -> None:
    person = Vouched(subject="r-1", name="rae")
    reader = transaction(lambda: vouched.met(cast.gazette.id, person, clock.now()))
    assert json.loads(operator("user", "export", "r-1", "--site", "gazette"))["account"]["id"] == (
        str(reader.id)
    )
    elsewhere = ("user", "delete", "r-1", "--site", "field-notes", "--texts", "keep")
    assert "nobody" in refused(comments(*elsewhere, database_url=database))
    operator("user", "delete", "r-1", "--site", "gazette", "--texts", "keep")
    db.session.refresh(reader)
    db.session.refresh(cast.rae)
    assert (reader.is_closed, cast.rae.is_closed) == (True, False)


def test_a_last_owner_is_not_deleted(comments: Command, cast: Cast, database: str) -> None:
    result = comments("user", "delete", "ada", "--texts", "keep", database_url=database)
    assert "needs an owner" in refused(result)
    db.session.refresh(cast.ada)
    assert not cast.ada.is_closed


def test_another_site_is_made(operator: Command, cast: Cast) -> None:
    code = operator(
        "site", "add", "evening", "--origin", "https://evening.example", "--owner", "mo"
    )
    assert 'data-site="evening"' in code
    assert f'src="{HOST}/embed.js"' in code
    assert operator("site", "embed", "evening") == code
    assert "evening\tEvening\thttps://evening.example" in operator("site", "list").splitlines()


def test_settings_of_a_site_are_shown_and_changed(operator: Command, cast: Cast) -> None:
    assert "premoderation=False" in operator("site", "set", "gazette").splitlines()
    changed = operator("site", "set", "gazette", "premoderation=yes", "contact=ada@gazette.example")
    assert "premoderation=True" in changed.splitlines()
    settings = queries.by_key("gazette").settings
    assert (settings.premoderation, settings.contact) == (True, "mailto:ada@gazette.example")


def test_addresses_of_a_site_come_and_go(operator: Command, cast: Cast) -> None:
    operator("site", "origin", "add", "field-notes", "https://Other.example/a/page")
    assert "https://other.example" in queries.by_key("field-notes").addresses
    operator("site", "origin", "remove", "field-notes", "https://other.example")
    assert queries.by_key("field-notes").addresses == ["https://notes.example"]


def test_keys_of_a_site_come_and_go(operator: Command, cast: Cast) -> None:
    token = operator("site", "key", "add", "gazette", "cms")
    found = keys.find(token)
    assert found is not None
    assert found.site is cast.gazette
    operator("site", "key", "revoke", "gazette", "cms")
    assert keys.find(token) is None


def test_somebody_is_invited_to_a_site(operator: Command, cast: Cast) -> None:
    link = operator("site", "invite", "gazette", "owner").strip()
    row = inviting.find(link.rpartition("/")[2], clock.now())
    assert (row.site_id, row.role, row.by_id) == (cast.gazette.id, Role.OWNER, None)
    assert operator("site", "invite", "gazette", "staff", "--mail", "lou@example.com").strip() == (
        "A letter is on its way to lou@example.com."
    )
    assert db.session.scalars(sa.select(Outgoing.kind)).all() == [ending.INVITED]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("set", "gazette", "hold_first=300"), "hold_first"),
        (("set", "gazette", "color=red"), "color"),
        (("origin", "add", "gazette", "ftp://gazette.example"), "web address"),
        (("origin", "remove", "gazette", "https://other.example"), "https://other.example"),
        (("origin", "remove", "field-notes", "https://notes.example"), "at least one"),
        (("key", "revoke", "gazette", "cms"), "no key called cms"),
        (("invite", "gazette", "staff", "--mail", "nowhere"), "no e-mail address"),
        (("embed", "nowhere"), "no site"),
        (("add", "gazette", "--origin", "https://x.example", "--owner", "ada"), "already"),
        (("add", "other", "--origin", "https://x.example", "--owner", "nobody"), "nobody"),
    ],
)
def test_what_a_site_can_not_be_is_refused(
    app: Flask, cast: Cast, comments: Command, database: str, args: tuple[str, ...], words: str
) -> None:
    assert words in refused(comments("site", *args, database_url=database))


SET_UP = ("setup", "--site", "evening", "--origin", "http://localhost:8080", "--owner")


def test_setting_up_makes_everything(comments: Command) -> None:
    result = comments(*SET_UP, "ada@evening.example")
    assert result.exit_code == 0, result.output
    assert "is set up for http://localhost:8080" in result.stdout
    assert f"{HOST}/link/" in result.stdout
    assert 'data-site="evening"' in result.stdout
    assert comments("doctor").exit_code == 0


def test_setting_up_again_changes_nothing_and_gives_a_new_link(comments: Command) -> None:
    first, second = (comments(*SET_UP, "ada@evening.example") for _ in range(2))
    assert "was set up before" in second.stdout
    assert link_in(first) != link_in(second)
    assert len(comments("site", "list").stdout.splitlines()) == 1


def test_a_site_is_not_set_up_for_somebody_else(comments: Command) -> None:
    assert comments(*SET_UP, "ada@evening.example").exit_code == 0
    assert "not sam@evening.example's" in refused(comments(*SET_UP, "sam@evening.example"))
    assert "nobody" in refused(comments("user", "link", "sam@evening.example"))


def link_in(result: Result) -> str:
    (link,) = [line for line in result.stdout.splitlines() if "/link/" in line]
    return link


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("link", "nobody"), "nobody called nobody"),
        (("link", "nobody@mail.example"), "nobody called nobody@mail.example"),
        (("confirm", "rae", "no address"), "e-mail"),
    ],
)
def test_what_is_not_so_is_refused(
    app: Flask, cast: Cast, comments: Command, database: str, args: tuple[str, ...], words: str
) -> None:
    assert words in refused(comments("user", *args, database_url=database))


def test_a_receiver_is_set_up_from_the_command_line(
    operator: Command, cast: Cast, comments: Command, database: str
) -> None:
    def hook(act: str, *args: str) -> str:
        return str(operator("site", "hook", act, "gazette", *args))

    url = "https://gazette.example/hook"
    assert hook("add", url, "--event", "published", "--event", "account-deleted")[:6] == "whsec_"
    id, *rest = hook("list").split("\t")
    assert rest == ["gazette.example", "json", "published account-deleted"]
    assert hook("secret", id).startswith("whsec_")
    assert hook("retire", id) == "The fresh secret signs alone."
    assert hook("test", id) == "It is sent soon."
    assert hook("start", id) == "It is told again of what happens from now on."
    assert hook("add", url, "--event", "rejected", "--slack").endswith("is set up.")
    assert hook("remove", id) == "It is removed."
    assert "slack\trejected" in hook("list")
    gone = comments("site", "hook", "remove", "gazette", id, database_url=database)
    assert "no such receiver" in refused(gone)
    wrong = ("site", "hook", "add", "gazette", "http://gazette.example", "--event", "published")
    assert "https://" in refused(comments(*wrong, database_url=database))

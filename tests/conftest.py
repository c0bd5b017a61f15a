"""The cast, a real database of each kind, and clients that are signed in or not.

ada administers the site (its owner), mo moderates it, rae reads and writes, sam moderates another
site, and nobody is nobody.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.test import TestResponse

from comments import clock, create_app, i18n
from comments.accounts import passwords
from comments.accounts.models import User
from comments.db import db, transaction
from comments.settings import Settings
from comments.sites.models import Role, Site
from tests import examples, factories, live, oidc_provider, pseudo, sent, servers
from tests.api import contract
from tests.corpora import shared

ENGINES = ("sqlite", "postgresql")
# These begin first, lest all the others be done and wait for them.
LONGEST = {
    "test_durability.py",
    "test_markup.py",
    "test_sending.py",
    "test_wheel.py",
    "test_xss.py",
}
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
STATISTICS = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"
HOST = "http://127.0.0.1:8000"
PUBLISHER = "https://gazette.example"
PASSWORD = "a quiet lamp on tuesday"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=[*ENGINES, "both"], default="both", help="the database to test with"
    )
    parser.addoption("--soak", action="store_true", help="run at the sizes of `make soak`")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, since many a test waits for a browser or a server."""
    return (os.cpu_count() or 1) + 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        engines = ENGINES if chosen == "both" else (chosen,)
        if metafunc.definition.get_closest_marker("browser") and chosen == "both":
            engines = ("sqlite",)
        metafunc.parametrize("engine", engines, scope="session")


def pytest_report_header() -> list[str]:
    """Said once, where several processes collect."""
    corpora = f"no shared corpora at {shared()}: tests that read them are deselected"
    lacking = f"not installed: {', '.join(examples.LACKING)}; examples in it are not run"
    return [corpora] * _lacks_shared() + [lacking] * bool(examples.LACKING)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--soak"):
        _deselect(config, items, "soak")
    if _lacks_shared():
        _deselect(config, items, "shared")
    items.sort(key=lambda item: item.path.name not in LONGEST)


def _lacks_shared() -> bool:
    return not shared().is_dir() and not os.environ.get("CI")


def _deselect(config: pytest.Config, items: list[pytest.Item], marker: str) -> None:
    gone = [item for item in items if item.get_closest_marker(marker)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[Callable[[], str]]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def database(engine: str, request: pytest.FixtureRequest, tmp_path_factory: Any) -> str:
    if engine == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.db'}"
    return str(request.getfixturevalue("new_postgresql")())


@pytest.fixture
def settings(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Of a service of its own, whose database is empty."""
    given = {"instance": str(tmp_path / "instance")}
    if engine == "postgresql":
        given["database_url"] = request.getfixturevalue("new_postgresql")()
    return given


@pytest.fixture(scope="session")
def service(database: str, tmp_path_factory: Any) -> Iterator[Flask]:
    """The app on a migrated database; one for the whole run of an engine."""
    app = create_app(
        Settings(
            instance=Path(tmp_path_factory.mktemp("instance")),
            database_url=database,
            secret_key="a secret for tests that is long enough",
            url=HOST,
        )
    )
    app.config["COUNT_REQUESTS"] = False
    app.test_client_class = Client
    app.extensions["broken contract"] = contract.watch(app)
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(service: Flask) -> Iterator[Flask]:
    """The app with an empty database, inside its context."""
    with service.app_context():
        try:
            yield service
        finally:
            db.session.remove()
            clock.freeze(None)
            emptied()
            service.extensions["live"].end()
            service.extensions["versions"].clear()
            service.extensions["lane"].clear()
    broken = service.extensions["broken contract"]
    found = "\n".join(broken)
    broken.clear()
    assert not found, found


def emptied() -> None:
    tables = [f'DELETE FROM "{table.name}"' for table in reversed(db.metadata.sorted_tables)]
    with db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            # All at once, or each would take its way there and back.
            everything = ["SET LOCAL session_replication_role = replica", *tables]
            driver.execute("; ".join(everything))
            driver.commit()
            return
        # So whole tables go at once.
        everything = ["PRAGMA foreign_keys=OFF", "BEGIN", *tables, "COMMIT"]
        driver.executescript("; ".join([*everything, "PRAGMA foreign_keys=ON"]))
        had_statistics = driver.execute(STATISTICS).fetchone()
        driver.execute("DROP TABLE IF EXISTS sqlite_stat1")
    if had_statistics:
        db.engine.dispose()  # what is open still plans by them


class Client(FlaskClient):
    """A client whose requests see nothing of the test's own context, nor it of theirs.

    Where it has a CSRF token, it sends that with every form, as the forms of our pages do; give
    `csrf_token` in the data to send another.
    """

    csrf_token: str | bytes | None = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", HOST)
        if self.csrf_token and kwargs.get("method") == "POST" and "json" not in kwargs:
            data = kwargs.get("data") or {}
            if isinstance(data, dict):
                kwargs["data"] = {"csrf_token": self.csrf_token, **data}
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if db.session.registry.has():
            db.session.rollback()
            db.session.expire_all()
        return response


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Nobody's browser."""
    return app.test_client()


@pytest.fixture
def frozen(app: Flask) -> datetime:
    """A clock that stands still at NOW until `clock.freeze` sets it on."""
    clock.freeze(NOW)
    return NOW


@dataclass(frozen=True)
class Cast:
    gazette: Site
    notes: Site
    ada: User
    mo: User
    rae: User
    sam: User


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Two sites and their people."""
    return transaction(_cast)


def _cast() -> Cast:
    gazette = factories.founded("gazette", (PUBLISHER, "https://www.gazette.example"))
    notes = factories.founded("field-notes", ("https://notes.example",))
    ada, mo, rae, sam = (factories.person(name) for name in ("ada", "mo", "rae", "sam"))
    factories.joined(gazette, ada, Role.OWNER)
    factories.joined(gazette, mo, Role.MODERATOR)
    factories.joined(notes, sam, Role.MODERATOR)
    return Cast(gazette, notes, ada, mo, rae, sam)


@pytest.fixture
def as_(app: Flask) -> Callable[[User | None], FlaskClient]:
    """The browser of this person on our own pages: signed in by cookie, with a CSRF token."""

    def browser(user: User | None) -> FlaskClient:
        made = app.test_client()
        assert isinstance(made, Client)
        with made.session_transaction(base_url=HOST) as session:
            if user is not None:
                session["_user_id"] = factories.cookie_token(user)
                session["_fresh"] = True
            session["csrf_token"] = "of this browser"
        signer = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token")
        made.csrf_token = signer.dumps("of this browser")
        return made

    return browser


@pytest.fixture
def marked(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The code of a language for tests alone, which the service speaks meanwhile."""
    pseudo.write(tmp_path)
    babel = app.extensions["babel"]
    places = [*babel.translation_directories, str(tmp_path)]
    monkeypatch.setattr(babel, "translation_directories", places)
    monkeypatch.setitem(i18n.LANGUAGES, pseudo.CODE, pseudo.NAME)
    return pseudo.CODE


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the service can be reached by a browser."""
    with live.service(app) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # In milliseconds: others want the processor as well.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = live.chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def provider() -> Iterator[oidc_provider.Running]:
    """A service that knows people, and by which they may sign in where it is offered."""
    with oidc_provider.running() as made:
        yield made


class Statements(list[str]):
    """The SQL statements sent since it was cleared, but for those that begin and end."""

    def selects(self) -> list[str]:
        return [statement for statement in self if statement.lstrip().startswith("SELECT")]


@pytest.fixture
def statements(app: Flask) -> Iterator[Statements]:
    seen = Statements()

    def note(statement: str, _parameters: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT")):
            seen.append(statement)

    with sent.noted(note):
        yield seen


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little of argon2id as it takes to try the rules around it."""
    quick = PasswordHasher(1, 8, 1)
    monkeypatch.setattr(passwords, "hasher", quick)
    monkeypatch.setattr(passwords, "NOBODYS", quick.hash("nobody's password"))


@pytest.fixture
def gives(quick: None) -> Callable[[User], User]:
    """Give somebody PASSWORD."""

    def give(user: User) -> User:
        secret = passwords.hashed(PASSWORD)
        transaction(lambda: passwords.keep(user, secret, clock.now()))
        return user

    return give

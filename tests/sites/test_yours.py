"""What is kept of readers whom a publisher signs in, in their own hands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import guests, sessions, vouched
from comments.accounts.models import Identity, Session, User
from comments.accounts.vouched import Vouched
from comments.db import db, transaction
from comments.threads.models import Comment, Status
from tests import factories
from tests.conftest import HOST, PUBLISHER, Cast

ANN = Vouched("r-1", "Ann", "ann@example.com", is_confirmed=True)


@pytest.fixture
def ann(cast: Cast, frozen: datetime) -> User:
    """A reader of the gazette's own, who wrote something."""
    made = transaction(lambda: vouched.met(cast.gazette.id, ANN, clock.now()))
    factories.comment(factories.article(cast.gazette, "tides"), made, "Of Ann.")
    return made


@pytest.fixture
def for_you(client: FlaskClient, cast: Cast) -> Callable[[User], str]:
    """What somebody finds under “For you” on the publisher's page."""

    def ask(user: User) -> str:
        token = factories.bearer(user, cast.gazette, PUBLISHER)
        headers = {"Authorization": f"Bearer {token}", "Origin": PUBLISHER}
        form = {"site": "gazette", "article": "tides"}
        return client.post("/embed/heard", json=form, headers=headers).text

    return ask


@pytest.fixture
def place(for_you: Callable[[User], str], ann: User) -> str:
    """Where Ann was led from there."""
    (found,) = re.findall(rf'href="{HOST}(/yours/[^"]+)"', for_you(ann))
    return str(urlsplit(found).path)


def is_there(user: User) -> bool:
    db.session.rollback()
    return not db.session.get_one(User, user.id, populate_existing=True).is_closed


def test_a_reader_takes_along_what_is_kept_of_them(client: FlaskClient, place: str) -> None:
    page = client.get(place)
    assert "You write on <bdi>Gazette</bdi> as <bdi>Ann</bdi>" in page.text
    assert f'href="{place}/data"' in page.text
    assert f'action="{place}/data"' in client.get(f"{place}/data").text
    answer = client.post(f"{place}/data")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.json["account"]["email"] == "ann@example.com"
    assert [way["subject"] for way in answer.json["ways"]] == ["r-1"]
    assert answer.json["comments"][0]["texts"][0]["source"] == "Of Ann."
    for each in (page, answer):
        assert each.headers["Referrer-Policy"] == "no-referrer"
        assert each.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in each.headers


@pytest.mark.parametrize(
    ("texts", "status"), [("keep", Status.PUBLISHED), ("erase", Status.WITHDRAWN)]
)
def test_a_reader_deletes_their_account_with_everything(
    client: FlaskClient, place: str, ann: User, cast: Cast, texts: str, status: Status
) -> None:
    assert f'action="{place}/delete"' in client.get(f"{place}/delete").text
    assert client.post(f"{place}/delete", data={"texts": "burn"}).status_code == 422
    assert is_there(ann)
    answer = client.post(f"{place}/delete", data={"texts": texts})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert "Your account is deleted." in answer.text
    assert not is_there(ann)
    assert db.session.scalars(sa.select(Comment)).one().status is status
    for table in (Identity, Session):
        assert db.session.scalar(sa.select(table).where(table.user_id == ann.id)) is None
    assert client.post(f"{place}/delete", data={"texts": texts}).status_code == 404
    again = transaction(lambda: vouched.met(cast.gazette.id, ANN, clock.now()))
    assert again.id != ann.id


def test_whatever_is_over_looks_the_same_and_does_nothing(
    client: FlaskClient, place: str, for_you: Callable[[User], str], ann: User
) -> None:
    forged = [f"{place}x", "/yours/x", "/yours/WzEsOTk5OTk5OTk5OV0.x", "/yours/\u00e4"]
    factories.end_sessions(ann)
    ended = client.get(place)
    (later,) = re.findall(rf'href="{HOST}(/yours/[^"]+)"', for_you(ann))
    assert client.get(later).status_code == 200
    clock.freeze(clock.now() + sessions.PROVED_FOR + sessions.SEEN_EVERY)
    for path in (*forged, later):
        for method, page in (("GET", ""), ("POST", "/data"), ("POST", "/delete")):
            answer = client.open(path + page, method=method, data={"texts": "erase"})
            assert (answer.status_code, answer.text) == (404, ended.text)
    assert is_there(ann)


def test_who_has_a_way_in_is_led_to_their_own_pages(
    for_you: Callable[[User], str], cast: Cast
) -> None:
    guest = transaction(lambda: guests.make(cast.gazette.id, "Wren", None, clock.now()))
    for person in (guest, cast.rae):
        assert "For you" in for_you(person)
        assert "/yours/" not in for_you(person)

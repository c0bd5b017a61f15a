"""Coming in by a letter, and saying by one that an address is one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import closing, guests, letters, registration
from comments.accounts.models import Ticket, User
from comments.db import db, transaction
from comments.outbox import Outgoing
from tests import factories, forms, mailbox
from tests.conftest import HOST, PASSWORD, Cast, Statements
from tests.mailbox import Mailbox

As = Callable[[User | None], FlaskClient]
ADDRESS = "rae@example.com"


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


@pytest.fixture
def rae(cast: Cast, gives: Callable[[User], User]) -> User:
    """With a confirmed address, and a password that she forgot."""
    transaction(lambda: registration.confirm_email(cast.rae, ADDRESS, clock.now()))
    return gives(cast.rae)


def path_of(url: str) -> str:
    assert url.startswith(HOST)
    return urlsplit(url).path


def waiting() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Outgoing)) or 0


def test_a_mailed_link_signs_in_once(app: Flask, rae: User, box: Mailbox) -> None:
    browser = app.test_client()
    answer = forms.send(browser, "/recover", login="Rae@Example.com")
    assert "Look into your mail" in answer.text
    box.drain()
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "Sign in")
    link = path_of(box.link(HOST))
    assert "Sign in as <bdi>rae</bdi>?" in browser.get(link).text
    answer = forms.send(browser, link)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "choose another one now" in browser.get("/account").text
    assert app.test_client().get(link).status_code == 404


def test_who_came_by_a_letter_can_choose_another_password(
    app: Flask, rae: User, box: Mailbox
) -> None:
    browser = app.test_client()
    forms.send(browser, "/recover", login="rae")
    box.drain()
    forms.send(browser, path_of(box.link(HOST)))
    other = "a green kettle by the sea"
    assert forms.send(browser, "/account/password", password=other).status_code == 303
    fresh = app.test_client()
    assert forms.send(fresh, "/sign-in", login=ADDRESS, password=other).status_code == 303
    wrong = app.test_client()
    assert forms.send(wrong, "/sign-in", login="rae", password=PASSWORD).status_code == 422


@pytest.mark.parametrize("login", ["nobody", "mo", "sam@example.com"])
def test_nothing_tells_who_is_known(
    app: Flask, cast: Cast, rae: User, box: Mailbox, statements: Statements, login: str
) -> None:
    """Sam claims an address and never confirmed it; mo has none."""
    transaction(lambda: registration.change_email(cast.sam, "sam@example.com", clock.now()))
    browser = app.test_client()
    forms.send(browser, "/recover", login="somebody before")
    asked = []
    for each in ("rae", login):
        token = forms.csrf_of(browser, "/recover")
        statements.clear()
        answer = browser.post("/recover", data={"login": each, "csrf_token": token})
        asked.append((answer.status_code, answer.text, [*statements]))
    assert asked[0] == asked[1]
    box.drain()
    assert {letter["To"] for letter in box.letters} <= {ADDRESS, "sam@example.com"}
    assert [letter["Subject"] for letter in box.letters if letter["To"] != ADDRESS] == [
        "Is this your address?"
    ]
    assert waiting() == 0


def test_links_can_not_be_asked_for_without_end(app: Flask, rae: User) -> None:
    browser = app.test_client()
    spellings = ("rae", "Rae!", "r-a-e", "rae")
    answers = [forms.send(browser, "/recover", login=each).status_code for each in spellings]
    assert answers == [200, 200, 200, 429]


def test_a_link_is_void_after_a_change(
    app: Flask, rae: User, box: Mailbox, client: FlaskClient
) -> None:
    forms.send(client, "/recover", login="rae")
    box.drain()
    link = path_of(box.link(HOST))
    transaction(lambda: registration.change_email(rae, "other@example.com", clock.now()))
    assert client.get(link).status_code == 404


def test_only_the_hash_of_a_link_is_kept(app: Flask, rae: User, box: Mailbox) -> None:
    forms.send(app.test_client(), "/recover", login="rae")
    assert "link" not in str(db.session.scalar(sa.select(Outgoing.facts)))
    box.drain()
    token = path_of(box.link(HOST)).rsplit("/", 1)[1]
    assert token not in (db.session.scalar(sa.select(Ticket.token_hash)) or "")


def test_an_address_is_confirmed_by_its_letter(app: Flask, cast: Cast, box: Mailbox) -> None:
    browser = app.test_client()
    forms.send(browser, "/sign-up", name="Rosalind", email="ros@example.com", password=PASSWORD)
    assert "not confirmed" in browser.get("/account").text
    box.drain()
    link = path_of(box.link(f"{HOST}/confirm/"))
    elsewhere = app.test_client()
    assert "ros@example.com" in elsewhere.get(link).text
    assert "not confirmed" in browser.get("/account").text
    assert forms.send(elsewhere, link).status_code == 303
    assert "not confirmed" not in browser.get("/account").text
    fresh = app.test_client()
    signed_in = forms.send(fresh, "/sign-in", login="ros@example.com", password=PASSWORD)
    assert signed_in.status_code == 303


def test_a_known_owner_is_told_who_claims_their_address(
    app: Flask, rae: User, box: Mailbox
) -> None:
    known = app.test_client()
    forms.send(known, "/sign-up", name="Impostor", email=ADDRESS, password=PASSWORD)
    box.drain()
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "Somebody gave your address as theirs")
    assert "/confirm/" not in letter.as_string()


@pytest.mark.parametrize("after", ["too late", "changed", "forged"])
def test_a_letter_that_is_over_confirms_nothing(
    app: Flask, cast: Cast, box: Mailbox, as_: As, frozen: object, after: str
) -> None:
    transaction(lambda: registration.change_email(cast.rae, "new@example.com", clock.now()))
    box.drain()
    link = path_of(box.link(f"{HOST}/confirm/"))
    if after == "too late":
        clock.freeze(clock.now() + timedelta(days=4))
    elif after == "changed":
        transaction(lambda: registration.change_email(cast.rae, None, clock.now()))
    else:
        link = link[:-4] + "AAAA"
    browser = as_(None)
    assert browser.get(link).status_code == 404
    assert browser.post(link, data={}).status_code == 404
    db.session.refresh(cast.rae)
    assert cast.rae.email_confirmed_at is None


def test_who_left_gets_no_more_letters(app: Flask, cast: Cast, box: Mailbox) -> None:
    transaction(lambda: registration.change_email(cast.rae, "new@example.com", clock.now()))
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    assert waiting() == 0
    box.drain()
    assert box.letters == []


@pytest.mark.parametrize("login", [ADDRESS, "rae"])
def test_who_leaves_takes_no_letter_of_somebody_else_along(
    app: Flask, rae: User, cast: Cast, box: Mailbox, login: str
) -> None:
    """Sam only claims the address, and a guest only bears the name."""
    guest = transaction(lambda: guests.make(cast.gazette.id, "Wren", None, clock.now()))
    transaction(lambda: registration.change_email(cast.sam, ADDRESS, clock.now()))
    transaction(lambda: setattr(guest, "name_key", rae.name_key))
    box.drain()
    forms.send(app.test_client(), "/recover", login=login)
    factories.close(cast.sam)
    factories.close(guest)
    box.drain()
    assert [letter["Subject"] for letter in box.letters][1:] == ["Sign in"]
    transaction(lambda: letters.ask_for_link(login, "192.0.2.1", clock.now()))
    factories.close(rae)
    assert waiting() == 0


def test_a_letter_speaks_the_language_it_was_asked_in(app: Flask, rae: User, box: Mailbox) -> None:
    browser = app.test_client()
    forms.send(browser, "/recover?locale=de", login="rae")
    box.drain()
    assert box.letters[0]["Subject"] == "Anmelden"


def test_a_name_becomes_no_link(app: Flask, cast: Cast, box: Mailbox) -> None:
    person = factories.user("evil.example", email="e@example.com")
    transaction(lambda: registration.change_email(person, "e@example.com", clock.now()))
    box.drain()
    html = box.letters[0].get_body(("html",))
    assert html is not None
    assert "evil.example" not in html.get_content()
    assert "evil.\u2060example" in html.get_content()


def test_nothing_that_people_typed_is_markup(app: Flask, cast: Cast, box: Mailbox) -> None:
    person = factories.user("<b>Bold</b>", email="bold@example.com", email_key="bold@example.com")
    transaction(lambda: registration.change_email(person, "bold@example.com", clock.now()))
    box.drain()
    html = box.letters[0].get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;Bold&lt;/" in html.get_content()
    assert "<img" not in html.get_content()

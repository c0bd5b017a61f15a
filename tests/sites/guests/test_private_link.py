"""Coming back to what one wrote without an account, and making an account of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import guests, letters, passwords, registration
from comments.accounts.models import Identity, PrivateLink, Session, User, Way
from comments.db import db, transaction
from comments.outbox import Outgoing
from comments.threads.models import Comment, Status
from tests import factories, forms
from tests.conftest import HOST, PASSWORD, Cast
from tests.mailbox import Mailbox
from tests.sites.guests.conftest import Come

pytestmark = pytest.mark.usefixtures("quick")
ADDRESS = "wren@example.com"
As = Callable[[User | None], FlaskClient]


@pytest.fixture
def guest(cast: Cast) -> User:
    """Wren, who wrote something that waits and left an address."""
    made = transaction(lambda: guests.make(cast.gazette.id, "Wren", ADDRESS, clock.now()))
    article = factories.article(cast.gazette, "tides")
    factories.comment(article, made, "Of a guest.", to=Status.PENDING)
    return made


@pytest.fixture
def link(guest: User) -> str:
    """The private link that was shown."""
    return "/guest/" + transaction(lambda: guests.link(guest, clock.now()))


@pytest.fixture
def wren(app: Flask, link: str) -> FlaskClient:
    """The browser of whoever opened it."""
    browser = app.test_client()
    assert forms.send(browser, link).location == "/mine"
    return browser


def path_of(url: str) -> str:
    assert url.startswith(HOST)
    return urlsplit(url).path


def of(user: User, table: type[Identity] | type[PrivateLink] | type[Session]) -> int:
    theirs = sa.select(sa.func.count()).select_from(table).where(table.user_id == user.id)
    return db.session.scalar(theirs) or 0


def test_opening_the_link_only_asks(client: FlaskClient, guest: User, link: str) -> None:
    answer = client.get(link)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "You wrote here as <bdi>Wren</bdi>" in answer.text
    assert of(guest, Session) == 0
    assert client.post(link, data={"csrf_token": ""}).status_code == 403


def test_whoever_goes_on_sees_edits_and_deletes(wren: FlaskClient) -> None:
    page = wren.get("/mine").text
    assert "Of a guest." in page
    id = factories.newest().id
    assert f"/comments/{id}/edit" in page
    forms.send(wren, f"/comments/{id}/edit", body="Of a guest, and better.")
    assert "and better." in wren.get("/mine").text
    forms.send(wren, f"/comments/{id}/delete")
    page = wren.get("/mine").text
    assert "You deleted this comment." in page
    assert f"/comments/{id}/edit" not in page


def test_it_works_again_and_again_until_there_is_a_new_one(
    app: Flask, wren: FlaskClient, link: str
) -> None:
    assert app.test_client().get(link).status_code == 200
    page = forms.send(wren, "/account/guest", to="/account/guest/link").text
    assert app.test_client().get(link).status_code == 404
    new = page.partition(f'value="{HOST}/guest/')[2].partition('"')[0]
    assert app.test_client().get(f"/guest/{new}").status_code == 200
    assert new not in wren.get("/account/guest").text


def test_a_new_link_ends_mailed_ones_too(guest: User, wren: FlaskClient) -> None:
    mailed = transaction(lambda: guests.mailed_link(guest, ADDRESS, clock.now()))
    forms.send(wren, "/account/guest", to="/account/guest/link")
    assert wren.get(f"/guest/{mailed}").status_code == 404


@pytest.mark.parametrize(
    ("to", "fields"),
    [
        ("/account/guest/link", {}),
        ("/account/join", {"name": "Wren Hill", "email": "", "password": PASSWORD}),
    ],
)
def test_who_else_came_by_the_link_is_out_with_it(
    app: Flask,
    wren: FlaskClient,
    guest: User,
    link: str,
    cast: Cast,
    to: str,
    fields: dict[str, str],
) -> None:
    factories.bearer(guest, cast.gazette)
    other = app.test_client()
    forms.send(other, link)
    forms.send(wren, "/account/guest", to=to, **fields)
    assert other.get("/mine").location == "/sign-in?next=/mine"
    assert wren.get("/mine").status_code == 200
    assert of(guest, Session) == 2, "the page where they write keeps its own"


def test_another_address_ends_what_was_mailed_to_the_old_one(
    guest: User, wren: FlaskClient, link: str
) -> None:
    mailed = transaction(lambda: guests.mailed_link(guest, ADDRESS, clock.now()))
    forms.send(wren, "/account/email", email="robin@example.com")
    assert wren.get(f"/guest/{mailed}").status_code == 404
    assert wren.get(link).status_code == 200


def test_the_letter_brings_a_link_and_confirms_the_address(
    app: Flask, come: Come, box: Mailbox, cast: Cast
) -> None:
    shown = come("Dr. Wren", email=ADDRESS).json["link"]
    box.drain()
    (letter,) = box.letters
    assert (letter["To"], letter["Subject"]) == (ADDRESS, "Your comments on Gazette")
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "as Dr. Wren," in text
    mailed = path_of(box.link(HOST))
    assert mailed != path_of(shown)
    user = db.session.scalars(sa.select(User).where(User.email == ADDRESS)).one()
    forms.send(app.test_client(), path_of(shown))
    db.session.refresh(user)
    assert user.email_confirmed_at is None
    browser = app.test_client()
    assert ADDRESS in browser.get(mailed).text
    forms.send(browser, mailed)
    db.session.refresh(user)
    assert user.email_confirmed_at is not None


def test_the_link_of_a_letter_that_was_sent_twice_is_good_in_both(
    client: FlaskClient, come: Come, box: Mailbox
) -> None:
    """Mail programs keep either of two letters with one Message-ID."""
    come(email=ADDRESS)
    box.dies_after_data = 1
    box.drain()
    transaction(lambda: db.session.execute(sa.update(Outgoing).values(due_at=clock.now())))
    first = path_of(box.link(HOST))
    box.drain()
    assert len({letter["Message-ID"] for letter in box.letters}) == 1
    assert [path_of(box.link(HOST)), client.get(first).status_code] == [first, 200]
    assert len(box.letters) == 2


def test_a_letter_after_all_links_were_ended_brings_another(
    client: FlaskClient, come: Come, box: Mailbox
) -> None:
    come(email=ADDRESS)
    box.dies_after_data = 1
    box.drain()
    guest = db.session.scalars(sa.select(User).where(User.email == ADDRESS)).one()
    transaction(lambda: guests.new_link(guest, None, clock.now()))
    transaction(lambda: db.session.execute(sa.update(Outgoing).values(due_at=clock.now())))
    first = path_of(box.link(HOST))
    box.drain()
    second = path_of(box.link(HOST))
    assert [client.get(link).status_code for link in (first, second)] == [404, 200]


def test_nothing_a_guest_typed_is_a_link_in_the_letter(come: Come, box: Mailbox) -> None:
    come("wren.example", email=ADDRESS)
    box.drain()
    html = box.letters[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "wren.example" not in html
    assert "wren.\u2060example" in html


def test_nobodys_mailbox_is_filled(come: Come, box: Mailbox) -> None:
    for n in range(letters.ASKED_TO_CONFIRM.times + 2):
        assert come(f"Wren {n}", email=ADDRESS).status_code == 201
    box.drain()
    assert len(box.letters) == letters.ASKED_TO_CONFIRM.times


def test_nor_does_somebody_who_changes_to_it_again_and_again(
    guest: User, cast: Cast, box: Mailbox
) -> None:
    """Whoever claims an address learns nothing of what is sent there, and of what is not."""
    for person in (guest, cast.rae) * 3:
        transaction(partial(registration.change_email, person, ADDRESS, clock.now()))
        box.drain()
    assert len(box.letters) == letters.ASKED_TO_CONFIRM.times


def test_an_address_of_an_account_is_let_alone(
    app: Flask, come: Come, box: Mailbox, cast: Cast
) -> None:
    """Who is mailed there reads so; the account stays whose it is, and signs in by it."""
    transaction(lambda: registration.confirm_email(cast.rae, ADDRESS, clock.now()))
    assert come(email=ADDRESS).json.keys() == come("Robin").json.keys()
    box.drain()
    forms.send(app.test_client(), path_of(box.link(HOST)))
    forms.send(app.test_client(), "/recover", login=ADDRESS)
    box.drain()
    assert "as <bdi>rae</bdi>" in app.test_client().get(path_of(box.link(HOST))).text


def test_their_data_is_theirs(wren: FlaskClient) -> None:
    copy = forms.send(wren, "/account/data").json
    assert (copy["account"]["name"], copy["account"]["email"]) == ("Wren", ADDRESS)
    assert [way["way"] for way in copy["ways"]] == ["guest"]
    assert [link["mailed_to"] for link in copy["private_links"]] == [None]
    assert copy["comments"][0]["texts"][0]["source"] == "Of a guest."


def test_they_erase_themselves_outgoing_letters_included(
    app: Flask, come: Come, box: Mailbox, guest: User, wren: FlaskClient, link: str
) -> None:
    forms.send(wren, "/account/email", email="robin@example.com")
    forms.send(wren, "/account/delete", texts="erase")
    db.session.refresh(guest)
    assert (guest.name, guest.email, guest.is_closed) == ("", None, True)
    assert of(guest, Identity) == of(guest, PrivateLink) == of(guest, Session) == 0
    assert db.session.scalars(sa.select(Comment)).one().status is Status.WITHDRAWN
    assert wren.get(link).status_code == 404
    box.drain()
    assert box.letters == []


@pytest.mark.parametrize(
    "page", ["/account", "/account/name", "/account/password", "/account/factors"]
)
def test_pages_of_accounts_lead_to_their_own(wren: FlaskClient, page: str) -> None:
    answer = wren.get(page)
    assert (answer.status_code, answer.location) == (303, "/account/guest")
    page = wren.get("/account/guest").text
    assert "You write on <bdi>Gazette</bdi> as <bdi>Wren</bdi>" in page


def test_a_guest_can_have_no_password_without_an_account(wren: FlaskClient, guest: User) -> None:
    answer = forms.send(wren, "/account/guest", to="/account/password", password=PASSWORD)
    assert answer.status_code == 403
    assert passwords.secret_of(guest) is None


def test_a_guest_becomes_an_account_and_keeps_what_they_wrote(
    app: Flask, wren: FlaskClient, guest: User, link: str, cast: Cast
) -> None:
    token = factories.bearer(guest, cast.gazette)
    answer = forms.send(wren, "/account/join", name="Wren Hill", email="", password=PASSWORD)
    assert answer.location == "/account"
    db.session.refresh(guest)
    assert (guest.site_id, guest.name) == (None, "Wren Hill")
    assert app.test_client().get(link).status_code == 404
    browser = app.test_client()
    forms.send(browser, "/sign-in", login="Wren Hill", password=PASSWORD)
    assert "Of a guest." in browser.get("/mine").text
    factories.settle(cast.gazette, commenters="members")
    factories.earlier()
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"site": "gazette", "article": "tides", "body": "Of a member."}
    assert browser.post("/api/v1/comments", json=sent, headers=headers).status_code == 201


def test_a_guest_becomes_an_account_by_a_mailed_address_alone(
    app: Flask, wren: FlaskClient, guest: User, box: Mailbox
) -> None:
    forms.send(wren, "/account/join", name="Wren", email=ADDRESS, password="")
    box.drain()
    forms.send(app.test_client(), path_of(box.link(HOST)))
    browser = app.test_client()
    forms.send(browser, "/recover", login=ADDRESS)
    box.drain()
    forms.send(browser, path_of(box.link(HOST)))
    assert "Of a guest." in browser.get("/mine").text


def test_an_address_that_was_confirmed_before_stays_so(
    app: Flask, guest: User, box: Mailbox
) -> None:
    mailed = "/guest/" + transaction(lambda: guests.mailed_link(guest, ADDRESS, clock.now()))
    browser = app.test_client()
    forms.send(browser, mailed)
    forms.send(browser, "/account/join", name="Wren", email=ADDRESS, password="")
    db.session.refresh(guest)
    assert guest.email_confirmed_at is not None
    box.drain()
    assert box.letters == []


def test_who_has_an_account_with_that_address_is_told_so(
    app: Flask, guest: User, cast: Cast
) -> None:
    transaction(lambda: registration.confirm_email(cast.rae, ADDRESS, clock.now()))
    mailed = "/guest/" + transaction(lambda: guests.mailed_link(guest, ADDRESS, clock.now()))
    browser = app.test_client()
    forms.send(browser, mailed)
    answer = forms.send(browser, "/account/join", name="Wren", email=ADDRESS, password=PASSWORD)
    assert answer.status_code == 409
    db.session.refresh(guest)
    assert guest.site_id is not None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "rae", "email": ADDRESS, "password": ""}, "This name is taken"),
        ({"name": "Wren", "email": "", "password": ""}, "Give a password, or an e-mail address"),
        ({"name": "Wren", "email": "", "password": "short"}, "at least 8 characters"),
        ({"name": "Wren", "email": "", "password": "password1"}, "among the first"),
        ({"name": "Wren", "email": "none", "password": PASSWORD}, "no e-mail address"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(
    wren: FlaskClient, guest: User, fields: dict[str, str], words: str
) -> None:
    answer = forms.send(wren, "/account/join", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    db.session.refresh(guest)
    assert guests.is_guest(guest)


def test_an_account_is_made_once(wren: FlaskClient, guest: User) -> None:
    token = forms.csrf_of(wren, "/account/join")
    sent = {"csrf_token": token, "name": "Wren", "email": "", "password": PASSWORD}
    assert wren.post("/account/join", data=sent).status_code == 303
    assert wren.post("/account/join", data=sent).status_code == 403
    assert [row.way for row in db.session.scalars(sa.select(Identity))] == [Way.PASSWORD]


@pytest.mark.parametrize("token", ["x", "", "x" * 5000, "\u00e4\u0000"])
def test_a_link_of_nobody_is_nothing(client: FlaskClient, token: str) -> None:
    assert client.get(f"/guest/{token}").status_code == 404

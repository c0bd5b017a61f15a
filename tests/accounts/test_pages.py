"""The pages of an account: what they do, and what they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from comments import clock
from comments.accounts import links, passwords, sessions
from comments.accounts.models import Kind, Session, Ticket, User
from comments.audit import Entry
from comments.db import db, transaction
from comments.threads.models import Comment, Revision, Status
from tests import factories, forms
from tests.conftest import HOST, PASSWORD, Cast
from tests.corpora import shared

As = Callable[[User | None], FlaskClient]
Gives = Callable[[User], User]
OTHER = "a green kettle by the sea"


@pytest.fixture
def rae(cast: Cast, gives: Gives) -> User:
    return gives(cast.rae)


@pytest.fixture
def browser(rae: User, as_: As) -> FlaskClient:
    """Rae's."""
    return as_(rae)


def living(user: User) -> list[Session]:
    db.session.rollback()
    return list(db.session.scalars(sessions.of(user)))


# Coming in and going out


def test_signing_up_signs_in_and_goes_on(app: Flask, cast: Cast) -> None:
    browser = app.test_client()
    answer = forms.send(
        browser, "/sign-up?site=gazette&next=/account", name="Rosalind", password=PASSWORD
    )
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Signed in as <bdi>Rosalind</bdi>" in browser.get("/account").text


def test_a_second_click_signs_in_whom_the_first_signed_up(app: Flask) -> None:
    browser = app.test_client()
    sent = {"csrf_token": forms.csrf_of(browser, "/sign-up"), "name": "Rosalind"}
    with browser.session_transaction(base_url=HOST) as cookie:
        before = dict(cookie)

    def click(password: str) -> TestResponse:
        with browser.session_transaction(base_url=HOST) as cookie:
            cookie.clear()
            cookie.update(before)
        return browser.post("/sign-up", data={**sent, "password": password})

    assert [click(PASSWORD).status_code for _ in range(2)] == [303, 303]
    assert "Signed in as <bdi>Rosalind</bdi>" in browser.get("/account").text
    assert forms.faults(click(OTHER)) == ["name"]
    assert db.session.scalars(sa.select(User.name)).all() == ["Rosalind"]


def test_a_form_names_every_fault_and_keeps_what_was_typed(client: FlaskClient) -> None:
    answer = forms.send(client, "/sign-up", name="x", email="nowhere", password="short")
    assert answer.status_code == 422
    assert forms.faults(answer) == ["name", "email", "password"]
    assert 'value="nowhere"' in answer.text
    assert "short" not in answer.text


def test_an_easy_password_is_refused(client: FlaskClient) -> None:
    answer = forms.send(client, "/sign-up", name="Rosalind", password="rosalind1")
    assert forms.faults(answer) == ["password"]


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up"])
def test_the_way_on_survives_between_signing_in_and_up(client: FlaskClient, page: str) -> None:
    answer = client.get(f"{page}?site=gazette&next=/connect?site%3Dgazette%26nonce%3Dn")
    passed = "next=/connect?site%3Dgazette%26nonce%3Dn"
    for other in ("/sign-in", "/sign-up"):
        (address,) = re.findall(rf'(?:href|action)="({other}\?[^"]*)"', answer.text)
        assert passed in address.replace("%3F", "?").replace("&amp;", "&")


def test_the_rules_of_a_site_are_read_before_signing_up(client: FlaskClient, cast: Cast) -> None:
    factories.settle(
        cast.gazette,
        rules="Be <b>kind</b>.",
        rules_url="https://gazette.example/rules",
        privacy_url="https://gazette.example/privacy",
        contact="mailto:talk@gazette.example",
    )
    page = client.get("/sign-up?site=gazette").text
    assert "Be &lt;b&gt;kind&lt;/b&gt;." in page
    for address in ("https://gazette.example/rules", "https://gazette.example/privacy"):
        assert f'href="{address}"' in page
    assert 'href="mailto:talk@gazette.example"' in page
    assert "Gazette" in page


def test_a_sites_language_is_spoken(client: FlaskClient, cast: Cast) -> None:
    factories.settle(cast.gazette, language="de")
    assert '<html lang="de"' in client.get("/sign-in?site=gazette").text
    assert '<html lang="en"' in client.get("/sign-in?site=nosuch").text
    assert '<html lang="en"' in client.get("/sign-in?site=%00").text


def test_who_is_signed_in_need_not_sign_in(browser: FlaskClient) -> None:
    assert browser.get("/sign-in?next=/account/name").location == "/account/name"


def test_signing_in_changes_the_token_and_ends_the_old_one(app: Flask, rae: User) -> None:
    browser = app.test_client()
    forms.send(browser, "/sign-in", login="rae", password=PASSWORD)
    with browser.session_transaction(base_url=HOST) as cookie:
        first = cookie["_user_id"]
        cookie["planted"] = "by somebody else"
    token = forms.csrf_of(browser, "/account/name")
    data = {"csrf_token": token, "login": "rae", "password": PASSWORD}
    browser.post("/sign-in", data=data)
    with browser.session_transaction(base_url=HOST) as cookie:
        assert cookie["_user_id"] != first
        assert "planted" not in cookie
    assert sessions.find(first, frozenset(Kind), clock.now()) is None
    assert len(living(rae)) == 1


def test_signing_out_ends_the_session_for_good(browser: FlaskClient, rae: User) -> None:
    with browser.session_transaction(base_url=HOST) as cookie:
        token = cookie["_user_id"]
    assert browser.post("/sign-out").status_code == 303
    assert living(rae) == []
    with browser.session_transaction(base_url=HOST) as cookie:
        cookie["_user_id"] = token
    assert browser.get("/account").status_code == 302


def test_a_form_from_elsewhere_is_refused(browser: FlaskClient, rae: User) -> None:
    for token in ("", "nonsense"):
        answer = browser.post("/account/delete", data={"csrf_token": token, "texts": "erase"})
        assert answer.status_code == 403
    db.session.refresh(rae)
    assert not rae.is_closed


def test_the_cookie_is_for_this_service_alone(app: Flask, rae: User) -> None:
    browser = app.test_client()
    answer = forms.send(browser, "/sign-in", login="rae", password=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain=" not in cookie


@pytest.mark.parametrize(
    "path",
    [
        "/account",
        "/account/name",
        "/account/email",
        "/account/password",
        "/account/sessions",
        "/account/data",
        "/account/delete",
    ],
)
def test_strangers_are_sent_to_sign_in_and_back(client: FlaskClient, path: str) -> None:
    assert client.get(path).location == f"/sign-in?next={path}"


@pytest.mark.parametrize(
    "next",
    [
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "https:evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/" + "a" * 3000,
        "",
    ],
)
def test_the_way_on_leads_nowhere_else(browser: FlaskClient, next: str) -> None:
    assert browser.get("/sign-in", query_string={"next": next}).location == "/"


@pytest.mark.shared
def test_no_known_trick_leads_elsewhere(browser: FlaskClient) -> None:
    tricks = (shared() / "corpora/urls/open-redirects.txt").read_text().splitlines()
    assert len(tricks) > 300
    for trick in tricks:
        answer = browser.get("/sign-in", query_string={"next": trick})
        there = urlsplit(urljoin(f"{HOST}/sign-in", answer.location.replace("\\", "/")))
        assert (there.scheme, there.netloc) == ("http", "127.0.0.1:8000"), trick


# Links


def test_looking_at_a_link_signs_nobody_in(client: FlaskClient, rae: User) -> None:
    token = transaction(lambda: links.make(rae, clock.now()))
    answer = client.get(f"/link/{token}")
    assert "Sign in as <bdi>rae</bdi>?" in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get("/account").status_code == 302
    assert living(rae) == []


def test_a_link_signs_in_once(app: Flask, rae: User) -> None:
    token = transaction(lambda: links.make(rae, clock.now()))
    one, other = app.test_client(), app.test_client()
    page = f"/link/{token}"
    csrf = forms.csrf_of(other, page)
    assert forms.send(one, page).location == "/account"
    assert one.get("/account").status_code == 200
    assert other.post(page, data={"csrf_token": csrf}).status_code == 404
    assert other.get(page).status_code == 404
    assert len(living(rae)) == 1


def test_a_link_is_kept_as_a_hash_and_for_half_an_hour(
    client: FlaskClient, rae: User, frozen: Any
) -> None:
    token = transaction(lambda: links.make(rae, frozen))
    (row,) = db.session.scalars(sa.select(Ticket))
    assert token not in (row.token_hash, row.challenge)
    clock.freeze(frozen + timedelta(minutes=29))
    assert client.get(f"/link/{token}").status_code == 200
    clock.freeze(frozen + timedelta(minutes=31))
    assert client.get(f"/link/{token}").status_code == 404


def test_who_came_by_a_link_sets_a_password_without_the_old_one(
    app: Flask, rae: User, frozen: Any
) -> None:
    token = transaction(lambda: links.make(rae, frozen))
    browser = app.test_client()
    forms.send(browser, f"/link/{token}")
    assert "Current password" not in browser.get("/account/password").text
    clock.freeze(frozen + timedelta(minutes=31))
    assert "Current password" in browser.get("/account/password").text
    assert forms.send(browser, "/account/password", password=OTHER).status_code == 422
    clock.freeze(frozen)
    assert forms.send(browser, "/account/password", password=OTHER).status_code == 303
    assert "Current password" in browser.get("/account/password").text


def test_who_has_no_password_is_asked_to_choose_one(app: Flask, cast: Cast) -> None:
    token = transaction(lambda: links.make(cast.mo, clock.now()))
    browser = app.test_client()
    assert forms.send(browser, f"/link/{token}").location == "/account/password"
    assert forms.send(browser, "/account/password", password=OTHER).location == "/account"
    assert passwords.fits(OTHER, passwords.secret_of(cast.mo))


# What one is called, and the password


def test_a_name_changes_with_the_password(browser: FlaskClient, rae: User) -> None:
    refused = forms.send(browser, "/account/name", name="Rachel", current=OTHER)
    assert (refused.status_code, forms.faults(refused)) == (422, ["current"])
    assert 'value="Rachel"' in refused.text
    changed = forms.send(browser, "/account/name", name="Rachel", current=PASSWORD)
    assert changed.location == "/account"
    assert "Your name is changed." in browser.get("/account").text
    db.session.refresh(rae)
    assert rae.name == "Rachel"


def test_a_taken_name_is_refused(browser: FlaskClient) -> None:
    refused = forms.send(browser, "/account/name", name="Ada", current=PASSWORD)
    assert forms.faults(refused) == ["name"]


def test_an_address_changes_and_goes(browser: FlaskClient, rae: User) -> None:
    forms.send(browser, "/account/email", email="rae@example.com", current=PASSWORD)
    assert "rae@example.com" in browser.get("/account").text
    forms.send(browser, "/account/email", email="", current=PASSWORD)
    db.session.refresh(rae)
    assert rae.email is None


def test_another_password_signs_out_everywhere_else(
    browser: FlaskClient, as_: As, rae: User, cast: Cast
) -> None:
    elsewhere = as_(rae)
    factories.bearer(rae, cast.gazette)
    factories.api_token(rae)
    link = transaction(lambda: links.make(rae, clock.now()))
    answer = forms.send(browser, "/account/password", password=OTHER, current=PASSWORD)
    assert answer.location == "/account"
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert elsewhere.get(f"/link/{link}").status_code == 404
    assert [each.kind for each in living(rae)] == [Kind.COOKIE]
    assert passwords.fits(OTHER, passwords.secret_of(rae))


def test_an_easy_password_is_refused_to_people_who_are_known(browser: FlaskClient) -> None:
    refused = forms.send(browser, "/account/password", password="raeraerae", current=PASSWORD)
    assert forms.faults(refused) == ["password"]


def test_the_current_password_can_not_be_guessed_at_leisure(browser: FlaskClient) -> None:
    def guess() -> int:
        sent = {"name": "Rachel", "current": "wrong"}
        return forms.send(browser, "/account/name", **sent).status_code

    assert [guess() for _ in range(11)] == [422] * 10 + [429]


# Sessions


def test_every_place_is_listed(browser: FlaskClient, rae: User, cast: Cast) -> None:
    factories.bearer(rae, cast.gazette)
    factories.api_token(rae)
    page = browser.get("/account/sessions").text
    for words in ("This browser", "https://gazette.example", "A program"):
        assert words in page


def test_one_place_is_signed_out(browser: FlaskClient, as_: As, rae: User) -> None:
    elsewhere = as_(rae)
    other = max(row.id for row in living(rae))
    browser.post(f"/account/sessions/{other}/end")
    assert elsewhere.get("/account").status_code == 302
    assert browser.get("/account").status_code == 200
    assert browser.post(f"/account/sessions/{other}/end").status_code == 404


def test_everywhere_else_is_signed_out(browser: FlaskClient, as_: As, rae: User) -> None:
    elsewhere = as_(rae)
    browser.post("/account/sessions/end")
    assert elsewhere.get("/account").status_code == 302
    assert browser.get("/account").status_code == 200


def test_nobody_ends_sessions_of_others(browser: FlaskClient, as_: As, cast: Cast) -> None:
    other = as_(cast.mo)
    (session,) = living(cast.mo)
    assert browser.post(f"/account/sessions/{session.id}/end").status_code == 404
    assert other.get("/account").status_code == 200


def test_a_session_ends_when_nothing_is_done_for_long(as_: As, rae: User, frozen: Any) -> None:
    browser = as_(rae)
    clock.freeze(frozen + timedelta(days=29))
    assert browser.get("/account").status_code == 200
    clock.freeze(frozen + timedelta(days=31))
    assert browser.get("/account").status_code == 302


def test_acts_keep_a_session_alive_and_looking_writes_nothing(
    as_: As, rae: User, frozen: Any, statements: list[str]
) -> None:
    browser = as_(rae)
    clock.freeze(frozen + timedelta(days=29))
    statements.clear()
    browser.get("/account")
    assert [each for each in statements if not each.startswith("SELECT")] == []
    browser.post("/account/sessions/end")
    clock.freeze(frozen + timedelta(days=58))
    assert browser.get("/account").status_code == 200


def test_an_act_that_counts_is_answered_though_nobody_can_note_who_was_seen(
    as_: As, rae: User, frozen: Any
) -> None:
    browser, elsewhere = as_(rae), as_(rae)
    clock.freeze(frozen + timedelta(days=1))

    def be_busy(_c: object, _cursor: object, asked: str, *_rest: object) -> None:
        if asked.startswith("UPDATE sessions SET seen_at"):
            raise OperationalError(asked, None, Exception("database is locked"))

    sa.event.listen(db.engine, "before_cursor_execute", be_busy)
    answer = browser.post("/account/sessions/end")
    sa.event.remove(db.engine, "before_cursor_execute", be_busy)
    assert answer.status_code == 303
    assert elsewhere.get("/account").status_code == 302


# A copy, and leaving


def test_a_copy_holds_everything(browser: FlaskClient, rae: User, cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    factories.comment(article, rae, "What I said.")
    refused = forms.send(browser, "/account/data", current=OTHER)
    assert refused.status_code == 422
    answer = forms.send(browser, "/account/data", current=PASSWORD)
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    copy = json.loads(answer.text)
    assert copy["account"]["name"] == "rae"
    assert copy["sites"][0]["site"] == "gazette"
    assert len(copy["sessions"]) == 1
    assert "What I said." in json.dumps(copy["comments"])
    assert "argon2" not in answer.text


@pytest.mark.parametrize(("texts", "kept"), [("keep", True), ("erase", False)])
def test_leaving_keeps_or_erases_what_was_said(
    browser: FlaskClient, rae: User, cast: Cast, texts: str, kept: bool
) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), rae, "What I said.")
    assert forms.send(browser, "/account/delete", texts=texts, current=OTHER).status_code == 422
    answer = forms.send(browser, "/account/delete", texts=texts, current=PASSWORD)
    assert answer.location == "/sign-in"
    assert "Your account is deleted." in browser.get("/sign-in").text
    db.session.expire_all()
    assert rae.is_closed
    source = db.session.get_one(Revision, (comment.id, 1)).source
    status = db.session.get_one(Comment, comment.id).status
    assert (source, status) == (
        ("What I said.", Status.PUBLISHED) if kept else ("", Status.WITHDRAWN)
    )


def test_who_has_neither_password_nor_factor_signs_in_again_before_leaving(
    as_: As, cast: Cast, frozen: datetime
) -> None:
    """Such as people who come by a provider: an old session is no proof of who asks."""
    old = as_(cast.rae)
    clock.freeze(frozen + sessions.PROVED_FOR)
    for page, sent in (("/account/data", {}), ("/account/delete", {"texts": "erase"})):
        refused = old.post(page, data=sent)
        assert (refused.status_code, refused.mimetype) == (403, "text/html")
        assert "Sign out and in again, and come back." in refused.text
    db.session.refresh(cast.rae)
    assert not cast.rae.is_closed
    fresh = as_(cast.rae)
    assert fresh.post("/account/data").json["account"]["name"] == "rae"
    assert fresh.post("/account/delete", data={"texts": "erase"}).status_code == 303


def test_a_last_owner_is_told_what_to_do_first(as_: As, gives: Gives, cast: Cast) -> None:
    browser = as_(gives(cast.ada))
    answer = forms.send(browser, "/account/delete", texts="erase", current=PASSWORD)
    assert answer.status_code == 409
    assert "Gazette needs an owner" in answer.text


# Where it leads, and what is noted


@pytest.mark.parametrize(("who", "place"), [("rae", "/mine"), ("ada", "/moderation")])
def test_the_start_page_leads_to_ones_work(as_: As, cast: Cast, who: str, place: str) -> None:
    assert as_(getattr(cast, who)).get("/").location == place


def test_strangers_start_by_signing_in(client: FlaskClient) -> None:
    assert client.get("/").location == "/sign-in"


def test_only_staff_sign_ins_are_noted(app: Flask, gives: Gives, cast: Cast) -> None:
    for user in (cast.rae, cast.mo):
        forms.send(app.test_client(), "/sign-in", login=gives(user).name, password=PASSWORD)
    (entry,) = db.session.scalars(sa.select(Entry).where(Entry.act == "sign-in"))
    assert (entry.by_id, entry.site_id) == (cast.mo.id, cast.gazette.id)


def test_a_page_of_an_account_takes_few_queries(browser: FlaskClient, statements: Any) -> None:
    statements.clear()
    browser.get("/account")
    # Who asks, how they come in, on which sites they work, and whether something is new to them.
    assert len(statements) == 4


# Bad input

NASTY = [
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 5000,
    " ",
    "\u200b\u200b\u200b",
    "\u202eolleh",
    "<script>",
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("/sign-up", ("name", "email", "password")),
        ("/sign-in", ("login", "password")),
        ("/account/name", ("name", "current")),
        ("/account/email", ("email", "current")),
        ("/account/password", ("password", "current")),
        ("/account/data", ("current",)),
        ("/account/delete", ("texts", "current")),
    ],
)
def test_nothing_that_is_typed_breaks_a_form(
    as_: As, rae: User, page: str, fields: tuple[str, ...], text: str
) -> None:
    browser = as_(rae if page.startswith("/account") else None)
    body = "&".join(f"{field}={_quoted(text)}" for field in fields)
    token = browser.csrf_token  # type: ignore[attr-defined]
    answer = browser.post(
        page,
        data=f"csrf_token={token}&{body}",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 422


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("page", ["/sign-up", "/sign-in", "/account/name", "/account/delete"])
def test_fields_that_are_not_on_a_form_are_refused(as_: As, rae: User, page: str) -> None:
    browser = as_(rae if page.startswith("/account") else None)
    answer = browser.post(page, data={"is_staff": "1", "site_id": "1"})
    assert answer.status_code == 422
    assert "<code>is_staff</code>: This is not known here." in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/link/nonsense",
        "/link/%00",
        "/link/%ED%A0%80",
        "/account/sessions/99999999999999999999/end",
        "/account/sessions/0/end",
        "/account/sessions/x/end",
    ],
)
def test_addresses_of_nothing(browser: FlaskClient, path: str) -> None:
    assert browser.post(path).status_code == 404

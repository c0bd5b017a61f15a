"""A second step after the password: codes of an app, and those for whoever lost it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.accounts import closing, copies, links, passwords, registration, sessions
from comments.accounts.factors import codes, keeping, recovery
from comments.accounts.factors.models import App, RecoveryCode
from comments.accounts.models import Kind, Session, Step, User
from comments.audit import Entry
from comments.db import db, transaction
from tests import factories, forms, mailbox
from tests.accounts.factors.phone import Phone
from tests.conftest import HOST, PASSWORD, Cast
from tests.mailbox import Mailbox

As = Callable[[User | None], FlaskClient]
SECOND = "/sign-in/second"


@pytest.fixture
def half(app: Flask, app_of_mo: Phone) -> FlaskClient:
    """A browser that gave mo's password, and nothing more."""
    browser = app.test_client()
    answer = forms.send(browser, "/sign-in?next=/mine", login="mo", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, SECOND)
    return browser


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


def give(browser: FlaskClient, code: str) -> TestResponse:
    return forms.send(browser, SECOND, code=code)


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/account").status_code == 200


def later(**time: int) -> None:
    clock.freeze(clock.now() + timedelta(**time))


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(Entry.act).order_by(Entry.id)))


# The second step


def test_a_password_alone_has_no_rights(half: FlaskClient, mo: User) -> None:
    assert db.session.scalars(sessions.of(mo)).all() == []
    for path in ("/account", "/mine", "/sites/gazette/moderation"):
        assert "/sign-in" in half.get(path).location
    assert "One more step, <bdi>mo</bdi>" in half.get(SECOND).text


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_of_about_now_completes_the_sign_in(
    half: FlaskClient, app_of_mo: Phone, seconds: int
) -> None:
    answer = give(half, app_of_mo.shows(seconds))
    assert (answer.status_code, answer.location) == (303, "/mine")
    assert is_in(half)


@pytest.mark.parametrize("seconds", [-90, -60, 60, 90])
def test_a_code_of_another_time_does_not(half: FlaskClient, app_of_mo: Phone, seconds: int) -> None:
    answer = give(half, app_of_mo.shows(seconds))
    assert (answer.status_code, forms.faults(answer)) == (422, ["code"])
    assert not is_in(half)


@pytest.mark.parametrize(
    "typed", ["", "1", "12345", "1234567", "x" * 60, "x" * 61, "１２３４５６", "\0"]
)
def test_odd_codes_are_wrong(half: FlaskClient, typed: str) -> None:
    assert give(half, typed).status_code == 422


def test_a_code_may_be_typed_in_parts(half: FlaskClient, app_of_mo: Phone) -> None:
    code = app_of_mo.shows()
    assert give(half, f" {code[:3]} {code[3:]} ").status_code == 303


def test_a_code_counts_once(app: Flask, half: FlaskClient, app_of_mo: Phone) -> None:
    code = app_of_mo.shows()
    assert give(half, code).status_code == 303
    other = app.test_client()
    forms.send(other, "/sign-in", login="mo", password=PASSWORD)
    assert give(other, code).status_code == 422
    assert give(other, app_of_mo.shows(-30)).status_code == 422, "older than one that counted"
    later(seconds=30)
    assert give(other, app_of_mo.shows()).status_code == 303


def test_half_a_sign_in_counts_once(app: Flask, half: FlaskClient, app_of_mo: Phone) -> None:
    with half.session_transaction(base_url=HOST) as cookie:
        kept = dict(cookie)
    assert give(half, app_of_mo.shows()).status_code == 303
    thief = app.test_client()
    with thief.session_transaction(base_url=HOST) as cookie:
        cookie.update(kept)
    later(seconds=30)
    assert thief.get(SECOND).location == "/sign-in"
    token = forms.csrf_of(thief, "/sign-in")
    answer = thief.post(SECOND, data={"csrf_token": token, "code": app_of_mo.shows()})
    assert answer.location == "/sign-in"
    assert not is_in(thief)


@pytest.mark.parametrize("after", ["ten minutes", "another password", "reset", "closed"])
def test_half_a_sign_in_ends(
    half: FlaskClient, mo: User, cast: Cast, app_of_mo: Phone, after: str
) -> None:
    token = forms.csrf_of(half, SECOND)
    if after == "ten minutes":
        later(minutes=10)
    elif after == "another password":
        secret = passwords.hashed("a green kettle by the sea")
        transaction(lambda: passwords.change(mo, secret, clock.now()))
    elif after == "reset":
        transaction(lambda: keeping.reset(mo, clock.now()))
    else:
        transaction(lambda: closing.close(mo, erase=False, now=clock.now()))
    answer = half.post(SECOND, data={"csrf_token": token, "code": app_of_mo.shows()})
    assert answer.location == "/sign-in"
    assert "took too long" in half.get("/sign-in").text
    assert db.session.scalars(sa.select(Session)).all() == []
    if after != "ten minutes":
        assert db.session.scalars(sa.select(Step)).all() == []


def test_guessing_is_stopped(app: Flask, half: FlaskClient, app_of_mo: Phone) -> None:
    tries = [give(half, app_of_mo.wrong()).status_code for _ in range(codes.FEW.times + 1)]
    assert tries == [422] * codes.FEW.times + [429]
    elsewhere = app.test_client()
    forms.send(elsewhere, "/sign-in", login="mo", password=PASSWORD)
    token = forms.csrf_of(elsewhere, SECOND)
    stopped = elsewhere.post(
        SECOND,
        data={"csrf_token": token, "code": app_of_mo.shows()},
        environ_base={"REMOTE_ADDR": "198.51.100.7"},
    )
    assert stopped.status_code == 429
    assert int(stopped.headers["Retry-After"]) > 0
    later(seconds=codes.FEW.seconds)
    forms.send(elsewhere, "/sign-in", login="mo", password=PASSWORD)
    assert give(elsewhere, app_of_mo.shows()).status_code == 303


def test_guessing_slowly_is_stopped_too(half: FlaskClient, mo: User, app_of_mo: Phone) -> None:
    for n in range(codes.MANY.times):
        if n % codes.FEW.times == 0:
            later(seconds=codes.FEW.seconds)
        transaction(lambda: codes.count(mo, clock.now()))
    later(seconds=codes.FEW.seconds)
    forms.send(half, "/sign-in", login="mo", password=PASSWORD)
    assert give(half, app_of_mo.shows()).status_code == 429


def test_right_codes_are_not_counted(app: Flask, app_of_mo: Phone, mo: User) -> None:
    for _ in range(codes.FEW.times + 2):
        later(seconds=30)
        browser = app.test_client()
        forms.send(browser, "/sign-in", login="mo", password=PASSWORD)
        assert give(browser, app_of_mo.shows()).status_code == 303


def test_the_way_on_leads_nowhere_else(app: Flask, app_of_mo: Phone, cast: Cast) -> None:
    browser = app.test_client()
    forms.send(browser, "/sign-in?next=//evil.example", login="mo", password=PASSWORD)
    assert give(browser, app_of_mo.shows()).location == "/"


def test_the_longest_way_on_is_kept(app: Flask, app_of_mo: Phone) -> None:
    browser = app.test_client()
    with browser.session_transaction(base_url=HOST) as cookie:
        cookie["trips"] = [secrets.token_urlsafe(1500)]
    onward = f"/mine?{secrets.token_urlsafe(1450)}"
    forms.send(browser, f"/sign-in?next={onward}", login="mo", password=PASSWORD)
    browser.get(SECOND)
    held = browser.get_cookie("comments", domain="127.0.0.1")
    assert held is not None
    assert len(held.value) < 4000
    assert give(browser, app_of_mo.shows()).location == onward


def test_the_site_from_which_one_comes_is_kept(
    app: Flask, app_of_mo: Phone, cast: Cast, mo: User
) -> None:
    factories.settle(cast.gazette, language="de")
    browser = app.test_client()
    answer = forms.send(browser, "/sign-in?site=gazette", login="mo", password=PASSWORD)
    assert answer.location == f"{SECOND}?site=gazette"
    assert '<html lang="de"' in browser.get(answer.location).text


def test_a_link_needs_a_second_step_too(app: Flask, mo: User, app_of_mo: Phone) -> None:
    token = transaction(lambda: links.make(mo, clock.now()))
    browser = app.test_client()
    assert forms.send(browser, f"/link/{token}").location == SECOND
    assert not is_in(browser)
    assert give(browser, app_of_mo.shows()).location == "/account"
    other = "a green kettle by the sea"
    assert forms.send(browser, "/account/password", password=other).status_code == 303


def test_who_has_no_second_factor_is_not_asked(app: Flask, mo: User) -> None:
    browser = app.test_client()
    assert forms.send(browser, "/sign-in", login="mo", password=PASSWORD).location == "/"
    assert browser.get(SECOND).location == "/sign-in"


def test_a_wrong_password_tells_nothing_of_a_second_factor(app: Flask, app_of_mo: Phone) -> None:
    factories.user("nobody-special")
    answers = [
        forms.send(app.test_client(), "/sign-in", login=login, password="a wrong lamp on monday")
        for login in ("mo", "nobody-special")
    ]
    pages = [re.sub(r'name="csrf_token" value="[^"]+"', "", each.text) for each in answers]
    assert pages[0] == pages[1].replace("nobody-special", "mo")


# Recovery codes


def test_a_recovery_code_counts_once(app: Flask, half: FlaskClient, app_of_mo: Phone) -> None:
    code = app_of_mo.recovery[3]
    assert give(half, code.upper().replace("-", " ")).status_code == 303
    other = app.test_client()
    forms.send(other, "/sign-in", login="mo", password=PASSWORD)
    assert give(other, code).status_code == 422
    assert give(other, app_of_mo.recovery[4]).status_code == 303
    assert "8 codes are left" in other.get("/account/factors").text


def test_a_recovery_code_is_its_owners(app: Flask, cast: Cast, app_of_mo: Phone) -> None:
    assert not transaction(lambda: recovery.spend(cast.rae, app_of_mo.recovery[0].replace("-", "")))
    assert recovery.left(cast.rae) == 0


def test_only_hashes_of_codes_are_kept(app_of_mo: Phone) -> None:
    kept = {row.code_hash for row in db.session.scalars(sa.select(RecoveryCode))}
    assert len(kept) == recovery.MANY == len(set(app_of_mo.recovery))
    assert not kept & {code.replace("-", "") for code in app_of_mo.recovery}
    sealed = db.session.scalars(sa.select(App.sealed)).one()
    assert app_of_mo.secret not in sealed


def test_new_recovery_codes_replace_the_old(as_: As, mo: User, app_of_mo: Phone) -> None:
    browser = as_(mo)
    page = browser.post("/account/factors/codes").text
    shown = re.findall(r"<li>([a-z2-9-]{19})</li>", page)
    assert len(shown) == recovery.MANY
    assert not set(shown) & set(app_of_mo.recovery)
    assert shown[0] not in browser.get("/account/factors").text
    assert not transaction(lambda: recovery.spend(mo, app_of_mo.recovery[0].replace("-", "")))
    assert transaction(lambda: recovery.spend(mo, shown[0].replace("-", "")))


def test_without_a_factor_there_is_nothing_to_recover(as_: As, mo: User) -> None:
    assert as_(mo).post("/account/factors/codes").status_code == 409


# Setting up and removing


def key_on(page: str) -> str:
    found = re.search(r'id="key" class="code" readonly value="([A-Z2-7 ]+)"', page)
    assert found
    return found[1].replace(" ", "")


def test_an_app_is_set_up_once_it_shows_the_right_code(as_: As, mo: User) -> None:
    browser = as_(mo)
    page = browser.get("/account/factors/app").text
    phone = Phone(key_on(page))
    assert key_on(browser.get("/account/factors/app").text) == phone.secret
    assert f"secret={phone.secret}" in page
    assert "otpauth://totp/127.0.0.1:mo" in page
    wrong = browser.post("/account/factors/app", data={"code": phone.wrong()})
    assert forms.faults(wrong) == ["code"]
    assert key_on(wrong.text) == phone.secret
    db.session.refresh(mo)
    assert not mo.has_factor
    right = browser.post("/account/factors/app", data={"code": phone.shows()})
    assert right.status_code == 200
    assert len(re.findall(r"<li>[a-z2-9-]{19}</li>", right.text)) == recovery.MANY
    db.session.refresh(mo)
    assert mo.has_factor
    assert "app-added" in acts()


def test_a_second_click_shows_the_recovery_codes_that_count(as_: As, mo: User) -> None:
    """A browser that sends a form twice shows the second answer only."""
    browser = as_(mo)
    phone = Phone(key_on(browser.get("/account/factors/app").text))
    with browser.session_transaction(base_url=HOST) as cookie:
        before = dict(cookie)
    for _ in range(2):
        with browser.session_transaction(base_url=HOST) as cookie:
            cookie.update(before)
        page = browser.post("/account/factors/app", data={"code": phone.shows()}).text
    shown = re.findall(r"<li>([a-z2-9-]{19})</li>", page)
    assert len(shown) == recovery.MANY == recovery.left(mo)
    assert transaction(lambda: recovery.spend(mo, shown[0].replace("-", "")))
    assert acts().count("app-added") == 1


def test_the_code_that_set_an_app_up_signs_nobody_in(app: Flask, as_: As, mo: User) -> None:
    browser = as_(mo)
    phone = Phone(key_on(browser.get("/account/factors/app").text))
    browser.post("/account/factors/app", data={"code": phone.shows()})
    other = app.test_client()
    forms.send(other, "/sign-in", login="mo", password=PASSWORD)
    assert give(other, phone.shows()).status_code == 422


def test_a_first_factor_ends_what_was_begun_without_it(as_: As, mo: User, cast: Cast) -> None:
    """Whoever knows the password may have begun it; programs' tokens come from the operator."""
    here, there = as_(mo), as_(mo)
    factories.bearer(mo, cast.gazette)
    factories.api_token(mo)
    link = transaction(lambda: links.make(mo, clock.now()))
    phone = Phone(key_on(here.get("/account/factors/app").text))
    told = here.post("/account/factors/app", data={"code": phone.shows()}).text
    assert "You are signed out everywhere else." in told
    assert (is_in(here), is_in(there)) == (True, False)
    assert there.get(f"/link/{link}").status_code == 404
    assert {row.kind for row in db.session.scalars(sa.select(Session))} == {Kind.COOKIE, Kind.API}
    proved = as_(mo)
    other = Phone(key_on(here.get("/account/factors/app").text))
    here.post("/account/factors/app", data={"code": other.shows()})
    assert is_in(proved), "one more factor ends nothing"


def test_the_key_is_no_ones_to_read(as_: As, mo: User) -> None:
    browser = as_(mo)
    secret = key_on(browser.get("/account/factors/app").text)
    with browser.session_transaction(base_url=HOST) as cookie:
        assert secret not in str(dict(cookie))
        cookie["app"] = "nonsense"
    assert key_on(browser.get("/account/factors/app").text) != secret


def test_a_key_that_was_shown_to_another_is_not_taken(as_: As, cast: Cast, mo: User) -> None:
    browser = as_(mo)
    secret = key_on(browser.get("/account/factors/app").text)
    with browser.session_transaction(base_url=HOST) as cookie:
        cookie["_user_id"] = factories.cookie_token(cast.rae)
    assert key_on(browser.get("/account/factors/app").text) != secret


def test_who_removes_the_app_signs_in_by_password_again(
    app: Flask, as_: As, mo: User, app_of_mo: Phone
) -> None:
    assert as_(mo).post("/account/factors/app/remove").status_code == 303
    browser = app.test_client()
    assert forms.send(browser, "/sign-in", login="mo", password=PASSWORD).location == "/"
    assert db.session.scalars(sa.select(RecoveryCode)).all() == []
    assert acts()[-2:] == ["app-removed", "sign-in"]
    assert as_(mo).post("/account/factors/app/remove").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/account/factors/app"),
        ("POST", "/account/factors/app"),
        ("POST", "/account/factors/app/remove"),
        ("POST", "/account/factors/codes"),
    ],
)
def test_factors_change_by_a_fresh_proof_only(
    as_: As, mo: User, app_of_mo: Phone, method: str, path: str
) -> None:
    browser = as_(mo)
    later(minutes=11)
    answer = browser.open(path, method=method)
    if method == "GET":
        assert answer.location == "/account/prove?next=/account/factors/app"
    else:
        assert answer.status_code == 403
        assert "Is it you?" in answer.text
    assert db.session.scalars(sa.select(App)).one()


def test_a_password_alone_takes_no_factor_away(as_: As, mo: User, app_of_mo: Phone) -> None:
    browser, remove = as_(mo), "/account/factors/app/remove"
    later(minutes=11)
    assert "proof_password" not in browser.post(remove).text
    refused = browser.post(remove, data={"proof_password": PASSWORD})
    assert (refused.status_code, forms.faults(refused)) == (422, ["proof_code"])
    other = "a green kettle by the sea"
    forms.send(browser, "/account/password", password=other, current=PASSWORD)
    proof = {"csrf_token": forms.csrf_of(browser, "/account/name")}
    assert "Is it you?" in browser.post(remove, data=proof).text, "nor is another password one"
    proof["proof_code"] = app_of_mo.shows()
    assert browser.post(remove, data=proof).status_code == 303


# What is told, kept and forgotten


def test_a_letter_tells_of_every_change(as_: As, mo: User, box: Mailbox) -> None:
    transaction(lambda: registration.confirm_email(mo, "mo@example.com", clock.now()))
    browser = as_(mo)
    phone = Phone(key_on(browser.get("/account/factors/app").text))
    browser.post("/account/factors/app", data={"code": phone.shows()})
    # Whoever takes over an account would want the letter to go astray.
    transaction(lambda: registration.change_email(mo, "other@example.com", clock.now()))
    box.drain()
    told = [each for each in box.letters if each["To"] == "mo@example.com"]
    assert [each["Subject"] for each in told] == ["How you sign in has changed"]
    assert "An authenticator app was set up." in told[0].as_string()


def test_nobody_is_written_to_at_an_address_that_may_not_be_theirs(
    as_: As, mo: User, app_of_mo: Phone, box: Mailbox
) -> None:
    transaction(lambda: registration.change_email(mo, "claimed@example.com", clock.now()))
    as_(mo).post("/account/factors/app/remove")
    box.drain()
    assert [each["Subject"] for each in box.letters] == ["Is this your address?"]


def test_a_copy_names_the_factors_and_no_secret(mo: User, app_of_mo: Phone) -> None:
    copy = copies.of(mo, clock.now())
    assert copy["second_factors"]["app"] is not None
    assert copy["second_factors"]["recovery_codes_left"] == recovery.MANY
    assert app_of_mo.secret not in str(copy)


def test_who_leaves_leaves_no_factor(mo: User, app_of_mo: Phone) -> None:
    transaction(lambda: closing.close(mo, erase=False, now=clock.now()))
    for table in (App, RecoveryCode, Step):
        assert db.session.scalars(sa.select(table)).all() == []
    assert not db.session.get_one(User, mo.id).has_factor

"""Coming in by a real provider, which runs beside the tests: for the first time, and again."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import closing, passwords, registration, ways
from comments.accounts.models import Identity, User, Way
from comments.db import db, transaction
from comments.errors import Conflict
from tests import factories, forms, oidc_provider, pseudo
from tests.accounts.factors import phone
from tests.accounts.oidc.travelling import asked, come_back, onward, set_out
from tests.conftest import HOST, PASSWORD, Cast
from tests.oidc_provider import Running

As = Callable[[User | None], FlaskClient]
Gives = Callable[[User], User]


@pytest.fixture(autouse=True)
def offers(app: Flask, provider: Running) -> Iterator[None]:
    with oidc_provider.offered(app, acme=oidc_provider.configured("Acme", provider.issuer)):
        yield


def came(browser: FlaskClient, provider: Running, subject: str, query: str = "") -> str:
    """Sign in by the provider; where that leads to."""
    answer = come_back(browser, provider.lets_in(set_out(browser, query=query), subject))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def joined(browser: FlaskClient, provider: Running, subject: str, name: str) -> User:
    place = came(browser, provider, subject)
    assert forms.send(browser, place, name=name).status_code == 303
    db.session.rollback()
    return db.session.scalars(sa.select(User).where(User.name == name)).one()


def cookie_size(browser: FlaskClient) -> int:
    cookie = browser.get_cookie("comments", domain="127.0.0.1")
    assert cookie is not None
    return len(cookie.value)


def people() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(User)) or 0


def identities(user: User) -> list[Identity]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Identity).where(Identity.user_id == user.id)))


def test_a_newcomer_chooses_a_name_and_is_known_the_next_time(
    app: Flask, cast: Cast, provider: Running
) -> None:
    provider.knows("wren", name="Jenny Wren", email="wren@example.com", email_verified=True)
    browser = app.test_client()
    place = came(browser, provider, "wren", "?next=/mine&site=gazette")
    assert place == "/sign-up/with/acme?next=/mine&site=gazette"
    before = people()
    page = browser.get(place).text
    assert 'value="Jenny Wren"' in page
    assert "wren@example.com" in page
    assert "Choose a name to talk on Gazette" in page
    assert people() == before
    answer = forms.send(browser, place, name="Wren of the marsh")
    assert (answer.status_code, answer.location) == (303, "/mine")
    account = browser.get("/account").text
    assert "Signed in as <bdi>Wren of the marsh</bdi>" in account
    assert "wren@example.com" in account
    assert "not confirmed" not in account
    provider.knows("wren", name="Another", email="other@example.com", email_verified=True)
    again = app.test_client()
    assert came(again, provider, "wren", "?next=/account") == "/account"
    assert "Signed in as <bdi>Wren of the marsh</bdi>" in again.get("/account").text
    assert people() == before + 1


def test_a_second_factor_is_asked_for_after_a_provider_too(
    app: Flask, cast: Cast, provider: Running
) -> None:
    provider.knows("wren", name="Jenny Wren")
    wren = joined(app.test_client(), provider, "wren", "Wren")
    mine = phone.set_up(wren)
    again = app.test_client()
    place = came(again, provider, "wren", "?next=/mine&site=gazette")
    assert place == "/sign-in/second?site=gazette"
    assert again.get("/account").status_code == 302
    assert forms.send(again, place, code=mine.shows()).location == "/mine"
    assert again.get("/account").status_code == 200


def test_the_journey_is_asked_for_as_the_standard_says(app: Flask, provider: Running) -> None:
    one, other = (asked(set_out(app.test_client())) for _ in range(2))
    assert one["response_type"] == "code"
    assert one["redirect_uri"] == f"{HOST}/sign-in/with/acme/callback"
    assert one["code_challenge_method"] == "S256"
    assert set(one["scope"].split()) == {"openid", "profile", "email"}
    for secret in ("state", "nonce", "code_challenge"):
        assert len(one[secret]) >= 43
        assert one[secret] != other[secret]


def test_looking_at_the_way_back_does_nothing(app: Flask, provider: Running) -> None:
    provider.knows("looker", name="Looker")
    browser = app.test_client()
    location = provider.lets_in(set_out(browser), "looker")
    for _ in range(2):
        page = browser.get(location.removeprefix(HOST))
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert come_back(browser, location).status_code == 303


def test_a_way_back_is_gone_once(app: Flask, provider: Running) -> None:
    provider.knows("twice", name="Twice")
    browser = app.test_client()
    location = provider.lets_in(set_out(browser), "twice")
    assert come_back(browser, location).status_code == 303
    again = come_back(browser, location)
    assert again.status_code == 403
    assert "Please begin again." in again.text


def test_two_windows_do_not_disturb_each_other(app: Flask, provider: Running) -> None:
    provider.knows("double", name="Double")
    browser = app.test_client()
    first, second = set_out(browser, query="?next=/mine"), set_out(browser, query="?next=/account")
    place = come_back(browser, provider.lets_in(first, "double")).location
    assert place == "/sign-up/with/acme?next=/mine"
    place = come_back(browser, provider.lets_in(second, "double")).location
    assert place == "/sign-up/with/acme?next=/account"


def test_a_cookie_holds_the_longest_way_on(app: Flask, provider: Running) -> None:
    """A browser drops one of more than 4096 bytes, and with it the journey."""
    provider.knows("s" * 255, name="x" * 300, email=f"{'e' * 60}@{'d' * 180}.example.com",
                   email_verified=True)  # fmt: skip
    letters = random.Random(7).choices(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP0123456789", k=1990
    )
    browser = app.test_client()
    for _ in range(3):
        url = set_out(browser, query=f"?next=/{''.join(letters)}&site={'k' * 60}")
        assert cookie_size(browser) < 3800
    answer = come_back(browser, provider.lets_in(url, "s" * 255))
    assert answer.status_code == 303
    assert "".join(letters) in answer.location
    assert cookie_size(browser) < 3800


def test_a_way_on_leads_nowhere_else(app: Flask, provider: Running) -> None:
    provider.knows("elsewhere", name="Elsewhere")
    browser = app.test_client()
    joined(browser, provider, "elsewhere", "Elsewhere")
    again = app.test_client()
    assert came(again, provider, "elsewhere", "?next=//evil.example/") == "/"


def test_a_taken_name_gets_a_number_and_may_not_be_kept(
    app: Flask, cast: Cast, provider: Running
) -> None:
    provider.knows("rae-2", name="rae")
    browser = app.test_client()
    place = came(browser, provider, "rae-2")
    assert 'value="rae 2"' in browser.get(place).text
    refused = forms.send(browser, place, name="rae")
    assert refused.status_code == 422
    assert "This name is taken" in refused.text
    assert forms.send(browser, place, name="rae 2").status_code == 303


@pytest.mark.parametrize(
    "claims", [{"name": "\u202e\0" * 90}, {"name": 7}, {"name": "🙂"}, {"nickname": ["x"]}, {}]
)
def test_who_has_no_name_that_can_be_shown_is_offered_one(
    app: Flask, provider: Running, claims: dict[str, object]
) -> None:
    provider.knows("nameless", **claims)
    browser = app.test_client()
    assert 'value="reader"' in browser.get(came(browser, provider, "nameless")).text


@pytest.mark.parametrize("verified", [False, "true", 1, None])
def test_an_address_that_is_not_confirmed_is_not_kept(
    app: Flask, cast: Cast, provider: Running, verified: object
) -> None:
    """Nor does it tell whether somebody has it."""
    transaction(lambda: registration.confirm_email(cast.rae, "rae@example.com", clock.now()))
    provider.knows("claimant", name="C", email="rae@example.com", email_verified=verified)
    user = joined(app.test_client(), provider, "claimant", "Claimant")
    assert (user.email, user.email_confirmed_at) == (None, None)


def test_an_account_is_not_taken_over_by_its_address(
    app: Flask, cast: Cast, provider: Running, gives: Gives
) -> None:
    gives(cast.rae)
    transaction(lambda: registration.confirm_email(cast.rae, "rae@example.com", clock.now()))
    provider.knows("rae", name="Rae", email="Rae@Example.com", email_verified=True)
    before = people()
    browser = app.test_client()
    url = set_out(browser, query="?next=/account&site=gazette")
    answer = come_back(browser, provider.lets_in(url, "rae"))
    assert answer.status_code == 409
    assert "Sign in to it first" in answer.text
    assert "/sign-in?next=/account&amp;site=gazette" in answer.text
    assert browser.get("/account").status_code == 302
    assert (people(), len(identities(cast.rae))) == (before, 1)
    entered = forms.send(browser, "/sign-in?next=/account", login="rae", password=PASSWORD)
    assert entered.status_code == 303
    page = forms.send(browser, "/account/ways/with/acme", current=PASSWORD)
    assert come_back(browser, provider.lets_in(onward(page), "rae")).location == "/account"
    assert came(app.test_client(), provider, "rae", "?next=/account") == "/account"


def test_who_was_confirmed_in_between_is_found_when_the_account_is_made(
    app: Flask, cast: Cast, provider: Running
) -> None:
    provider.knows("late", name="Late", email="late@example.com", email_verified=True)
    browser = app.test_client()
    place = came(browser, provider, "late")
    transaction(lambda: registration.confirm_email(cast.rae, "late@example.com", clock.now()))
    answer = forms.send(browser, place, name="Late")
    assert answer.status_code == 409
    assert "Sign in to it first" in answer.text
    db.session.rollback()
    assert db.session.scalar(sa.select(User.id).where(User.name == "Late")) is None


def test_sending_the_form_twice_makes_one_account(app: Flask, provider: Running) -> None:
    provider.knows("eager", name="Eager")
    one, other = app.test_client(), app.test_client()
    places = [came(each, provider, "eager") for each in (one, other)]
    before = people()
    assert forms.send(one, places[0], name="Eager").status_code == 303
    assert forms.send(other, places[1], name="Eager").status_code == 303
    assert people() == before + 1
    assert "Signed in as <bdi>Eager</bdi>" in other.get("/account").text


def test_the_pages_on_the_way_speak_ones_language(
    app: Flask, marked: str, provider: Running
) -> None:
    provider.knows("speaker", name="Speaker", email="s@example.com", email_verified=True)
    browser = app.test_client()
    token = forms.csrf_of(browser, "/sign-in")
    going = browser.post(f"/sign-in/with/acme?locale={marked}", data={"csrf_token": token})
    place = come_back(browser, provider.lets_in(onward(going), "speaker")).location
    for page in (going, browser.get(f"{place}&locale={marked}")):
        assert 'dir="rtl"' in page.text
        assert pseudo.unmarked(page.text) == []


def test_a_name_is_to_be_chosen_soon(app: Flask, provider: Running, frozen: object) -> None:
    clock.freeze(None)
    provider.knows("slow", name="Slow")
    browser = app.test_client()
    place = came(browser, provider, "slow")
    clock.freeze(clock.now() + timedelta(minutes=16))
    page = browser.get(place)
    assert page.status_code == 403
    assert "took too long" in page.text


def test_who_says_no_comes_back_to_the_sign_in_page(app: Flask, provider: Running) -> None:
    browser = app.test_client()
    url = set_out(browser, query="?next=/mine")
    answer = come_back(browser, provider.turns_away(url))
    assert answer.status_code == 403
    assert "You did not let Acme sign you in here." in answer.text


def test_a_code_of_another_journey_is_refused_by_the_provider(
    app: Flask, provider: Running
) -> None:
    """It was used already; nothing of the first journey comes back."""
    provider.knows("thief", name="Thief")
    browser = app.test_client()
    location = provider.lets_in(set_out(browser), "thief")
    come_back(browser, location)
    code, state = asked(location)["code"], asked(set_out(browser))["state"]
    answer = come_back(browser, f"{HOST}/sign-in/with/acme/callback?code={code}&state={state}")
    assert answer.status_code == 502
    assert "can&#39;t be relied on" in answer.text


def test_leaving_removes_the_way_in(app: Flask, provider: Running) -> None:
    provider.knows("leaver", name="Leaver")
    browser = app.test_client()
    user = joined(browser, provider, "leaver", "Leaver")
    assert forms.send(browser, "/account/delete", texts="erase").status_code == 303
    assert identities(user) == []
    assert came(app.test_client(), provider, "leaver").startswith("/sign-up/with/acme")


def test_a_copy_of_the_data_names_the_provider(app: Flask, provider: Running) -> None:
    provider.knows("copied", name="Copied")
    browser = app.test_client()
    joined(browser, provider, "copied", "Copied")
    copy = json.loads(forms.send(browser, "/account/data").text)
    assert [(way["way"], way["issuer"], way["subject"]) for way in copy["ways"]] == [
        ("oidc", provider.issuer, "copied")
    ]


# Linking and unlinking


@pytest.fixture
def rae(cast: Cast, gives: Gives) -> User:
    return gives(cast.rae)


def linked(browser: FlaskClient, provider: Running, subject: str, current: str = PASSWORD) -> int:
    page = forms.send(browser, "/account/ways/with/acme", current=current)
    return come_back(browser, provider.lets_in(onward(page), subject)).status_code


def test_a_provider_is_linked_and_unlinked(
    app: Flask, rae: User, as_: As, provider: Running
) -> None:
    browser = as_(rae)
    assert "/account/ways/with/acme" in browser.get("/account").text
    assert linked(browser, provider, "raes-other-self") == 303
    account = browser.get("/account").text
    assert "You can sign in by Acme from now on." in account
    assert "/account/ways/with/acme" not in account
    assert came(app.test_client(), provider, "raes-other-self", "?next=/mine") == "/mine"
    (own,) = [row for row in identities(rae) if row.way is Way.OIDC]
    removal = f"/account/ways/{own.id}/remove"
    assert forms.send(browser, removal, current="wrong").status_code == 422
    assert forms.send(browser, removal, current=PASSWORD).status_code == 303
    assert "Acme does not sign you in any more." in browser.get("/account").text
    place = came(app.test_client(), provider, "raes-other-self")
    assert place.startswith("/sign-up/with/acme")


def test_linking_asks_for_the_password_once_more(rae: User, as_: As) -> None:
    answer = forms.send(as_(rae), "/account/ways/with/acme", current="a wrong guess")
    assert answer.status_code == 422
    assert forms.faults(answer) == ["current"]


def test_what_is_somebody_elses_is_not_linked(
    app: Flask, rae: User, as_: As, provider: Running
) -> None:
    owner = joined(app.test_client(), provider, "owned", "Owner")
    browser = as_(rae)
    page = forms.send(browser, "/account/ways/with/acme", current=PASSWORD)
    answer = come_back(browser, provider.lets_in(onward(page), "owned"))
    assert answer.status_code == 409
    assert "belongs to another account here already" in answer.text
    assert [row.subject for row in identities(owner)] == ["owned"]
    assert len(identities(rae)) == 1


def test_the_same_again_changes_nothing_and_another_is_refused(
    rae: User, as_: As, provider: Running
) -> None:
    browser = as_(rae)
    assert [linked(browser, provider, who) for who in ("one", "one", "two")] == [303, 303, 409]
    assert [row.subject for row in identities(rae)] == [None, "one"]


def test_who_signed_in_as_somebody_else_meanwhile_links_nothing(
    rae: User, cast: Cast, as_: As, provider: Running
) -> None:
    browser = as_(rae)
    page = forms.send(browser, "/account/ways/with/acme", current=PASSWORD)
    with browser.session_transaction(base_url=HOST) as session:
        session["_user_id"] = factories.cookie_token(cast.mo)
    answer = come_back(browser, provider.lets_in(onward(page), "confused"))
    assert answer.status_code == 403
    assert identities(cast.mo) == []


def test_the_last_way_in_stays(app: Flask, provider: Running) -> None:
    browser = app.test_client()
    user = joined(browser, provider, "only", "Only")
    (own,) = identities(user)
    removal = f"/account/ways/{own.id}/remove"
    refused = forms.send(browser, removal)
    assert refused.status_code == 409
    assert "This is your only way in." in refused.text
    secret = passwords.hashed(PASSWORD)
    transaction(lambda: passwords.keep(user, secret, clock.now()))
    assert forms.send(browser, removal, current=PASSWORD).status_code == 303


def test_of_two_ways_that_are_removed_at_once_one_stays(
    app: Flask, cast: Cast, provider: Running
) -> None:
    issuers = [provider.issuer, "https://other.example"]
    rows = [factories.way(cast.rae, issuer).id for issuer in issuers]
    outcomes: list[str] = []
    together, owner = threading.Barrier(2), cast.rae.id

    def go(id: int) -> None:
        with app.app_context():
            user = db.session.get_one(User, owner)
            together.wait(timeout=60)
            try:
                transaction(lambda: ways.remove(user, id))
                outcomes.append("removed")
            except Conflict as error:
                outcomes.append(error.code)

    both = {
        name: oidc_provider.configured(name, issuer)
        for name, issuer in zip("ab", issuers, strict=True)
    }
    with oidc_provider.offered(app, **both):
        threads = [threading.Thread(target=go, args=(id,)) for id in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["last-way", "removed"]
    assert len(identities(cast.rae)) == 1


def test_a_way_that_is_offered_no_more_is_shown_and_is_none(app: Flask, provider: Running) -> None:
    browser = app.test_client()
    user = joined(browser, provider, "orphan", "Orphan")
    factories.way(user, "https://gone.example")
    page = browser.get("/account").text
    assert "gone.example" in page
    assert "It signs nobody in." in page
    (mine, gone) = identities(user)
    assert forms.send(browser, f"/account/ways/{mine.id}/remove").status_code == 409
    assert forms.send(browser, f"/account/ways/{gone.id}/remove").status_code == 303
    with oidc_provider.offered(app):
        assert "It signs nobody in." in browser.get("/account").text
        assert app.test_client().get("/sign-in").text.count("/sign-in/with/") == 0


def test_nobody_removes_ways_of_others(app: Flask, rae: User, as_: As, provider: Running) -> None:
    owner = joined(app.test_client(), provider, "mine", "Mine")
    (own,) = identities(owner)
    assert as_(rae).get(f"/account/ways/{own.id}/remove").status_code == 404
    (password,) = identities(rae)
    assert as_(rae).post(f"/account/ways/{password.id}/remove").status_code == 404


def test_a_closed_account_links_nothing(rae: User, as_: As, provider: Running) -> None:
    browser = as_(rae)
    page = forms.send(browser, "/account/ways/with/acme", current=PASSWORD)
    location = provider.lets_in(onward(page), "too-late")
    transaction(lambda: closing.close(rae, erase=False, now=clock.now()))
    assert come_back(browser, location).status_code == 401
    assert identities(rae) == []

"""Sites that ask their moderators for a second factor, and acts that ask everybody who they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import passwords
from comments.accounts.models import User
from comments.db import db, transaction
from comments.sites import access, keys
from comments.sites.models import Role, SiteKey
from comments.sites.sso.models import SsoKey
from tests import factories, forms
from tests.accounts.factors import phone
from tests.conftest import PASSWORD, Cast

As = Callable[[User | None], FlaskClient]
Gives = Callable[[User], User]
MEMBERS = "/sites/gazette/members"


@pytest.fixture
def strict(cast: Cast, frozen: object) -> Cast:
    """The gazette asks whoever moderates for a second factor."""
    factories.settle(cast.gazette, second_factor=True)
    return cast


@pytest.mark.parametrize("path", ["moderation", "articles", "sanctions"])
def test_a_moderator_without_one_is_led_to_set_one_up(strict: Cast, as_: As, path: str) -> None:
    browser = as_(strict.mo)
    answer = browser.get(f"/sites/gazette/{path}")
    assert answer.location == "/account/factors"
    assert "Gazette asks its moderators for a second factor" in browser.get(answer.location).text
    phone.set_up(strict.mo)
    assert as_(strict.mo).get(f"/sites/gazette/{path}").status_code == 200


def test_without_one_nothing_is_decided(strict: Cast, as_: As) -> None:
    row = factories.comment(factories.article(strict.gazette, "a1"), strict.rae)
    browser = as_(strict.mo)
    assert browser.get(f"/moderation/comments/{row.id}").location == "/account/factors"
    for act in ("decisions", "sanctions"):
        refused = browser.post(f"/moderation/comments/{row.id}/{act}")
        assert refused.status_code == 403
        assert "second factor" in refused.text


def test_owners_are_no_exception_and_staff_need_none(strict: Cast, as_: As) -> None:
    assert as_(strict.ada).get("/sites/gazette/settings").location == "/account/factors"
    assert as_(strict.ada).post(MEMBERS, data={}).status_code == 403
    factories.member(strict.gazette, strict.rae, Role.STAFF)
    assert as_(strict.rae).get("/mine").status_code == 200
    assert as_(strict.sam).get("/sites/field-notes/moderation").status_code == 200


def test_programs_are_refused_like_their_people(strict: Cast, client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {factories.api_token(strict.mo)}"}
    queue = "/api/v1/moderation/queue?site=gazette"
    refused = client.get(queue, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (403, "second-factor-needed")
    row = factories.comment(factories.article(strict.gazette, "a1"), strict.rae)
    decision = {"action": "approve", "revision": 1, "seen": None}
    path = f"/api/v1/comments/{row.id}/decisions"
    assert client.post(path, json=decision, headers=headers).status_code == 403
    phone.set_up(strict.mo)
    assert client.get(queue, headers=headers).status_code == 200


def test_a_mailed_link_decides_nothing_then(strict: Cast) -> None:
    factories.settle(strict.gazette, mail_decisions=True)
    assert not strict.gazette.settings.decides_by_mail
    factories.settle(strict.gazette, second_factor=False)
    assert strict.gazette.settings.decides_by_mail


def test_a_stranger_learns_nothing_of_it(strict: Cast, as_: As) -> None:
    assert as_(strict.rae).get("/sites/gazette/moderation").status_code == 404


def test_mo_sets_one_up_and_comes_to_the_desk(
    app: Flask,
    strict: Cast,
    gives: Gives,
) -> None:
    gives(strict.mo)
    browser = app.test_client()
    desk = "/sites/gazette/moderation"
    forms.send(browser, f"/sign-in?next={desk}", login="mo", password=PASSWORD)
    assert browser.get(desk).location == "/account/factors"
    page = browser.get("/account/factors/app").text
    key = page.split('id="key"')[1].split('value="')[1].split('"')[0].replace(" ", "")
    mine = phone.Phone(key)
    forms.send(browser, "/account/factors/app", code=mine.shows())
    assert browser.get(desk).status_code == 200
    browser.post("/sign-out", data={"csrf_token": forms.csrf_of(browser, "/account/name")})
    clock.freeze(clock.now() + timedelta(minutes=1))
    forms.send(browser, f"/sign-in?next={desk}", login="mo", password=PASSWORD)
    assert browser.get(desk).status_code == 302
    assert forms.send(browser, "/sign-in/second", code=mine.shows()).location == desk
    assert browser.get(desk).status_code == 200


# A fresh proof


def later(minutes: int = 11) -> None:
    clock.freeze(clock.now() + timedelta(minutes=minutes))


@pytest.fixture
def ada(cast: Cast, gives: Gives, frozen: object) -> User:
    return gives(cast.ada)


def guarded(cast: Cast) -> dict[str, dict[str, Any]]:
    """Acts that ask for a fresh proof, and what is sent."""
    mo, key = cast.mo.id, db.session.scalars(sa.select(SiteKey)).one().id
    return {
        MEMBERS: {"name": "rae", "role": "moderator"},
        f"{MEMBERS}/{mo}": {"role": "admin"},
        f"{MEMBERS}/{mo}/remove": {},
        "/sites/gazette/invitations": {"role": "staff"},
        "/sites/gazette/keys": {"name": "cms"},
        f"/sites/gazette/keys/{key}/revoke": {},
        "/sites/gazette/settings": {"name": "x"},
        "/sites/gazette/sso": {},
        "/sites/gazette/sso/secrets": {},
        "/sites/gazette/sso/keys": {"material": "x"},
        "/sites/gazette/hooks": {"url": "https://hooks.example/"},
    }


def test_what_matters_most_asks_who_one_is(cast: Cast, ada: User, as_: As) -> None:
    factories.site_key(cast.gazette)
    browser = as_(ada)
    later()
    for path, data in guarded(cast).items():
        asked = browser.post(path, data=data)
        assert (asked.status_code, "Is it you?" in asked.text) == (403, True), path
    assert access.role_on(cast.gazette, cast.mo) is Role.MODERATOR
    assert db.session.scalars(sa.select(SsoKey)).all() == []
    assert browser.get(MEMBERS).status_code == 200, "to look is free"


def test_strangers_are_not_asked(cast: Cast, as_: As, frozen: object) -> None:
    factories.site_key(cast.gazette)
    browser = as_(cast.rae)
    later()
    for path, data in guarded(cast).items():
        assert browser.post(path, data=data).status_code == 404, path


def test_a_proof_goes_on_with_what_was_sent(cast: Cast, ada: User, as_: As) -> None:
    browser = as_(ada)
    later()
    sent = {"name": "rae", "role": "moderator"}
    page = browser.post(MEMBERS, data=sent).text
    for name, value in sent.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    assert f'action="{MEMBERS}"' in page
    wrong = browser.post(MEMBERS, data={**sent, "proof_password": "wrong"})
    assert (wrong.status_code, forms.faults(wrong)) == (422, ["proof_password"])
    assert '<input type="hidden" name="name" value="rae">' in wrong.text
    assert access.role_on(cast.gazette, cast.rae) is None
    right = browser.post(MEMBERS, data={**sent, "proof_password": PASSWORD})
    assert (right.status_code, right.location) == (303, MEMBERS)
    assert access.role_on(cast.gazette, cast.rae) is Role.MODERATOR
    later(9)
    assert browser.post("/sites/gazette/sso/secrets").status_code == 200, "it lasts ten minutes"
    later(2)
    assert browser.post("/sites/gazette/sso/secrets").status_code == 403


def test_a_code_proves_as_well_and_once(cast: Cast, ada: User, as_: As) -> None:
    mine = phone.set_up(ada)
    one, other = as_(ada), as_(ada)
    later()
    data = {"name": "cms", "proof_code": mine.shows()}
    assert one.post("/sites/gazette/keys", data=data).status_code == 200
    assert other.post("/sites/gazette/keys", data=data).status_code == 422
    assert len(db.session.scalars(keys.of(cast.gazette)).all()) == 1


def test_proofs_are_not_guessed_without_end(cast: Cast, ada: User, as_: As) -> None:
    browser = as_(ada)
    later()
    codes = [
        browser.post("/account/prove", data={"proof_password": "wrong"}).status_code
        for _ in range(11)
    ]
    assert codes == [422] * 10 + [429]


def test_a_proof_counts_in_its_session_alone(cast: Cast, ada: User, as_: As) -> None:
    one, other = as_(ada), as_(ada)
    later()
    answer = one.post("/account/prove?next=/sites", data={"proof_password": PASSWORD})
    assert answer.location == "/sites"
    assert one.post("/sites/gazette/sso/secrets").status_code == 200
    assert other.post("/sites/gazette/sso/secrets").status_code == 403


def test_a_mass_act_asks_and_a_single_one_does_not(
    cast: Cast,
    as_: As,
    frozen: object,
    gives: Gives,
) -> None:
    row = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    browser = as_(gives(cast.mo))
    later()
    path = f"/moderation/comments/{row.id}/sanctions"
    terms = {"term": "7", "reason": "Threats."}
    mass = browser.post(path, data={**terms, "reject_waiting": "true"})
    assert mass.status_code == 403
    proved = {**terms, "reject_waiting": "true", "proof_password": PASSWORD}
    assert browser.post(path, data=proved).status_code == 303
    later()
    assert browser.post(path, data=terms).status_code == 303


def test_who_has_no_password_and_no_factor_signs_in_again(
    cast: Cast, as_: As, frozen: object
) -> None:
    browser = as_(cast.ada)
    later()
    asked = browser.post("/sites/gazette/sso/secrets")
    assert "Sign out and in again" in asked.text
    assert "proof_" not in asked.text
    assert as_(cast.ada).post("/sites/gazette/sso/secrets").status_code == 200


def test_a_session_from_before_asks(cast: Cast, as_: As) -> None:
    """Those of an older release have no moment of a proof."""
    browser = as_(cast.ada)
    transaction(lambda: db.session.execute(sa.text("UPDATE sessions SET proved_at = NULL")))
    assert browser.post("/sites/gazette/sso/secrets").status_code == 403
    assert passwords.secret_of(cast.ada) is None

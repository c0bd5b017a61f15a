"""The pages of a site: what they do, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments import clock
from comments.accounts.models import User
from comments.db import db, transaction
from comments.sites import access, keys, sanctions
from comments.sites.models import Commenters, Measure, Membership, Role, Sanction
from tests import factories, forms
from tests.conftest import Cast

As = Callable[[User | None], FlaskClient]
SETTINGS = {
    "name": "The Gazette",
    "origins": "https://gazette.example/\r\nhttps://WWW.gazette.example:443",
    "hold_first": "2",
    "links_allowed": "3",
    "edit_minutes": "10",
    "length": "2000",
    "language": "de",
    "rules": "Be kind.\r\nStay on the subject.",
    "rules_url": "https://gazette.example/rules",
    "privacy_url": "",
    "contact": "talk@gazette.example",
}


@pytest.fixture
def ada(as_: As, cast: Cast) -> FlaskClient:
    return as_(cast.ada)


def settings_with(browser: FlaskClient, **fields: str) -> Any:
    page = browser.get("/sites/gazette/settings").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen
    return browser.post("/sites/gazette/settings", data={"seen": seen[1], **SETTINGS, **fields})


def test_settings_are_saved_as_they_were_typed(ada: FlaskClient, cast: Cast) -> None:
    assert settings_with(ada, premoderation="true").status_code == 303
    assert "The settings are saved." in ada.get("/sites/gazette/settings").text
    db.session.expire_all()
    settings = cast.gazette.settings
    assert cast.gazette.name == "The Gazette"
    assert cast.gazette.addresses == ["https://gazette.example", "https://www.gazette.example"]
    assert (settings.premoderation, settings.hold_first, settings.language) == (True, 2, "de")
    assert settings.rules == "Be kind.\nStay on the subject."
    assert settings.contact == "mailto:talk@gazette.example"
    settings_with(ada)
    db.session.expire_all()
    assert not cast.gazette.settings.premoderation


def test_the_settings_page_shows_what_is_in_force(ada: FlaskClient) -> None:
    settings_with(ada, premoderation="true")
    page = ada.get("/sites/gazette/settings").text
    assert re.search(r'name="premoderation"[^>]* checked', page)
    assert 'value="2000"' in page
    assert "https://gazette.example\nhttps://www.gazette.example" in page
    assert '<option value="de" selected>' in page
    assert "data-site=&#34;gazette&#34;" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("name", "a\x00b"),
        ("origins", ""),
        ("origins", "gazette.example"),
        ("origins", "https://gazette.example javascript:alert(1)"),
        ("origins", "https://user@gazette.example"),
        ("origins", " ".join(f"https://{n}.example" for n in range(51))),
        ("hold_first", "-1"),
        ("hold_first", "many"),
        ("hold_first", ""),
        ("links_allowed", "101"),
        ("edit_minutes", "1e3"),
        ("length", "99999999999999999999"),
        ("language", "tlh"),
        ("rules", "x" * 2001),
        ("rules", "a\x00b"),
        ("rules_url", "javascript:alert(1)"),
        ("rules_url", "https://"),
        ("privacy_url", "data:text/html,x"),
        ("privacy_url", "/privacy"),
        ("contact", "mailto:"),
        ("contact", "nobody"),
        ("premoderation", "perhaps"),
    ],
)
def test_a_setting_that_can_not_be_is_named(
    ada: FlaskClient, cast: Cast, field: str, value: str
) -> None:
    answer = settings_with(ada, **{field: value})
    assert answer.status_code == 422
    assert forms.faults(answer) == [field]
    assert cast.gazette.name == "Gazette"


def test_fields_that_are_not_settings_are_refused(ada: FlaskClient) -> None:
    answer = settings_with(ada, key="mine", version="9")
    assert answer.status_code == 422
    assert "<code>version</code>: This is not known here." in answer.text


def test_who_comes_second_keeps_what_was_typed_and_sees_what_is_in_force(
    ada: FlaskClient, cast: Cast
) -> None:
    page = ada.get("/sites/gazette/settings").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen
    settings_with(ada, hold_first="7", premoderation="true", contact="")
    late = ada.post(
        "/sites/gazette/settings", data={**SETTINGS, "seen": seen[1], "links_allowed": "9"}
    )
    assert late.status_code == 409
    assert 'value="9"' in late.text
    assert set(forms.faults(late)) >= {"hold_first", "links_allowed", "premoderation", "contact"}
    for words in ("In force now: 7", "In force now: 3", "In force now: yes"):
        assert words in late.text
    fresh = re.search(r'name="seen" value="([0-9a-f]+)"', late.text)
    assert fresh
    again = {**SETTINGS, "seen": fresh[1], "links_allowed": "9"}
    assert ada.post("/sites/gazette/settings", data=again).status_code == 303


def test_members_are_added_by_name(ada: FlaskClient, cast: Cast) -> None:
    answer = ada.post("/sites/gazette/members", data={"name": "RAE", "role": "moderator"})
    assert answer.status_code == 303
    assert "rae is a member now." in ada.get("/sites/gazette/members").text
    assert access.role_on(cast.gazette, cast.rae) is Role.MODERATOR


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("nobody", "staff", 422),
        ("", "staff", 422),
        ("mo", "staff", 409),
        ("rae", "king", 422),
        ("rae", "", 422),
        ("a\x00b", "staff", 422),
    ],
)
def test_a_member_that_can_not_be_is_refused(
    ada: FlaskClient, cast: Cast, name: str, role: str, status: int
) -> None:
    answer = ada.post("/sites/gazette/members", data={"name": name, "role": role})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert access.role_on(cast.gazette, cast.rae) is None


def test_roles_change_and_end(ada: FlaskClient, cast: Cast) -> None:
    path = f"/sites/gazette/members/{cast.mo.id}"
    assert ada.post(path, data={"role": "admin"}).status_code == 303
    db.session.expire_all()
    assert access.role_on(cast.gazette, cast.mo) is Role.ADMIN
    assert ada.post(f"{path}/remove").status_code == 303
    db.session.expire_all()
    assert access.role_on(cast.gazette, cast.mo) is None
    assert ada.post(f"{path}/remove").status_code == 404


def test_the_last_owner_is_told_why_they_stay(ada: FlaskClient, cast: Cast) -> None:
    path = f"/sites/gazette/members/{cast.ada.id}"
    for answer in (ada.post(path, data={"role": "staff"}), ada.post(f"{path}/remove")):
        assert answer.status_code == 409
        assert "Gazette needs an owner." in answer.text


def test_an_owner_who_leaves_lands_among_their_sites(ada: FlaskClient, cast: Cast) -> None:
    factories.member(cast.gazette, cast.rae, Role.OWNER)
    answer = ada.post(f"/sites/gazette/members/{cast.ada.id}/remove")
    assert answer.location == "/sites"
    assert "You work on no site." in ada.get("/sites").text


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("members", {"name": "rae", "role": "staff"}),
        ("invitations", {"invited_as": "staff"}),
        ("sso", {"issuer": "https://gazette.example", "audience": "x", "url": "", "roles": ""}),
        ("sso/secrets", {}),
    ],
)
def test_an_admin_who_is_removed_meanwhile_is_told_so(
    as_: As, cast: Cast, page: str, fields: dict[str, str]
) -> None:
    """In the moment between being found an admin and what they asked for."""
    removed: list[str] = []
    una = factories.user("una")
    factories.member(cast.gazette, una, Role.ADMIN)

    def remove(_connection: object, _cursor: object, asked: str, *_rest: object) -> None:
        if "FROM memberships" in asked and not removed:
            removed.append(asked)
            with db.engine.begin() as other:
                other.execute(sa.delete(Membership).where(Membership.user_id == una.id))

    browser = as_(una)
    sa.event.listen(db.engine, "after_cursor_execute", remove)
    answer = browser.post(f"/sites/gazette/{page}", data=fields)
    sa.event.remove(db.engine, "after_cursor_execute", remove)
    assert removed
    assert answer.status_code in (403, 404)


def test_an_admin_sees_no_buttons_for_owners(as_: As, cast: Cast) -> None:
    factories.member(cast.gazette, cast.rae, Role.ADMIN)
    browser = as_(cast.rae)
    page = browser.get("/sites/gazette/members").text
    assert f"/sites/gazette/members/{cast.mo.id}/remove" in page
    assert f"/sites/gazette/members/{cast.ada.id}/remove" not in page
    answer = browser.post(f"/sites/gazette/members/{cast.ada.id}/remove")
    assert answer.status_code == 403


def test_a_key_is_shown_once(ada: FlaskClient, cast: Cast) -> None:
    answer = ada.post("/sites/gazette/keys", data={"name": "cms"})
    found = re.search(r'value="([\w-]{43})" dir="ltr"', answer.text)
    assert found
    known = keys.find(found[1])
    assert known is not None
    assert known.site == cast.gazette
    page = ada.get("/sites/gazette/keys").text
    assert "cms" in page
    assert found[1] not in page
    (row,) = db.session.scalars(keys.of(cast.gazette))
    assert ada.post(f"/sites/gazette/keys/{row.id}/revoke").status_code == 303
    assert keys.find(found[1]) is None
    assert ada.post("/sites/gazette/keys/999/revoke").status_code == 404
    assert ada.post("/sites/gazette/keys", data={"name": ""}).status_code == 422


@pytest.fixture
def ban(cast: Cast, frozen: Any) -> Sanction:
    terms = (Measure.BAN, None, "Spam, <b>again</b>")
    return transaction(
        lambda: sanctions.impose(cast.gazette, cast.rae, terms, cast.mo, clock.now())
    )


def test_a_moderator_lifts_a_sanction(as_: As, cast: Cast, ban: Sanction) -> None:
    mo = as_(cast.mo)
    page = mo.get("/sites/gazette/sanctions").text
    for words in ("rae", "banned", "Spam, &lt;b&gt;again&lt;/b&gt;", "mo"):
        assert words in page
    assert mo.post(f"/sites/gazette/sanctions/{ban.id}/lift").status_code == 303
    assert sanctions.in_force(cast.gazette, cast.rae, clock.now()) is None
    page = mo.get("/sites/gazette/sanctions").text
    assert "over" in page
    assert "/lift" not in page


def test_a_sanction_of_another_site_is_not_there(as_: As, cast: Cast, ban: Sanction) -> None:
    sam = as_(cast.sam)
    for site in ("gazette", "field-notes"):
        assert sam.post(f"/sites/{site}/sanctions/{ban.id}/lift").status_code == 404
    assert sanctions.in_force(cast.gazette, cast.rae, clock.now()) is not None


def test_old_sanctions_are_some_pages_away(as_: As, cast: Cast, frozen: Any) -> None:
    for n in range(51):
        moment = frozen + timedelta(minutes=n)
        terms = (Measure.SUSPEND, moment + timedelta(days=1), f"Reason {n}.")
        transaction(
            lambda terms=terms, moment=moment: sanctions.impose(
                cast.gazette, cast.rae, terms, cast.mo, moment
            )
        )
    mo = as_(cast.mo)
    first = mo.get("/sites/gazette/sanctions").text
    assert "Reason 50." in first
    assert "Reason 0." not in first
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert "Reason 0." in mo.get(older[1].replace("&amp;", "&")).text
    assert mo.get("/sites/gazette/sanctions?after=nonsense").status_code == 422


PAGES = {
    "settings": {"ada"},
    "members": {"ada"},
    "keys": {"ada"},
    "sso": {"ada"},
    "sanctions": {"ada", "mo"},
    "articles": {"ada", "mo"},
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["ada", "mo", "rae", "sam", None])
def test_who_may_see_what(as_: As, cast: Cast, page: str, who: str | None) -> None:
    answer = as_(getattr(cast, who) if who else None).get(f"/sites/gazette/{page}")
    if who is None:
        assert answer.location == f"/sign-in?next=/sites/gazette/{page}"
    elif who in PAGES[page]:
        assert answer.status_code == 200
    else:
        assert answer.status_code == (403 if who == "mo" else 404)


@pytest.mark.parametrize("page", PAGES)
def test_the_tabs_lead_where_one_may_go(as_: As, cast: Cast, page: str) -> None:
    for who in PAGES[page]:
        text = as_(getattr(cast, who)).get(f"/sites/gazette/{page}").text
        shown = {name for name in PAGES if f'href="/sites/gazette/{name}"' in text}
        assert shown == {name for name, people in PAGES.items() if who in people}


def test_a_page_of_a_site_takes_few_queries(ada: FlaskClient, statements: Any) -> None:
    statements.clear()
    ada.get("/sites/gazette/settings")
    # Who asks, what they are on this site, its addresses, the sites in the header, what is new.
    assert len(statements) <= 6


def test_the_policy_who_may_comment_is_chosen_from_a_list(ada: FlaskClient, cast: Cast) -> None:
    assert settings_with(ada, commenters="everybody").status_code == 422
    assert settings_with(ada, commenters="subscribers").status_code == 303
    db.session.expire_all()
    assert cast.gazette.settings.commenters is Commenters.SUBSCRIBERS
    page = ada.get("/sites/gazette/settings").text
    assert '<option value="subscribers" selected>' in page

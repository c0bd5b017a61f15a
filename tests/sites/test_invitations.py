"""Links that make somebody a member of a site."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import closing, copies, registration
from comments.accounts.models import User
from comments.audit import Entry
from comments.db import db, transaction
from comments.errors import Conflict, Forbidden, NotFound, TooMany
from comments.outbox import Outgoing
from comments.sites import access, members
from comments.sites.invitations import inviting
from comments.sites.invitations.forms import NewInvitation
from comments.sites.models import Invitation, Membership, Role, Site
from tests import crowd, factories, forms, mailbox
from tests.conftest import HOST, Cast
from tests.mailbox import Mailbox

As = Callable[[User | None], FlaskClient]
ADDRESS = "rae@example.com"
PASSWORD = "a quiet lamp on tuesday"


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


def own(site: Site, user: User) -> Membership:
    return db.session.get_one(Membership, (site.id, user.id))


def invited(site: Site, by: User | None, role: Role = Role.MODERATOR, **fields: Any) -> str:
    form = NewInvitation(invited_as=role, **fields)
    member = own(site, by) if by else None
    return transaction(lambda: inviting.invite(site, form, member, clock.now()))


def accept(token: str, person: User) -> Membership:
    return transaction(lambda: inviting.accept(token, person, clock.now()))


def role_of(cast: Cast, person: User) -> Role | None:
    db.session.expire_all()
    return access.role_on(cast.gazette, person)


def number_of(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def acts() -> list[tuple[str, int | None]]:
    rows = db.session.scalars(sa.select(Entry).order_by(Entry.id))
    return [(row.act, row.by_id) for row in rows if "sign-in" not in row.act]


# The link


def test_a_link_that_was_copied_makes_one_person_a_member(as_: As, cast: Cast) -> None:
    ada, rae = as_(cast.ada), as_(cast.rae)
    page = ada.post("/sites/gazette/invitations", data={"email": "", "invited_as": "moderator"})
    (link,) = re.findall(rf'value="{HOST}(/invitations/[\w-]+)"', page.text)
    assert link not in ada.get("/sites/gazette/members").text
    shown = rae.get(link).text
    assert "ada</bdi> invites you" in shown
    assert "Moderator: decides on comments" in shown
    assert role_of(cast, cast.rae) is None
    answer = rae.post(link)
    assert answer.status_code == 303
    assert role_of(cast, cast.rae) is Role.MODERATOR
    assert rae.get("/sites/gazette/moderation").status_code == 200
    assert as_(cast.sam).post(link).status_code == 404
    assert rae.get(link).status_code == 404
    assert acts() == [
        ("invited", cast.ada.id),
        ("member-added", cast.ada.id),
        ("invitation-accepted", cast.rae.id),
    ]


def test_only_the_hash_of_a_link_is_kept(cast: Cast) -> None:
    token = invited(cast.gazette, cast.ada, email=ADDRESS)
    row = db.session.scalars(sa.select(Invitation)).one()
    kept = str(db.session.scalars(sa.select(Outgoing.facts)).one())
    assert token not in f"{row.token_hash} {kept}"
    assert ADDRESS not in kept


def test_a_link_is_good_for_a_week(cast: Cast, frozen: Any, client: FlaskClient) -> None:
    token = invited(cast.gazette, cast.ada)
    clock.freeze(frozen + timedelta(days=7, seconds=-1))
    assert client.get(f"/invitations/{token}").status_code == 200
    clock.freeze(frozen + timedelta(days=7))
    assert client.get(f"/invitations/{token}").status_code == 404
    with pytest.raises(NotFound):
        accept(token, cast.rae)
    invited(cast.gazette, cast.ada)
    assert number_of(Invitation) == 1


def test_of_two_at_once_one_gets_the_role(app: Flask, cast: Cast) -> None:
    token = invited(cast.gazette, cast.ada)

    def taking(id: int) -> Callable[[], object]:
        return lambda: accept(token, db.session.get_one(User, id))

    results = crowd.at_once(app, [taking(cast.rae.id), taking(cast.sam.id)])
    assert sorted(type(each).__name__ for each in results) == ["Membership", "NotFound"]
    assert [role_of(cast, cast.rae), role_of(cast, cast.sam)].count(Role.MODERATOR) == 1


def test_who_is_a_member_already_keeps_the_role_and_the_link(as_: As, cast: Cast) -> None:
    """Or an owner would lose theirs by a link for staff."""
    token = invited(cast.gazette, None, Role.STAFF)
    ada = as_(cast.ada)
    page = ada.get(f"/invitations/{token}").text
    assert "work here already: Owner" in page
    assert "Accept" not in page
    assert ada.post(f"/invitations/{token}").status_code == 409
    assert role_of(cast, cast.ada) is Role.OWNER
    accept(token, cast.rae)
    assert role_of(cast, cast.rae) is Role.STAFF


def test_nobody_gets_in_without_signing_in(as_: As, cast: Cast) -> None:
    link = f"/invitations/{invited(cast.gazette, cast.ada)}"
    browser = as_(None)
    assert browser.post(link).status_code == 401
    page = browser.get(link)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    (way,) = re.findall(r'href="(/sign-up[^"]+)"', page.text)
    way = way.replace("&amp;", "&")
    answer = forms.send(browser, way, name="Newt", password=PASSWORD, email="")
    assert answer.location == link
    assert "Accept as <bdi>Newt</bdi>" in browser.get(link).text
    assert forms.send(browser, link).status_code == 303
    newt = db.session.scalars(sa.select(User).where(User.name == "Newt")).one()
    assert role_of(cast, newt) is Role.MODERATOR


def test_looking_changes_nothing(as_: As, cast: Cast, statements: Any) -> None:
    link = f"/invitations/{invited(cast.gazette, cast.ada)}"
    browser = as_(cast.rae)
    statements.clear()
    assert browser.get(link).status_code == 200
    assert statements.selects() == list(statements)


# Rights


def test_an_admin_invites_no_owner_and_revokes_no_owners_link(as_: As, cast: Cast) -> None:
    factories.member(cast.gazette, cast.rae, Role.ADMIN)
    rae = as_(cast.rae)
    answer = rae.post("/sites/gazette/invitations", data={"email": "", "invited_as": "owner"})
    assert answer.status_code == 403
    assert "Only an owner can do this." in answer.text
    invited(cast.gazette, cast.ada, Role.OWNER)
    row = db.session.scalars(sa.select(Invitation)).one()
    address = f"/sites/gazette/invitations/{row.id}/revoke"
    assert address not in rae.get("/sites/gazette/members").text
    assert rae.post(address).status_code == 403
    assert as_(cast.ada).post(address).status_code == 303
    assert number_of(Invitation) == 0


@pytest.mark.parametrize("after", ["removed", "demoted", "closed", "no owner any more"])
def test_a_link_is_void_once_its_maker_may_not_give_the_role(cast: Cast, after: str) -> None:
    zoe = factories.user("zoe")
    factories.member(cast.gazette, zoe, Role.OWNER if after.startswith("no") else Role.ADMIN)
    role = Role.OWNER if after.startswith("no") else Role.STAFF
    token = invited(cast.gazette, zoe, role)
    other = invited(cast.gazette, cast.ada, Role.STAFF)

    def act() -> None:
        if after == "removed":
            members.remove(own(cast.gazette, zoe), None, clock.now())
        elif after == "closed":
            closing.close(zoe, erase=False, now=clock.now())
        else:
            lower = Role.ADMIN if after.startswith("no") else Role.MODERATOR
            members.change_role(own(cast.gazette, zoe), lower, None, clock.now())

    transaction(act)
    with pytest.raises(NotFound):
        accept(token, cast.rae)
    assert role_of(cast, cast.rae) is None
    accept(other, cast.rae)
    assert role_of(cast, cast.rae) is Role.STAFF


def test_a_smaller_role_can_still_be_given_by_who_lost_a_greater(cast: Cast) -> None:
    factories.member(cast.gazette, cast.rae, Role.OWNER)
    token = invited(cast.gazette, cast.ada, Role.MODERATOR)
    transaction(
        lambda: members.change_role(own(cast.gazette, cast.ada), Role.ADMIN, None, clock.now())
    )
    accept(token, cast.sam)
    assert role_of(cast, cast.sam) is Role.MODERATOR


def test_a_role_that_goes_while_somebody_accepts_is_not_given(app: Flask, cast: Cast) -> None:
    """Whoever comes second sees what the first did; nobody gets a role from nobody."""
    factories.member(cast.gazette, cast.sam, Role.ADMIN)
    token = invited(cast.gazette, cast.sam, Role.ADMIN)
    site, sam, rae = cast.gazette.id, cast.sam.id, cast.rae.id

    def take() -> object:
        member = db.session.get_one(Membership, (site, sam))
        return transaction(lambda: members.remove(member, None, clock.now())) or "removed"

    def get() -> object:
        return accept(token, db.session.get_one(User, rae))

    removed, got = crowd.at_once(app, [take, get])
    assert removed == "removed"
    given = next((by for act, by in acts() if act == "member-added"), None)
    assert (role_of(cast, cast.rae), given) == (
        (None, None) if isinstance(got, NotFound) else (Role.ADMIN, sam)
    )


def test_one_address_is_invited_once_at_a_time(as_: As, cast: Cast) -> None:
    ada = as_(cast.ada)
    sent = {"email": ADDRESS, "invited_as": "staff"}
    assert ada.post("/sites/gazette/invitations", data=sent).status_code == 303
    again = {**sent, "email": "Rae@Example.com"}
    answer = ada.post("/sites/gazette/invitations", data=again)
    assert answer.status_code == 409
    assert "invited already" in answer.text
    assert 'value="Rae@Example.com"' in answer.text
    row = db.session.scalars(sa.select(Invitation)).one()
    ada.post(f"/sites/gazette/invitations/{row.id}/revoke")
    assert ada.post("/sites/gazette/invitations", data=sent).status_code == 303


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "no address", "invited_as": "staff"},
        {"email": "a@b.example\nBcc: all@b.example", "invited_as": "staff"},
        {"email": f"{'x' * 300}@b.example", "invited_as": "staff"},
        {"email": "", "invited_as": "king"},
        {"email": ""},
        {"email": "", "invited_as": "staff", "more": "x"},
    ],
)
def test_an_invitation_that_can_not_be_is_refused(
    as_: As, cast: Cast, sent: dict[str, str]
) -> None:
    answer = as_(cast.ada).post("/sites/gazette/invitations", data=sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert (number_of(Invitation), number_of(Outgoing)) == (0, 0)


def test_invitations_are_not_made_without_end(
    cast: Cast, frozen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = inviting.MADE.__class__("invitations", times=2, seconds=3600)
    monkeypatch.setattr(inviting, "MADE", few)
    for role in (Role.STAFF, Role.OWNER):
        invited(cast.gazette, cast.ada, role)
    with pytest.raises(TooMany):
        invited(cast.gazette, cast.ada)
    invited(cast.notes, None)


def test_the_list_says_who_is_invited_by_whom_and_until_when(as_: As, cast: Cast) -> None:
    invited(cast.gazette, cast.ada, Role.ADMIN, email=ADDRESS)
    invited(cast.gazette, None, Role.OWNER)
    invited(cast.notes, None, Role.STAFF, email="elsewhere@example.com")
    text = as_(cast.ada).get("/sites/gazette/members").text
    section = text.split("<h2>Invited</h2>")[1].split("<h2>")[0]
    assert ADDRESS in section
    assert "by <bdi>ada</bdi>, until" in section
    assert "by the operator, until" in section
    assert "elsewhere" not in section


# Letters


def test_a_mailed_link_confirms_the_address_that_was_claimed(
    app: Flask, as_: As, cast: Cast, box: Mailbox
) -> None:
    factories.settle(cast.gazette, language="de")
    transaction(lambda: registration.change_email(cast.rae, "Rae@example.com", clock.now()))
    box.drain()
    answer = as_(cast.ada).post(
        "/sites/gazette/invitations", data={"email": ADDRESS, "invited_as": "staff"}
    )
    assert answer.status_code == 303
    box.drain()
    letter = box.letters[-1]
    assert letter["To"] == ADDRESS
    assert letter["Subject"] == "Einladung zu Gazette"
    link = urlsplit(box.link(f"{HOST}/invitations/")).path
    assert as_(cast.rae).post(link).status_code == 303
    db.session.refresh(cast.rae)
    assert (cast.rae.email, cast.rae.email_confirmed_at is None) == (ADDRESS, False)


@pytest.mark.parametrize("claimed", [None, "other@example.com"])
def test_a_mailed_link_confirms_no_other_address(cast: Cast, claimed: str | None) -> None:
    transaction(lambda: registration.change_email(cast.rae, claimed, clock.now()))
    accept(invited(cast.gazette, cast.ada, email=ADDRESS), cast.rae)
    db.session.refresh(cast.rae)
    assert (cast.rae.email, cast.rae.email_confirmed_at) == (claimed, None)


def test_an_address_of_somebody_else_stays_theirs(cast: Cast) -> None:
    transaction(lambda: registration.confirm_email(cast.sam, ADDRESS, clock.now()))
    transaction(lambda: registration.change_email(cast.rae, ADDRESS, clock.now()))
    accept(invited(cast.gazette, cast.ada, email=ADDRESS), cast.rae)
    db.session.refresh(cast.rae)
    assert cast.rae.email_confirmed_at is None
    assert role_of(cast, cast.rae) is Role.MODERATOR


def test_a_letter_of_a_revoked_invitation_is_not_sent(cast: Cast, box: Mailbox) -> None:
    invited(cast.gazette, cast.ada, email=ADDRESS)
    row = db.session.scalars(sa.select(Invitation)).one()
    transaction(lambda: inviting.revoke(cast.gazette, row.id, None, clock.now()))
    with pytest.raises(NotFound):
        transaction(lambda: inviting.revoke(cast.gazette, row.id, None, clock.now()))
    box.drain()
    assert (box.letters, number_of(Outgoing)) == ([], 0)


def leave(site: Site, user: User) -> None:
    registration.confirm_email(user, ADDRESS, clock.now())
    closing.close(user, erase=False, now=clock.now())


def revoke(site: Site, user: User) -> None:
    row = db.session.scalars(sa.select(Invitation)).one()
    inviting.revoke(site, row.id, None, clock.now())


def be_late(site: Site, user: User) -> None:
    inviting.sweep(clock.now() + timedelta(days=7))


def lose_its_maker(site: Site, user: User) -> None:
    row = db.session.scalars(sa.select(Invitation)).one()
    assert row.by
    members.remove(own(site, row.by), None, clock.now())


@pytest.mark.parametrize("end", [leave, revoke, be_late, lose_its_maker])
def test_what_a_server_said_of_an_invitation_goes_with_it(
    cast: Cast, box: Mailbox, end: Callable[[Site, User], None]
) -> None:
    zoe = factories.user("zoe")
    factories.member(cast.gazette, zoe, Role.ADMIN)
    invited(cast.gazette, zoe, role=Role.STAFF, email=ADDRESS)
    box.of_receiver = [f"550 5.1.1 <{ADDRESS}> is nobody here"]
    box.drain()
    assert ADDRESS in str(db.session.scalars(sa.select(Outgoing.words)).one())
    transaction(lambda: end(cast.gazette, cast.rae))
    assert number_of(Outgoing) == 0


def test_a_letter_that_was_sent_twice_has_one_link(cast: Cast, box: Mailbox) -> None:
    invited(cast.gazette, cast.ada, email=ADDRESS)
    box.dies_after_data = 1
    box.drain()
    transaction(lambda: db.session.execute(sa.update(Outgoing).values(due_at=clock.now())))
    box.drain()
    first, second = (letter.get_body(("plain",)) for letter in box.letters)
    assert first
    assert second
    assert first.get_content() == second.get_content()
    assert box.letters[0]["Message-ID"] == box.letters[1]["Message-ID"]


def test_what_people_are_called_is_no_link_and_no_markup(cast: Cast, box: Mailbox) -> None:
    transaction(lambda: setattr(db.session.get_one(Site, cast.gazette.id), "name", "<b>a.example"))
    invited(cast.gazette, cast.ada, email=ADDRESS)
    box.drain()
    html = box.letters[0].get_body(("html",))
    assert html
    assert "&lt;b&gt;a.\u2060example" in html.get_content()
    assert "a.example" not in str(box.letters[0]["Subject"])


# A person's rights


def test_who_leaves_is_invited_no_more(cast: Cast, box: Mailbox) -> None:
    transaction(lambda: registration.confirm_email(cast.rae, ADDRESS, clock.now()))
    invited(cast.gazette, cast.ada, email=ADDRESS)
    (told,) = copies.of(cast.rae, clock.now())["invitations"]
    assert (told["site"], told["role"]) == ("gazette", "moderator")
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    assert number_of(Invitation) == 0
    box.drain()
    assert box.letters == []


def test_who_only_claims_an_address_takes_no_invitation_away(cast: Cast) -> None:
    transaction(lambda: registration.change_email(cast.rae, ADDRESS, clock.now()))
    invited(cast.gazette, cast.ada, email=ADDRESS)
    assert copies.of(cast.rae, clock.now())["invitations"] == []
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    assert number_of(Invitation) == 1


def test_who_left_accepts_nothing(cast: Cast) -> None:
    token = invited(cast.gazette, cast.ada)
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    with pytest.raises(Exception, match="sign in"):
        accept(token, cast.rae)
    accept(token, cast.sam)


def test_rules_hold_for_programs_too(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        invited(cast.gazette, cast.mo)
    invited(cast.gazette, None, email=ADDRESS)
    with pytest.raises(Conflict):
        invited(cast.gazette, None, email=ADDRESS)

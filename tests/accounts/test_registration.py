from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock
from comments.accounts import closing, links, passwords, registration, sessions
from comments.accounts.forms import SignUp
from comments.accounts.models import Kind, Session, Ticket, User
from comments.db import connection, db, table, transaction
from comments.errors import Conflict, Invalid, NotFound, NotSignedIn, TooMany
from comments.sites.models import Participant
from tests import crowd, factories
from tests.conftest import PASSWORD, Cast, Statements


def sign_up(name: str, email: str | None = None) -> User:
    form = SignUp(name=name, email=email, password=PASSWORD)
    return transaction(lambda: registration.sign_up(form, "a hash", clock.now()))


def rename(user: User, name: str) -> None:
    transaction(lambda: registration.rename(user, name, clock.now()))


def test_signing_up_makes_a_person_with_a_password(app: Flask) -> None:
    user = sign_up("Rosalind", "Ros@Example.com")
    assert (user.name, user.email, user.email_confirmed_at) == ("Rosalind", "Ros@Example.com", None)
    assert passwords.secret_of(user) == "a hash"


@pytest.mark.parametrize("name", ["mo", "MO", "m0", "mо", "m o", "Mo."])
def test_nobody_may_look_like_somebody_else(cast: Cast, name: str) -> None:
    """mo is staff; the third has a nought, the fourth a Cyrillic o."""
    with pytest.raises(Invalid) as refused:
        sign_up(name)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("name", "taken")]


@pytest.mark.parametrize("name", ["Admin", "ADM1N", "Moderator", "staff"])
def test_nobody_may_pass_for_somebody_in_charge(app: Flask, name: str) -> None:
    with pytest.raises(Invalid):
        sign_up(name)


def test_an_address_may_be_claimed_by_many(app: Flask) -> None:
    one, other = sign_up("Rosalind", "ros@example.com"), sign_up("Celia", "ros@example.com")
    assert one.email == other.email


def test_only_one_may_have_an_address_confirmed(app: Flask) -> None:
    one, other = sign_up("Rosalind", "ros@example.com"), sign_up("Celia", "ros@example.com")
    transaction(lambda: registration.confirm_email(one, "ros@example.com", clock.now()))
    with pytest.raises(Conflict):
        transaction(lambda: registration.confirm_email(other, "ROS@example.com", clock.now()))


def test_a_new_name_draws_the_pages_again_where_the_old_one_stood(cast: Cast) -> None:
    article = factories.article(cast.gazette, "a1")
    factories.comment(article, cast.rae)
    before = cast.gazette.version, cast.notes.version
    rename(cast.rae, "Rachel")
    db.session.expire_all()
    assert cast.rae.name == "Rachel"
    assert (cast.gazette.version, cast.notes.version) == (before[0] + 1, before[1])


def test_the_old_name_is_free_after_a_change(cast: Cast) -> None:
    rename(cast.rae, "Rachel")
    assert sign_up("rae").name == "rae"


def test_names_can_not_be_changed_all_day(cast: Cast) -> None:
    for n in range(registration.NEW_NAMES.times):
        rename(cast.rae, f"Rachel the {n}th")
    with pytest.raises(TooMany):
        rename(cast.rae, "Rachel the last")


def test_one_may_change_how_ones_own_name_is_written(cast: Cast) -> None:
    rename(cast.rae, "Rae")
    assert cast.rae.name == "Rae"


def test_a_closed_accounts_name_is_kept_for_a_year(cast: Cast, frozen: object) -> None:
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    clock.freeze(clock.now() + timedelta(days=364))
    with pytest.raises(Invalid):
        sign_up("rae")
    clock.freeze(clock.now() + timedelta(days=2))
    assert sign_up("rae").id != cast.rae.id


def test_another_address_ends_links_and_what_was_confirmed(cast: Cast) -> None:
    now = clock.now()
    transaction(lambda: registration.confirm_email(cast.rae, "rae@example.com", now))
    token = transaction(lambda: links.make(cast.rae, now))
    transaction(lambda: registration.change_email(cast.rae, "new@example.com", clock.now()))
    assert cast.rae.email_confirmed_at is None
    with pytest.raises(NotFound):
        links.find(token, now)


def test_another_address_is_not_confirmed_by_a_letter_to_the_old_one(cast: Cast) -> None:
    """Which is opened after the person was read, and before they were held."""

    def act() -> None:
        db.session.refresh(cast.rae)
        people = table(User)
        opened = sa.update(people).where(people.c.id == cast.rae.id)
        connection().execute(opened.values(email_confirmed_at=clock.now()))
        registration.change_email(cast.rae, "new@example.com", clock.now())

    transaction(act)
    db.session.refresh(cast.rae)
    assert (cast.rae.email, cast.rae.email_confirmed_at) == ("new@example.com", None)


@pytest.mark.parametrize(
    "act",
    [
        lambda rae: registration.rename(rae, "Rachel", clock.now()),
        lambda rae: registration.change_email(rae, "rae@example.com", clock.now()),
        lambda rae: passwords.change(rae, "a hash", clock.now()),
    ],
)
def test_nothing_is_left_of_who_left_meanwhile(cast: Cast, act: Callable[[User], None]) -> None:
    factories.close(cast.rae)
    with pytest.raises(NotSignedIn):
        transaction(lambda: act(cast.rae))
    db.session.refresh(cast.rae)
    assert (cast.rae.name, cast.rae.email) == ("", None)
    assert passwords.secret_of(cast.rae) is None


def test_two_at_once_can_not_take_one_name(app: Flask) -> None:
    results = crowd.at_once(app, [lambda: sign_up("Rosalind").id for _ in range(4)])
    assert len([each for each in results if isinstance(each, int)]) == 1
    assert all(isinstance(each, int | Invalid) for each in results)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 1


def test_an_invited_person_is_named_after_their_address(cast: Cast) -> None:
    now = clock.now()
    first = transaction(lambda: registration.invite("rae@example.com", now))
    again = transaction(lambda: registration.invite("Rae@example.com", now))
    assert (first.name, again.id) == ("rae 2", first.id)
    assert passwords.secret_of(first) is None
    assert transaction(lambda: registration.invite("!@example.com", now)).name == "owner"


def test_a_name_is_found_at_once_however_many_are_taken(cast: Cast, statements: Statements) -> None:
    for n in range(2, 52):
        factories.user(f"rae {n}")
    statements.clear()
    name = registration.free_name("rae", "reader")
    assert len(statements) <= 6
    assert sign_up(name).name == name
    assert name.startswith("rae ")


def test_leaving_empties_the_row_and_ends_everything(
    cast: Cast, gives: Callable[[User], User]
) -> None:
    now, rae = clock.now(), gives(cast.rae)
    token = transaction(lambda: links.make(rae, now))
    factories.bearer(rae, cast.gazette)
    transaction(lambda: registration.confirm_email(rae, "rae@example.com", now))
    transaction(lambda: closing.close(rae, erase=False, now=now))
    assert (rae.name, rae.email, rae.email_key, rae.email_confirmed_at) == ("", None, None, None)
    assert rae.is_closed
    assert passwords.secret_of(rae) is None
    with pytest.raises(NotFound):
        links.find(token, now)


def test_the_last_owner_can_not_leave(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Gazette"):
        transaction(lambda: closing.close(cast.ada, erase=False, now=clock.now()))
    assert not cast.ada.is_closed
    transaction(lambda: closing.close(cast.mo, erase=True, now=clock.now()))
    assert cast.mo.is_closed


def test_what_people_did_on_a_site_outlives_them(cast: Cast) -> None:
    factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    assert db.session.get(Participant, (cast.gazette.id, cast.rae.id)) is not None


def test_sessions_and_links_that_are_good_for_nothing_are_swept_up(
    cast: Cast, frozen: datetime
) -> None:
    factories.bearer(cast.rae, cast.gazette)
    factories.api_token(cast.mo)
    transaction(lambda: links.make(cast.rae, clock.now()))
    clock.freeze(frozen + timedelta(days=31))
    factories.cookie_token(cast.ada)
    transaction(lambda: sessions.sweep(clock.now()))
    kinds = db.session.execute(
        sa.select(Session.kind, sa.func.count()).group_by(Session.kind).order_by(Session.kind)
    ).all()
    assert [tuple(row) for row in kinds] == [(Kind.API, 1), (Kind.COOKIE, 1)]
    assert db.session.scalars(sa.select(Ticket)).all() == []


def test_nothing_is_read_through_to_find_them(app: Flask) -> None:
    """Others wait meanwhile."""
    sweep = factories.plans_of(lambda: sessions.sweep(clock.now()), verbs=("DELETE",))
    assert [line for line in sweep if "SCAN" in line or "Seq Scan" in line] == []
    assert any("ix_sessions_ends_at" in line for line in sweep)

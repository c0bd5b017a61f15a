"""Making and changing sites, members and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import NoResultFound

from comments import clock
from comments.accounts import closing, sessions
from comments.accounts.models import Kind, User
from comments.audit import Entry
from comments.db import db, transaction
from comments.errors import Conflict, Forbidden, NotFound
from comments.sites import access, embedding, keys, managing, members
from comments.sites.forms import EditedSite
from comments.sites.models import ADMINS, MODERATORS, Membership, Role, Site
from tests import crowd, factories
from tests.conftest import PUBLISHER, Cast


def own(site: Site, user: User) -> Membership:
    return db.session.get_one(Membership, (site.id, user.id))


def acts() -> list[tuple[str, dict[str, Any]]]:
    return [
        (row.act, row.details) for row in db.session.scalars(sa.select(Entry).order_by(Entry.id))
    ]


def edited(site: Site, **fields: Any) -> EditedSite:
    values = {**managing.facts(site), "seen": managing.seen(site), **fields}
    return EditedSite.model_validate(values)


def change(site: Site, form: EditedSite, by: User | None = None) -> None:
    transaction(lambda: managing.change(site, form, by, clock.now()))


def remove(member: Membership, by: Membership | None) -> None:
    transaction(lambda: members.remove(member, by, clock.now()))


def give(member: Membership, role: Role, by: Membership | None) -> None:
    transaction(lambda: members.change_role(member, role, by, clock.now()))


# Sites


def test_a_new_site_has_its_owner_and_is_noted(cast: Cast) -> None:
    site = transaction(
        lambda: managing.create("daily", "The Daily", [PUBLISHER], cast.rae, clock.now())
    )
    assert (site.addresses, site.settings.hold_first) == ([PUBLISHER], 1)
    assert access.role_on(site, cast.rae) is Role.OWNER
    assert [act for act, _ in acts()] == ["site", "member-added"]


def test_a_key_is_given_once(cast: Cast) -> None:
    with pytest.raises(Conflict):
        transaction(lambda: managing.create("gazette", "x", [PUBLISHER], cast.rae, clock.now()))


def test_two_at_once_can_not_take_one_key(app: Flask, cast: Cast) -> None:
    id = cast.rae.id

    def make() -> int:
        rae = db.session.get_one(User, id)
        return transaction(lambda: managing.create("daily", "x", [PUBLISHER], rae, clock.now())).id

    results = crowd.at_once(app, [make] * 3)
    assert len([each for each in results if isinstance(each, int)]) == 1
    assert all(isinstance(each, int | Conflict) for each in results)


def test_changed_settings_are_in_force_and_noted(cast: Cast) -> None:
    before = cast.gazette.version
    change(cast.gazette, edited(cast.gazette, premoderation=True, name="The Gazette"), cast.ada)
    assert cast.gazette.settings.premoderation
    assert (cast.gazette.name, cast.gazette.version) == ("The Gazette", before + 1)
    assert acts() == [("settings", {"changed": ["name", "premoderation"]})]


def test_nothing_changed_is_nothing_noted(cast: Cast) -> None:
    before = cast.gazette.version
    change(cast.gazette, edited(cast.gazette), cast.ada)
    assert (cast.gazette.version, acts()) == (before, [])


def test_of_two_who_change_settings_the_second_hears_of_the_first(cast: Cast) -> None:
    first = edited(cast.gazette, hold_first=3)
    second = edited(cast.gazette, links_allowed=9)
    change(cast.gazette, first, cast.ada)
    with pytest.raises(Conflict):
        change(cast.gazette, second, cast.ada)
    assert cast.gazette.settings.links_allowed == 1


def test_a_badge_or_a_name_that_changes_is_no_change_of_settings(cast: Cast) -> None:
    form = edited(cast.gazette, hold_first=3)
    give(own(cast.gazette, cast.mo), Role.STAFF, None)
    change(cast.gazette, form, cast.ada)
    assert cast.gazette.settings.hold_first == 3


def test_readers_are_signed_out_on_addresses_that_go(cast: Cast) -> None:
    gone = factories.bearer(cast.rae, cast.gazette, PUBLISHER)
    kept = factories.bearer(cast.rae, cast.gazette, "https://www.gazette.example")
    other = factories.bearer(cast.rae, cast.notes)
    change(cast.gazette, edited(cast.gazette, origins="https://www.gazette.example"), cast.ada)

    def lives(token: str) -> bool:
        return sessions.find(token, frozenset({Kind.BEARER}), clock.now()) is not None

    assert [lives(token) for token in (gone, kept, other)] == [False, True, True]
    assert cast.gazette.addresses == ["https://www.gazette.example"]


def test_the_code_to_paste_is_of_this_service_and_site() -> None:
    code = embedding.code("gazette", "https://talk.example")
    assert 'data-site="gazette" data-article="ARTICLE-ID"' in code
    assert 'href="https://talk.example/thread?site=gazette&amp;article=ARTICLE-ID"' in code
    assert '<script async src="https://talk.example/embed.js"></script>' in code


# Members


def test_an_owner_adds_changes_and_removes(cast: Cast) -> None:
    ada = own(cast.gazette, cast.ada)
    before = cast.gazette.version
    now = clock.now()
    rae = transaction(lambda: members.add(cast.gazette, cast.rae, Role.STAFF, ada, now))
    give(rae, Role.OWNER, ada)
    remove(rae, ada)
    assert access.role_on(cast.gazette, cast.rae) is None
    assert cast.gazette.version == before + 3
    assert [act for act, _ in acts()] == ["member-added", "member-changed", "member-removed"]


def test_a_member_is_not_added_twice(cast: Cast) -> None:
    with pytest.raises(Conflict):
        transaction(lambda: members.add(cast.gazette, cast.mo, Role.STAFF, None, clock.now()))


@pytest.mark.parametrize(
    ("role", "target", "may"),
    [
        (Role.OWNER, Role.OWNER, True),
        (Role.ADMIN, Role.OWNER, False),
        (Role.ADMIN, Role.ADMIN, True),
        (Role.ADMIN, Role.MODERATOR, True),
        (Role.MODERATOR, Role.STAFF, False),
        (Role.STAFF, Role.STAFF, False),
    ],
)
def test_nobody_touches_those_above(cast: Cast, role: Role, target: Role, may: bool) -> None:
    by = factories.member(cast.gazette, factories.user("by"), role)
    other = factories.member(cast.gazette, factories.user("target"), target)
    new = factories.user("new")
    tries: list[Callable[[], Any]] = [
        lambda: transaction(lambda: members.add(cast.gazette, new, target, by, clock.now())),
        lambda: give(other, Role.STAFF if target is not Role.STAFF else Role.MODERATOR, by),
        lambda: remove(own(cast.gazette, new) if may else other, by),
    ]
    for act in tries:
        if may:
            act()
        else:
            with pytest.raises(Forbidden):
                act()


def test_an_admin_makes_nobody_an_owner(cast: Cast) -> None:
    by = factories.member(cast.gazette, cast.rae, Role.ADMIN)
    for member in (by, own(cast.gazette, cast.mo)):
        with pytest.raises(Forbidden):
            give(member, Role.OWNER, by)


@pytest.mark.parametrize("by_operator", [True, False])
def test_the_last_owner_stays(cast: Cast, by_operator: bool) -> None:
    ada = own(cast.gazette, cast.ada)
    by = None if by_operator else ada
    with pytest.raises(Conflict):
        remove(ada, by)
    with pytest.raises(Conflict):
        give(ada, Role.ADMIN, by)
    assert access.role_on(cast.gazette, cast.ada) is Role.OWNER


def test_of_two_owners_who_remove_each_other_one_stays(app: Flask, cast: Cast) -> None:
    factories.member(cast.gazette, cast.rae, Role.OWNER)

    def remove_other(by: User, other: User) -> Callable[[], str]:
        pairs = (cast.gazette.id, by.id), (cast.gazette.id, other.id)

        def act() -> str:
            mine, theirs = (db.session.get_one(Membership, pair) for pair in pairs)
            remove(theirs, mine)
            return "removed"

        return act

    results = crowd.at_once(
        app, [remove_other(cast.ada, cast.rae), remove_other(cast.rae, cast.ada)]
    )
    # Who comes late is no member any more, or does not even find who they were.
    late = [result for result in results if result != "removed"]
    assert [type(result) in (Forbidden, NoResultFound) for result in late] == [True]
    owners = sa.select(Membership).where(Membership.role == Role.OWNER)
    assert len(db.session.scalars(owners).all()) == 1


def test_two_owners_who_leave_at_once_leave_one(app: Flask, cast: Cast) -> None:
    factories.member(cast.gazette, cast.rae, Role.OWNER)

    def leave(user: User) -> Callable[[], str]:
        pair = (cast.gazette.id, user.id)

        def act() -> str:
            mine = db.session.get_one(Membership, pair)
            remove(mine, mine)
            return "left"

        return act

    results = crowd.at_once(app, [leave(cast.ada), leave(cast.rae)])
    assert sorted(map(type, results), key=str) == sorted([str, Conflict], key=str)


def test_who_is_removed_meanwhile_is_told_so(cast: Cast) -> None:
    mo, ada = own(cast.gazette, cast.mo), own(cast.gazette, cast.ada)
    remove(mo, ada)
    with pytest.raises(NotFound):
        give(mo, Role.STAFF, ada)


# Keys, and who may do what


def test_a_key_opens_its_site_until_it_is_revoked(cast: Cast) -> None:
    token = transaction(lambda: keys.make(cast.gazette, "cms", cast.ada, clock.now()))
    (row,) = db.session.scalars(keys.of(cast.gazette))
    assert token != row.token_hash
    assert keys.find(token) == row
    with pytest.raises(NotFound):
        keys.the_key(cast.notes, row.id)
    transaction(lambda: keys.revoke(row, cast.ada, clock.now()))
    assert keys.find(token) is None
    assert [act for act, _ in acts()] == ["site-key", "site-key-revoked"]


def test_strangers_learn_nothing_and_members_are_told_no(cast: Cast) -> None:
    assert access.the_membership("gazette", cast.mo).role is Role.MODERATOR
    with pytest.raises(Forbidden):
        access.the_membership("gazette", cast.mo, ADMINS)
    for key in ("gazette", "nosuch", "\x00", "G" * 99):
        with pytest.raises(NotFound):
            access.the_membership(key, cast.sam)


def test_questions_of_role(cast: Cast) -> None:
    assert access.may_moderate(cast.gazette, cast.mo)
    assert not access.may_moderate(cast.notes, cast.mo)
    assert not access.may_moderate(cast.gazette, None)
    mine = db.session.scalars(access.sites_of(cast.mo, MODERATORS)).all()
    assert mine == [cast.gazette.id]


def test_who_left_becomes_no_member(cast: Cast) -> None:
    transaction(lambda: closing.close(cast.rae, erase=False, now=clock.now()))
    with pytest.raises(NotFound):
        transaction(lambda: members.add(cast.gazette, cast.rae, Role.STAFF, None, clock.now()))


def test_who_lost_the_role_meanwhile_changes_nothing(cast: Cast) -> None:
    form = edited(cast.gazette, name="Mine")
    remove(own(cast.gazette, cast.mo), None)
    with pytest.raises(Forbidden):
        change(cast.gazette, form, cast.mo)


def test_posts_go_on_while_settings_change(cast: Cast) -> None:
    """A post refers to the site; it and a change of the site don't wait for each other."""
    form = edited(cast.gazette, name="New")
    member = own(cast.gazette, cast.mo)

    def act() -> None:
        if db.engine.dialect.name == "postgresql":
            db.session.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
        managing.change(cast.gazette, form, cast.ada, clock.now())
        members.change_role(member, Role.STAFF, None, clock.now())

    refers = sa.select(Site.id).where(Site.id == cast.gazette.id)
    with db.engine.connect() as other:
        other.execute(refers.with_for_update(read=True, key_share=True))
        transaction(act)
    assert cast.gazette.name == "New"

"""Who leaves and lets what they wrote go is nowhere any more, and everybody else still reads."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import brotli
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock, events
from comments.accounts import closing, copies, guests, letters, links, registration
from comments.accounts.factors.models import App, RecoveryCode
from comments.accounts.models import User
from comments.db import db, transaction
from comments.notifications import choosing
from comments.notifications.feed import keys
from comments.outbox import Outgoing
from comments.sites import sanctions
from comments.sites.models import Measure, Participant
from comments.threads import seeing
from comments.threads.models import Article, Comment, Decision, Revision, Status
from tests import factories, forms, mailbox, recount
from tests.conftest import NOW, PUBLISHER, Cast
from tests.mailbox import Mailbox
from tests.moderation import acts

As = Callable[[User | None], FlaskClient]
# Every word of hers, and about her, has one of these in it.
WORDS = ("quillfeather", "zebulon")
EMAIL = "quillfeather@zebulon.example"
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}
HERE = "site=gazette&article=tides"
PUBLIC = (
    f"/embed/thread?{HERE}",
    f"/embed/thread?{HERE}&sort=oldest&include=1&locale=de",
    f"/embed/thread?{HERE}&comment={{root}}",
    f"/api/v1/comments?{HERE}",
    f"/api/v1/counts?{HERE}",
    "/api/v1/articles?site=gazette",
    "/embed/articles?site=gazette",
    f"/feeds/atom?{HERE}",
    "/feeds/rss?site=gazette",
    f"/thread?{HERE}",
    f"/thread?{HERE}&comment={{root}}",
)
# Of each list of the desk, and whatever of hers has a page of its own.
DESK = (
    "/sites/gazette/moderation",
    "/sites/gazette/moderation?view=reported",
    "/sites/gazette/moderation?view=all",
    "/sites/gazette/moderation?view=all&author={person}",
    "/moderation/comments/{root}",
    "/moderation/comments/{waiting}",
    "/moderation/comments/{rejected}",
    "/moderation/comments/{reported}",
    "/sites/gazette/sanctions",
)
# What others see of her who are signed in, each their own.
SEEN = {
    "mo": (*DESK, "/notifications"),
    "ada": (*DESK, "/sites/gazette/members"),
    "sam": ("/notifications", "/sites/field-notes/moderation?view=all"),
}
# Feeds and the widget's list are sam's too, who was answered.
REPLIES = ("/feeds/replies/{feed}/atom", "/feeds/replies/{feed}/rss")


@dataclass(frozen=True)
class World:
    cast: Cast
    person: User
    ids: dict[str, int | str]


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box


@pytest.fixture
def world(app: Flask, cast: Cast, frozen: object, box: Mailbox) -> World:
    """A reader who did everything, and of whom others spoke."""
    person = factories.user("Quillfeather Zebulon")
    transaction(lambda: registration.confirm_email(person, EMAIL, clock.now()))
    for user in (cast.sam, cast.ada):
        address = f"{user.name}@example.com"
        transaction(lambda u=user, a=address: registration.confirm_email(u, a, clock.now()))
    tides = factories.article(cast.gazette, "tides", title="Tides")
    root = factories.comment(tides, person, "Quillfeather was here.", at=NOW - timedelta(minutes=9))
    factories.edit(root, "Quillfeather was here, and edited.")
    reply = factories.comment(tides, cast.sam, "A reply that stays.", parent=root)
    factories.comment(tides, person, "Zebulon answers.", parent=reply)
    waiting = factories.comment(tides, person, "Zebulon waits.", to=Status.PENDING)
    rejected = factories.comment(tides, person, "Zebulon shouts.", to=Status.PENDING)
    acts.decide(rejected, "reject", cast.mo, note="Dear Quillfeather, do not shout.")
    factories.comment(factories.article(cast.notes, "moon"), person, "Quillfeather elsewhere.")
    factories.vote(reply, 1, person)
    acts.report(reply, person, text="This is about me, Zebulon.")
    acts.report(root, cast.sam, text="Quillfeather is rude.")
    terms = (Measure.SUSPEND, clock.now() + timedelta(days=7), "Quillfeather, calm down.")
    transaction(lambda: sanctions.impose(cast.gazette, person, terms, cast.mo, clock.now()))
    for user in (person, cast.mo):
        transaction(lambda u=user: choosing.follow(tides, u, clock.now()))
    factories.bearer(person, cast.gazette)
    factories.invite(cast.gazette, email=EMAIL)
    tell(app)  # so that letters about her, and to her, are on their way
    for login in (EMAIL.upper(), "QUILLFEATHER ZEBULON", "sam@example.com"):
        transaction(lambda it=login: letters.ask_for_link(it, "192.0.2.1", clock.now()))
    ids = {
        "person": person.id,
        "root": root.id,
        "waiting": waiting.id,
        "rejected": rejected.id,
        "reported": reply.id,
        "feed": transaction(lambda: keys.make(cast.sam, clock.now())),
    }
    return World(cast, person, ids)


@pytest.fixture
def guest(cast: Cast, frozen: object) -> World:
    """A guest who wrote, was answered and is written to."""

    def come() -> User:
        made = guests.make(cast.gazette.id, "Quillfeather Zebulon", EMAIL, clock.now())
        letters.ask_to_confirm(made, clock.now())
        return made

    person = transaction(come)
    tides = factories.article(cast.gazette, "tides", title="Tides")
    root = factories.comment(tides, person, "Quillfeather, a guest.")
    reply = factories.comment(tides, cast.sam, "A reply that stays.", parent=root)
    waiting = factories.comment(tides, person, "Zebulon waits.", to=Status.PENDING)
    acts.report(root, cast.sam, text="Quillfeather is rude.")
    ids = {"person": person.id, "root": root.id, "waiting": waiting.id, "rejected": waiting.id}
    return World(cast, person, {**ids, "reported": reply.id})


def tell(app: Flask) -> None:
    """Let a worker tell of what happened."""
    with app.app_context():
        events.tell(lambda: False)


def erase(world: World, as_: As) -> None:
    answer = as_(world.person).post("/account/delete", data={"texts": "erase"})
    assert answer.status_code == 303
    db.session.expire_all()


def found_in(text: str) -> list[str]:
    return [word for word in WORDS if word in text.lower()]


def kept() -> list[tuple[str, str]]:
    """Where in the database a word of hers is: table and column."""
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).mappings():
            found += [(table.name, str(k)) for k, v in row.items() if found_in(str(v))]
    return sorted(set(found))


def naming(person_id: int) -> set[str]:
    """The tables with a row that refers to this person."""
    return {
        table.name
        for table in db.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "users"
        and db.session.scalar(sa.select(sa.exists().where(key.parent == person_id)))
    }


def public(client: FlaskClient, world: World) -> dict[tuple[str, str], str]:
    """Every public answer in every encoding, as it is unpacked."""
    answers = {}
    for path in PUBLIC:
        for encoding in UNPACK:
            headers = {"Accept-Encoding": encoding, "Origin": PUBLISHER}
            answer = client.get(path.format(**world.ids), headers=headers)
            assert answer.status_code == 200, path
            how = answer.headers.get("Content-Encoding", "identity")
            answers[path, encoding] = UNPACK[how](answer.data).decode()
    return answers


def seen(client: FlaskClient, world: World, as_: As) -> dict[tuple[str, str], str]:
    """What others see who are known here, by whom and where."""
    answers = {}
    for name, paths in SEEN.items():
        browser = as_(getattr(world.cast, name))
        for path in paths:
            answers[name, path] = browser.get(path.format(**world.ids))
    for path in REPLIES:
        answers["sam", path] = client.get(path.format(**world.ids))
    bearer = {"Authorization": f"Bearer {factories.bearer(world.cast.sam, world.cast.gazette)}"}
    here = {"site": "gazette", "article": "tides"}
    answers["sam", "/embed/heard"] = client.post("/embed/heard", json=here, headers=bearer)
    queue = "/api/v1/moderation/queue?site=gazette&view=all"
    bearer = {"Authorization": f"Bearer {factories.api_token(world.cast.mo)}"}
    answers["mo", queue] = client.get(queue, headers=bearer)
    assert {answer.status_code for answer in answers.values()} == {200}
    return {place: answer.text for place, answer in answers.items()}


def test_there_was_something_to_erase(world: World, client: FlaskClient, as_: As) -> None:
    """Or what follows would prove nothing."""
    assert {table for table, _column in kept()} >= {
        "revisions",
        "decisions",
        "invitations",
        "outbox",
        "reports",
        "sanctions",
        "users",
    }
    lists = ("/api/v1/counts", "/api/v1/articles", "/embed/articles")
    for (path, _encoding), text in public(client, world).items():
        assert path.startswith(lists) or found_in(text), path
    shown = seen(client, world, as_)
    assert [place for place, text in shown.items() if not found_in(text)] == []


def test_nothing_is_left_in_the_database(world: World, as_: As) -> None:
    """But the key of the name, for a year, so that nobody else appears under it."""
    key = world.person.name_key
    assert key is not None
    erase(world, as_)
    assert kept() == []
    assert [row.name_key for row in db.session.scalars(sa.select(User)) if row.name == ""] == [key]


def test_only_records_that_others_need_keep_an_id(world: World) -> None:
    """A new table that refers to people joins the few here, or is emptied when they go."""
    id, now = world.person.id, clock.now()

    def act() -> None:
        db.session.add(App(user_id=id, sealed="x", last_step=0, created_at=now))
        db.session.add(RecoveryCode(user_id=id, code_hash="x" * 64))
        seeing.mark(db.session.scalars(sa.select(Article)).first(), 10**9, world.person, now)
        links.make(world.person, now)

    transaction(act)
    before = naming(id)
    transaction(lambda: closing.close(world.person, erase=True, now=now))
    assert naming(id) == {"comments", "decisions", "participants", "reports", "sanctions", "votes"}
    assert before - naming(id) >= {"authenticator_apps", "marks", "recovery_codes", "sessions"}


def test_who_goes_without_erasing_leaves_words_and_no_name(world: World) -> None:
    transaction(lambda: closing.close(world.person, erase=False, now=clock.now()))
    left = {table for table, _column in kept()}
    assert left <= {"revisions", "decisions", "reports", "sanctions", "users"}
    assert EMAIL not in str(db.session.execute(sa.select(User.__table__)).all())


def test_nobody_reads_it_any_more(world: World, client: FlaskClient, as_: As) -> None:
    """Also who had an answer that was kept in memory, in any encoding."""
    before = public(client, world)
    erase(world, as_)
    after = public(client, world)
    assert {place: found_in(text) for place, text in after.items() if found_in(text)} == {}
    for place, text in after.items():
        assert text != before[place] or place[0].startswith("/embed/articles")
    for path in PUBLIC[:4]:
        assert "A reply that stays." in after[path, "br"]
    assert '"tides":1}' in after[f"/api/v1/counts?{HERE}", "identity"]
    assert recount.differences() == []


def test_a_guest_is_nowhere_any_more_by_their_private_link(
    app: Flask, guest: World, client: FlaskClient, as_: As, box: Mailbox
) -> None:
    """However long ago they opened it; letters to them included."""
    lists = ("/api/v1/counts", "/api/v1/articles", "/embed/articles")
    before = {path for (path, _how), text in public(client, guest).items() if found_in(text)}
    assert before == {path for path in PUBLIC if not path.startswith(lists)}
    browser = app.test_client()
    token = transaction(lambda: guests.mailed_link(guest.person, EMAIL, clock.now()))
    forms.send(browser, f"/guest/{token}")
    clock.freeze(NOW + timedelta(hours=2))
    assert forms.send(browser, "/account/delete", texts="erase").status_code == 303
    db.session.expire_all()
    assert kept() == []
    after = public(client, guest)
    assert {place: text for place, text in after.items() if found_in(text)} == {}
    assert "A reply that stays." in after[PUBLIC[0], "br"]
    mo = as_(guest.cast.mo)
    assert [path for path in DESK if found_in(mo.get(path.format(**guest.ids)).text)] == []
    tell(app)
    box.drain()
    assert box.letters == []


def test_nobody_who_is_known_here_reads_it(world: World, client: FlaskClient, as_: As) -> None:
    erase(world, as_)
    shown = seen(client, world, as_)
    assert {place: found_in(text) for place, text in shown.items() if found_in(text)} == {}


def test_no_letter_tells_of_it(app: Flask, world: World, as_: As, box: Mailbox) -> None:
    erase(world, as_)
    box.drain()
    assert [letter["To"] for letter in box.letters] == ["sam@example.com"]
    for letter in box.letters:
        assert found_in(letter.as_string()) == []
    tell(app)
    box.drain()
    assert found_in("".join(letter.as_string() for letter in box.letters)) == []
    assert not db.session.scalars(sa.select(Outgoing.id)).all()


def test_other_peoples_copies_hold_nothing_of_it(world: World, as_: As) -> None:
    erase(world, as_)
    for user in (world.cast.sam, world.cast.mo, world.cast.ada):
        assert found_in(str(copies.of(user, clock.now()))) == []


def test_a_page_that_is_open_is_told(world: World, as_: As) -> None:
    """By its stream, which holds a version and no text."""
    versions = sa.text("SELECT version FROM articles WHERE key = 'tides'")
    before = db.session.scalar(versions)
    erase(world, as_)
    assert db.session.scalar(versions) > before


def test_records_keep_ids_alone(world: World, as_: As) -> None:
    ids = db.session.scalars(
        sa.select(Comment.id).where(Comment.author_id == world.person.id)
    ).all()
    before = len(db.session.scalars(sa.select(Decision)).all())
    erase(world, as_)
    decisions = db.session.scalars(sa.select(Decision)).all()
    assert len(decisions) == before + 4  # three that were published and one that waited
    texts = db.session.scalars(sa.select(Revision).where(Revision.comment_id.in_(ids))).all()
    assert {(row.source, row.html, str(row.facts), str(row.findings)) for row in texts} == {
        ("", "", "{}", "[]")
    }
    record = db.session.get_one(Participant, (world.cast.gazette.id, world.person.id))
    assert (record.published, record.rejected) == (0, 1)

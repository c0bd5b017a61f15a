"""Who reads along is told of what changes: once, in order, and without holding up anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from comments import clock
from comments.changes import Changes
from comments.db import db
from comments.threads import editions
from comments.threads.editions import NONE_YET, Edition, Place
from comments.threads.models import Article, State, Status
from comments.widget.live import BACKLOG, PING, ROOM_EACH, Full, Hub, Stream
from tests import factories, servers
from tests.conftest import NOW, PUBLISHER, Cast, Statements
from tests.streams import Told, told

TIDES, MOON = Place(1, "tides"), Place(1, "moon")


class World:
    """What the articles are like, and how often somebody looked."""

    def __init__(self) -> None:
        self.now: dict[Place, Edition] = {}
        self.looks: list[set[Place]] = []

    def look(self, known: Mapping[Place, Edition]) -> Mapping[Place, Edition]:
        self.looks.append(set(known))
        return {place: self.now.get(place, NONE_YET) for place in known}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def lone() -> Hub:
    """A hub at which nobody looks by himself, and whose streams ping at once."""
    hub = Hub(lambda: None, ping_seconds=0)
    hub.room = 3
    return hub


def unread(stream: Stream) -> list[Told]:
    return list(told(iter(lambda: next(stream), PING)))


def join(hub: Hub, *places: Place, address: str | None = None) -> Stream:
    stream = hub.join(dict.fromkeys(places, NONE_YET), address)
    unread(stream)
    return stream


def test_a_stream_begins_with_how_things_are(lone: Hub) -> None:
    stream = lone.join({TIDES: Edition(7, 3, True), MOON: NONE_YET}, None)
    assert next(stream).startswith(b"retry: ")
    other = lone.join({TIDES: Edition(7, 3, True)}, None)
    assert unread(other) == [Told("tides", 3, True)]


def test_each_change_is_told_once_to_whom_it_concerns(lone: Hub, world: World) -> None:
    both, moon = join(lone, TIDES, MOON), join(lone, MOON)
    world.now[TIDES] = Edition(7, 1, True)
    lone.look(world.look)
    lone.look(world.look)
    assert unread(both) == [Told("tides", 1, True)]
    assert unread(moon) == []
    world.now[TIDES] = Edition(7, 1, False)
    world.now[MOON] = Edition(8, 2, True)
    lone.look(world.look)
    assert set(unread(both)) == {Told("tides", 1, False), Told("moon", 2, True)}
    assert unread(moon) == [Told("moon", 2, True)]


def test_who_comes_later_begins_where_the_others_are(lone: Hub, world: World) -> None:
    join(lone, TIDES)
    world.now[TIDES] = Edition(7, 5, True)
    lone.look(world.look)
    late = lone.join({TIDES: Edition(7, 4, True)}, None)
    assert unread(late) == [Told("tides", 5, True)]


def test_nobody_looks_for_nobody(lone: Hub, world: World) -> None:
    lone.look(world.look)
    streams = [join(lone, TIDES), join(lone, TIDES, MOON)]
    lone.look(world.look)
    for stream in streams:
        stream.close()
        stream.close()
    lone.look(world.look)
    assert world.looks == [{TIDES, MOON}]
    assert len(lone) == 0


def test_only_what_somebody_waits_for_wakes(lone: Hub) -> None:
    lone.heard(Changes(everything=True))
    assert lone.woken.is_set()
    lone.join({TIDES: Edition(7, 3, True)}, None)
    lone.woken.clear()
    lone.heard(Changes({8, 9}))
    assert not lone.woken.is_set()
    lone.heard(Changes({7}))
    assert lone.woken.is_set()
    lone.join({MOON: NONE_YET}, None)
    lone.woken.clear()
    lone.heard(Changes({8}))  # may be the first post on the moon
    assert lone.woken.is_set()


def test_a_stream_more_than_there_is_room_for_is_refused(lone: Hub) -> None:
    first, _, _ = [join(lone, TIDES) for _ in range(3)]
    with pytest.raises(Full):
        join(lone, TIDES)
    first.close()
    join(lone, TIDES)
    assert (len(lone), lone.refused) == (3, 1)


def test_one_address_can_not_take_all_the_room(lone: Hub) -> None:
    lone.room = 2 * ROOM_EACH
    mine = [join(lone, TIDES, address="192.0.2.1") for _ in range(ROOM_EACH)]
    with pytest.raises(Full):
        join(lone, TIDES, address="192.0.2.1")
    join(lone, TIDES, address="192.0.2.2")
    mine[0].close()
    join(lone, TIDES, address="192.0.2.1")


def test_who_does_not_read_is_cut_off_and_others_are_not(lone: Hub, world: World) -> None:
    slow, quick = join(lone, TIDES), join(lone, TIDES)
    for version in range(1, BACKLOG + 3):
        world.now[TIDES] = Edition(7, version, True)
        lone.look(world.look)
        assert unread(quick) == [Told("tides", version, True)]
    assert list(slow) == []
    assert len(lone) == 1


def test_a_hub_that_ends_ends_its_streams(lone: Hub) -> None:
    stream = lone.join({TIDES: NONE_YET}, None)
    lone.end()
    assert list(stream) == []
    with pytest.raises(Full):
        join(lone, TIDES)


# The view, and who looks.


def listen(
    client: FlaskClient, *articles: str, origin: str = PUBLISHER, **more: str
) -> TestResponse:
    query = {"site": "gazette", "article": articles, **more}
    return client.get("/embed/events", query_string=query, headers={"Origin": origin})


def events(response: TestResponse) -> Iterator[Told]:
    """Each event as it comes."""
    for part in response.response:
        assert isinstance(part, bytes)
        yield from told([part])


def test_the_answer_is_open_to_the_pages_of_the_site_and_kept_by_nobody(
    client: FlaskClient, cast: Cast, hub: Hub
) -> None:
    factories.article(cast.gazette, "tides")
    response = listen(client, "tides", "moon", locale="de")
    assert response.status_code == 200
    assert response.mimetype == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert "Set-Cookie" not in response.headers
    first = events(response)
    assert {next(first), next(first)} == {Told("tides", 1, True), Told("moon", 0, True)}
    response.close()
    assert len(hub) == 0
    for stranger in ("https://notes.example", "null"):
        other = listen(client, "tides", origin=stranger)
        assert "Access-Control-Allow-Origin" not in other.headers


def test_an_article_of_another_site_is_another(client: FlaskClient, cast: Cast, hub: Hub) -> None:
    theirs = factories.article(cast.notes, "tides")
    heard = events(listen(client, "tides"))
    assert next(heard) == Told("tides", 0, True)
    factories.comment(theirs, cast.rae)
    factories.article(cast.gazette, "tides", state=State.CLOSED)
    assert next(heard) == Told("tides", 1, False)


def test_what_can_not_be_asked_is_refused(client: FlaskClient, cast: Cast, hub: Hub) -> None:
    assert listen(client).status_code == 422
    assert listen(client, *map(str, range(21))).status_code == 422
    assert listen(client, "tides", "moon", url="https://gazette.example/t").status_code == 422
    assert client.get("/embed/events?site=nowhere&article=a").status_code == 404
    assert client.head("/embed/events?site=gazette&article=a").status_code == 200
    assert len(hub) == 0


def test_without_room_the_page_is_told_when_to_come_again(
    client: FlaskClient, cast: Cast, hub: Hub
) -> None:
    hub.room = 1
    listen(client, "tides")
    refused = listen(client, "tides")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "120"
    assert refused.headers["Access-Control-Allow-Origin"] == PUBLISHER


def test_the_first_post_edits_and_removals_arrive(
    client: FlaskClient, cast: Cast, hub: Hub
) -> None:
    heard = events(listen(client, "tides"))
    assert next(heard) == Told("tides", 0, True)
    article = factories.article(cast.gazette, "tides")
    assert next(heard) == Told("tides", 1, True)
    comment = factories.comment(article, cast.rae)
    assert next(heard) == Told("tides", 2, True)
    factories.edit(comment, "Other words.")
    assert next(heard) == Told("tides", 3, True)
    factories.restate(comment, Status.REJECTED)
    assert next(heard) == Told("tides", 4, True)
    factories.set_state(article, State.CLOSED, cast.ada)
    assert next(heard) == Told("tides", 5, False)


def test_what_time_alone_changes_arrives(
    client: FlaskClient, cast: Cast, hub: Hub, frozen: object
) -> None:
    soon, later = NOW + timedelta(seconds=5), NOW + timedelta(hours=1)
    factories.article(cast.gazette, "tides", recount_at=soon, closes_at=later)
    heard = events(listen(client, "tides"))
    assert next(heard) == Told("tides", 1, True)
    clock.freeze(soon)
    assert next(heard) == Told("tides", 2, True)
    clock.freeze(later)
    assert next(heard) == Told("tides", 2, False)


def test_an_article_is_found_by_its_address(client: FlaskClient, cast: Cast, hub: Hub) -> None:
    address = "https://gazette.example/tides"
    article = factories.article(cast.gazette, "41")
    factories.alias(article, address)
    assert next(events(listen(client, "new-id", url=address))) == Told("new-id", 1, True)


def test_streams_hold_no_connection(app: Flask, client: FlaskClient, cast: Cast, hub: Hub) -> None:
    article = factories.article(cast.gazette, "tides")
    hub.room = 40  # and the pool has 15 on one engine, 30 on the other
    heard = [events(listen(client, "tides")) for _ in range(hub.room)]
    assert {next(each) for each in heard} == {Told("tides", 1, True)}
    db.session.rollback()
    servers.wait_for(lambda: db.engine.pool.checkedout() == 0)  # type: ignore[attr-defined]
    factories.comment(article, cast.rae)
    assert {next(each) for each in heard} == {Told("tides", 2, True)}


# What is looked up.


def test_many_places_are_one_query(app: Flask, cast: Cast, statements: Statements) -> None:
    articles = [factories.article(cast.gazette, f"a{number}") for number in range(30)]
    factories.alias(articles[0], "https://gazette.example/a0")
    gazette, notes = cast.gazette.id, cast.notes.id
    known = {Place(gazette, a.key): Edition(a.id, 1, True) for a in articles}
    new = [
        Place(gazette, "other", ("https://gazette.example/a0",)),
        Place(gazette, "unknown", ("https://gazette.example/unknown",)),
        Place(notes, "a1"),
        Place(notes, "other", ("https://gazette.example/a0",)),
    ]
    statements.clear()
    found = editions.current(known | dict.fromkeys(new, NONE_YET), clock.now())
    assert len(statements) == 1
    assert [found[place] for place in known] == list(known.values())
    alias = Edition(articles[0].id, 1, True)
    assert [found[place] for place in new] == [alias, NONE_YET, NONE_YET, NONE_YET]


def test_more_places_than_a_query_takes(app: Flask, cast: Cast) -> None:
    article = factories.article(cast.gazette, "last")
    many = [Place(cast.gazette.id, f"a{n}", (f"https://a.example/{n}",)) for n in range(2500)]
    last = Place(cast.gazette.id, "last")
    found = editions.current(dict.fromkeys([*many, last], NONE_YET), clock.now())
    assert len(found) == 2501
    assert found[last] == Edition(article.id, 1, True)


def test_a_hidden_article_takes_nothing(app: Flask, cast: Cast) -> None:
    article = factories.article(cast.gazette, "tides", state=State.HIDDEN)
    place = Place(cast.gazette.id, "tides")
    found = editions.current({place: NONE_YET}, clock.now())
    assert found == {place: Edition(article.id, 1, False)}


def test_the_fragment_says_which_edition_it_is(
    client: FlaskClient, cast: Cast, frozen: object
) -> None:
    article = factories.article(cast.gazette, "tides", recount_at=NOW)

    def shown(key: str) -> str:
        return client.get(f"/embed/thread?site=gazette&article={key}").text

    assert 'data-open="1" data-version="2"' in shown("tides")
    assert 'data-open="1" data-version="0"' in shown("unknown")
    factories.set_state(db.session.get_one(Article, article.id), State.HIDDEN, cast.ada)
    assert 'data-open="0" data-version="3"' in shown("tides")


def test_looking_reads_indexes_only(app: Flask, cast: Cast) -> None:
    article = factories.article(cast.gazette, "tides")
    here = cast.gazette.id
    places = {
        Place(here, "tides"): Edition(article.id, 1, True),
        Place(here, "new", ("https://gazette.example/new",)): NONE_YET,
    }
    plans = factories.plans_of(lambda: editions.current(places, clock.now()))
    assert not [line for line in plans if "SCAN articles" in line or "SCAN aliases" in line]
    assert not [line for line in plans if "Seq Scan" in line]

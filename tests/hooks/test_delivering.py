"""What happens is told to receivers: signed, once, in order, whatever they answer."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from comments import clock, outbox, outward
from comments.db import db, transaction
from comments.hooks import configuring, delivering, queueing, sweeping
from comments.hooks.models import Delivery, Hook, State
from comments.outbox import Outgoing, Receiver
from comments.rounds import Hands
from comments.threads.models import Article
from comments.working import Chore, Crew
from tests import corpora, crowd, factories, secure_server
from tests.api.conftest import later
from tests.conftest import Cast
from tests.hooks import receiving
from tests.hooks.receiving import deliver, deliveries, send, sweep, tell, told, waiting
from tests.moderation import acts
from tests.secure_server import Server


def types(server: Server) -> list[str]:
    return [each.body["type"] for each in told(server)]


def state() -> list[tuple[str, int | None, str | None]]:
    return [(row.state.value, row.status, row.failure) for row in deliveries()]


def test_a_post_is_told_and_signed(cast: Cast, floods: Article, server: Server) -> None:
    _hook, secret = receiving.hook(cast.gazette, server.url, "published")
    comment = factories.comment(floods, cast.rae, "The *bridge* holds.")
    deliver()
    (one,) = told(server)
    assert server.asked[0].startswith(b"POST /keys.json?of=readers HTTP/1.1\r\n")
    assert one.headers["content-type"] == "application/json"
    assert one.headers["webhook-id"] == one.body["id"]
    assert one.headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    assert one.headers["webhook-signature"] == receiving.signatures(secret, one)
    data = one.body["data"]
    assert (one.body["type"], data["site"]) == ("comment.published", "gazette")
    assert data["comment"]["author"] == {"id": str(cast.rae.id), "name": "rae"}
    assert data["comment"]["url"] == f"http://127.0.0.1:8000/comments/{comment.id}"
    assert data["comment"]["text"] == "The bridge holds."
    assert "<em>bridge</em>" in data["comment"]["html"]
    assert data["comment"]["article"]["id"] == "floods"
    assert (state(), waiting()) == ([("delivered", 200, None)], [])
    deliver()
    assert len(server.asked) == 1


def test_each_hears_what_it_chose_of_its_own_site(
    cast: Cast, floods: Article, server: Server
) -> None:
    receiving.hook(cast.gazette, server.url, "rejected", "reported")
    receiving.hook(cast.notes, server.url)
    comment = factories.comment(floods, cast.rae)
    acts.report(comment, cast.sam)
    acts.decide(comment, "reject", cast.mo)
    deliver()
    assert types(server) == ["comment.reported", "comment.rejected"]


def test_every_change_is_told_in_its_order(cast: Cast, floods: Article, server: Server) -> None:
    receiving.hook(cast.gazette, server.url)
    comment = factories.comment(floods, cast.rae, "First.")
    factories.edit(comment, "Second.")
    acts.report(comment, cast.sam, "hate", "They mean me.")
    acts.decide(comment, "reject", cast.mo)
    deliver()
    assert types(server) == [
        "comment.published", "comment.decided", "comment.decided", "comment.reported",
        "comment.rejected", "comment.decided",
    ]  # fmt: skip
    assert len({each.body["id"] for each in told(server)}) == 6
    last = told(server)[-1].body["data"]["decision"]
    assert (last["act"], last["from"], last["to"]) == ("reject", "published", "rejected")
    assert (last["reason"], last["by"]) == ("spam", {"id": str(cast.mo.id)})
    assert "They mean me." not in str(server.asked)


def test_nothing_is_sent_that_nobody_may_read_by_then(
    cast: Cast, floods: Article, server: Server
) -> None:
    receiving.hook(cast.gazette, server.url)
    comment = factories.comment(floods, cast.rae, "My secret.")
    factories.comment(floods, cast.rae, "My other secret.", to=comment.status.REJECTED)
    acts.decide(comment, "reject", cast.mo)
    deliver()
    assert types(server)[0] == "comment.published"
    assert told(server)[0].body["data"]["comment"]["status"] == "rejected"
    assert "secret" not in str(server.asked)


def test_an_account_that_goes_is_told_where_it_took_part(
    cast: Cast, floods: Article, server: Server
) -> None:
    receiving.hook(cast.gazette, server.url, "account_deleted", "published")
    receiving.hook(cast.notes, server.url, "account_deleted")
    factories.comment(floods, cast.rae, "My secret.")
    factories.close(cast.rae, erase=True)
    deliver()
    by_type = {each.body["type"]: each.body["data"] for each in told(server)}
    person = {"id": str(cast.rae.id), "subject": None}
    assert by_type["account.deleted"] == {"site": "gazette", "person": person, "texts": "erased"}
    assert by_type["comment.published"]["comment"]["author"]["name"] is None
    assert (len(server.asked), "secret" in str(server.asked)) == (2, False)


def test_a_later_event_waits_for_the_one_that_is_tried_again(
    cast: Cast, floods: Article, server: Server
) -> None:
    receiving.hook(cast.gazette, server.url, "published", "reported")
    comment = factories.comment(floods, cast.rae)
    server.says(b"no", "500 Oh")
    deliver()
    server.says(b"ok")
    acts.report(comment, cast.sam)
    other = factories.comment(floods, cast.sam)
    deliver()
    assert [each.body["data"]["comment"]["id"] for each in told(server)] == [
        str(comment.id),
        str(other.id),
    ]
    later(seconds=31)
    deliver()
    assert types(server) == ["comment.published"] * 3 + ["comment.reported"]
    first, _other, again, _report = told(server)
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]


@pytest.mark.parametrize(
    "status", ["301 Moved", "307 Temporary", "400 Bad", "401 No", "404 Not Found", "500 Oh"]
)
def test_any_other_answer_is_tried_again(
    cast: Cast, floods: Article, server: Server, status: str
) -> None:
    receiving.hook(cast.gazette, server.url, "published")
    server.says(b"words\x00\n of ours", status, f"Location: {server.url}")
    factories.comment(floods, cast.rae)
    deliver()
    (row,) = deliveries()
    assert (row.state, row.status, row.answer) == (
        State.RETRYING, int(status[:3]), "words   of ours",
    )  # fmt: skip
    assert (len(server.asked), len(waiting())) == (1, 1)


def test_a_receiver_that_is_gone_is_told_nothing_until_it_is_started(
    cast: Cast, floods: Article, server: Server
) -> None:
    hook, _secret = receiving.hook(cast.gazette, server.url, "published")
    server.says(b"", "410 Gone")
    for _ in range(2):
        factories.comment(floods, cast.rae)
    deliver()
    factories.comment(floods, cast.rae)
    deliver()
    assert state() == [("dead", 410, None), ("dead", None, "stopped")]
    assert (len(server.asked), waiting()) == (1, [])
    server.says(b"ok")
    transaction(lambda: configuring.start(hook, None, clock.now()))
    transaction(lambda: queueing.again(deliveries()[1], None, clock.now()))
    factories.comment(floods, cast.rae)
    deliver()
    assert state() == [("dead", 410, None), *[("delivered", 200, None)] * 2]


def lies_of_its_length(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")


def never_ends(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def talks_garbage(connection: ssl.SSLSocket) -> None:
    connection.sendall(b"hello\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lies_of_its_length, ("delivered", 200, None)),
        (never_ends, ("delivered", 200, None)),
        (talks_garbage, ("retrying", None, "silent")),
    ],
)
def test_who_lies_is_believed_the_status_and_nothing_more(
    cast: Cast, floods: Article, server: Server, answer: object, expected: object
) -> None:
    receiving.hook(cast.gazette, server.url, "published")
    server.answer = answer  # type: ignore[assignment]
    factories.comment(floods, cast.rae)
    deliver()
    assert state() == [expected]
    assert len(deliveries()[0].answer) <= 200


def test_who_stalls_is_cut_off(cast: Cast, floods: Article, server: Server) -> None:
    receiving.hook(cast.gazette, server.url, "published")
    is_over = threading.Event()
    server.answer = lambda _connection: is_over.wait(30) and None
    factories.comment(floods, cast.rae)
    deliver(secure_server.reach(seconds=0.3))
    is_over.set()
    assert state() == [("retrying", None, "slow")]


def test_one_that_is_down_rests_and_holds_up_no_other(
    cast: Cast, floods: Article, server: Server, frozen: datetime
) -> None:
    with secure_server.serving() as gone:
        down = gone.url
    receiving.hook(cast.gazette, down, "published")
    receiving.hook(cast.gazette, server.url, "published")
    for _ in range(20):
        factories.comment(floods, cast.rae)
    deliver()
    assert Counter(row.tries for row in deliveries() if row.failure) == {1: outbox.FAILURES}
    assert len(server.asked) == 20
    later(hours=49)
    while len(waiting()) > 1:
        deliver()
        transaction(lambda: db.session.execute(sa.delete(Receiver)) and None)
    deliver()
    assert Counter(row.state for row in deliveries()) == {State.DEAD: 20, State.DELIVERED: 20}


def test_what_goes_wrong_on_our_side_holds_up_no_other(
    cast: Cast, floods: Article, server: Server
) -> None:
    asked = []

    def fails_first(address: outward.Address) -> bool:
        asked.append(address)
        if len(asked) == 1:
            raise RuntimeError("can't start new thread")
        return address.is_loopback

    receiving.hook(cast.gazette, server.url, "published")
    receiving.hook(cast.gazette, server.url, "published")
    factories.comment(floods, cast.rae)
    deliver(replace(secure_server.reach(), allows=fails_first))
    assert state() == [("retrying", None, "unmade"), ("delivered", 200, None)]
    assert [row.tries for row in deliveries()] == [1, 1]


def test_what_nobody_could_be_told_for_two_days_is_given_up_unless_nobody_tried(
    cast: Cast, floods: Article, server: Server
) -> None:
    hook, _secret = receiving.hook(cast.gazette, server.url, "published")
    factories.comment(floods, cast.rae)
    tell()
    later(hours=49)
    sweep()
    assert len(waiting()) == 1
    rest(hook)
    sweep()
    assert (waiting(), state()) == ([], [("dead", None, "rested")])


def rest(hook: Hook) -> None:
    until = clock.now() + timedelta(minutes=10)
    row = Receiver(name=hook.receiver, failures=9, rests_until=until)
    transaction(lambda: db.session.add(row))


def test_what_is_done_with_is_kept_for_two_weeks_and_not_without_end(
    cast: Cast, floods: Article, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST", 3)
    receiving.hook(cast.gazette, server.url, "published")
    for _ in range(5):
        factories.comment(floods, cast.rae)
        deliver()
        later(seconds=1)
    newest = [row.id for row in deliveries()][2:]
    sweep()
    assert [row.id for row in deliveries()] == newest
    later(days=14)
    factories.comment(floods, cast.rae)
    tell()
    sweep()
    assert [row.state for row in deliveries()] == [State.WAITING]


def test_two_at_once_tell_each_event_once_and_in_order(
    app: Flask, cast: Cast, floods: Article, server: Server
) -> None:
    receiving.hook(cast.gazette, server.url, "published", "reported")
    for _ in range(10):
        acts.report(factories.comment(floods, cast.rae), cast.sam)
    tell()
    reach = secure_server.reach()
    assert crowd.at_once(app, [lambda: delivering.deliver(lambda: False, reach)] * 3) == []
    send(reach)
    by_comment: dict[str, list[str]] = {}
    for each in told(server):
        by_comment.setdefault(each.body["data"]["comment"]["id"], []).append(each.body["type"])
    assert list(by_comment.values()) == [["comment.published", "comment.reported"]] * 10


def test_slow_receivers_hold_up_no_quick_one(
    app: Flask, cast: Cast, floods: Article, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crew of `comments work`, with as many receivers as it has threads that say nothing until
    the other, which was quick before, was told."""
    is_over, all_told = threading.Event(), threading.Event()
    reach = secure_server.reach(seconds=30)

    def act(stop: object) -> None:
        delivering.deliver(stop, reach)  # type: ignore[arg-type]

    monkeypatch.setattr("comments.working.chores", {"hooks": Chore(act, 0.05, threads=3)})
    monkeypatch.setattr(delivering, "hands", Hands(3))
    receiving.hook(cast.gazette, server.url, "published")
    factories.comment(floods, cast.rae)
    deliver(reach)
    with secure_server.serving() as slow:
        slow.answer = lambda _connection: is_over.wait(30) and None
        server.answer = said_after(6, server, all_told)
        for _ in range(3):
            receiving.hook(cast.gazette, slow.url, "published")
        for _ in range(5):
            factories.comment(floods, cast.rae)
        tell()
        crew = Crew(app)
        crew.start()
        arrived = all_told.wait(20)
        crew.stop()
        is_over.set()
        crew.wait()
    assert arrived


def said_after(times: int, server: Server, event: threading.Event) -> object:
    def answer(connection: ssl.SSLSocket) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        if len(server.asked) >= times:
            event.set()

    return answer


@pytest.mark.shared
def test_nobody_inside_is_told(cast: Cast, floods: Article, frozen: datetime) -> None:
    """Whatever was stored, nothing inside is connected to."""
    hook, _secret = receiving.hook(cast.gazette, "https://localhost/", "published")
    for url in corpora.inside_addresses():
        given = url.replace("http:", "https:", 1)
        with pytest.raises(outward.Unreachable) as caught:
            outward.tell(given, outward.Question({}, b"{}"), outward.Reach(seconds=2))
        assert caught.value.code in {"address", "private", "name"}, given
    factories.comment(floods, cast.rae)
    tell()
    send(None)
    assert state() == [("retrying", None, "private")]
    assert hook.host == "localhost"


def test_sent_again_it_has_the_same_id(cast: Cast, floods: Article, server: Server) -> None:
    receiving.hook(cast.gazette, server.url, "published")
    factories.comment(floods, cast.rae)
    deliver()
    transaction(lambda: queueing.again(deliveries()[0], None, clock.now()))
    deliver()
    first, second = told(server)
    assert first.body == second.body
    assert len(deliveries()) == 1


def test_two_secrets_sign_until_the_older_is_retired(
    cast: Cast, floods: Article, server: Server
) -> None:
    hook, old = receiving.hook(cast.gazette, server.url, "published")
    fresh = transaction(lambda: configuring.make_secret(hook, None, clock.now()))
    factories.comment(floods, cast.rae)
    deliver()
    (one,) = told(server)
    both = {receiving.signatures(fresh, one), receiving.signatures(old, one)}
    assert set(one.headers["webhook-signature"].split(" ")) == both
    transaction(lambda: configuring.retire_secret(hook, None, clock.now()))
    factories.comment(floods, cast.rae)
    deliver()
    last = told(server)[-1]
    assert last.headers["webhook-signature"] == receiving.signatures(fresh, last)


def test_what_waits_for_one_that_is_removed_goes(
    cast: Cast, floods: Article, server: Server
) -> None:
    hook, _secret = receiving.hook(cast.gazette, server.url, "published")
    factories.comment(floods, cast.rae)
    tell()
    transaction(lambda: configuring.remove(hook, None, clock.now()))
    deliver()
    assert (server.asked, waiting(), deliveries()) == ([], [], [])


def test_a_site_without_receivers_costs_nothing_more(
    cast: Cast, floods: Article, frozen: datetime
) -> None:
    factories.comment(floods, cast.rae)
    tell()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Outgoing)) == 0

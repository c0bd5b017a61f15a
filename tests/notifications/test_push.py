"""Messages to a real push service: to whom, when, how many, who can read them, and its answers."""

from __future__ import annotations

import ssl
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey

from comments import clock, outbox, settings, vapid
from comments.accounts import closing, copies, registration
from comments.db import db, transaction
from comments.notifications import bundling, reading
from comments.notifications.models import Notification
from comments.notifications.push import browsers, delivering, messages
from comments.outbox import Receiver
from comments.sites import sanctions
from comments.sites.models import Measure
from comments.threads.models import Article, Comment, Status
from tests import crowd, factories, secure_server
from tests.conftest import Cast
from tests.moderation.acts import decide
from tests.notifications import pushing
from tests.notifications.acts import choose, follow, tell
from tests.notifications.pushing import Browser, announce, deliver, kept, pushed, send, waiting
from tests.secure_server import Server


@pytest.fixture
def root(cast: Cast, article: Article, server: Server) -> Comment:
    return factories.comment(article, cast.rae, "The tide turns at nine.")


@pytest.fixture
def browser(cast: Cast, root: Comment, server: Server) -> Browser:
    """One of rae's, who has no e-mail address."""
    made = pushing.browser(server)
    pushing.keep(made, cast.rae)
    return made


def later(**by: float) -> None:
    clock.freeze(clock.now() + timedelta(**by))


def failing() -> list[tuple[str | None, object]]:
    return [(row.failure, row.failing_since) for row in kept()]


def test_a_reply_is_pushed_and_read_by_the_browser_alone(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    reply = factories.comment(article, cast.sam, "At <b>ten</b>.", parent=root)
    deliver()
    (one,) = pushed(server)
    shown = browser.shows(one.body)
    assert shown == {
        "title": "sam answered you · Gazette",
        "body": "High water",
        "url": f"http://127.0.0.1:8000/comments/{reply.id}",
        "tag": one.headers["topic"],
        "lang": "en",
    }
    assert one.path == "/push/one"
    assert (one.headers["content-encoding"], one.headers["ttl"]) == ("aes128gcm", "86400")
    assert b"sam" not in server.asked[0]
    assert (waiting(), failing()) == ([], [(None, None)])
    later(hours=1)
    deliver()
    assert len(server.asked) == 1


def test_the_push_service_is_told_who_sends(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    factories.comment(article, cast.sam, parent=root)
    deliver()
    (one,) = pushed(server)
    scheme, _, rest = one.headers["authorization"].partition(" ")
    given = dict(part.split("=", 1) for part in rest.split(","))
    assert (scheme, given["k"]) == ("vapid", vapid.public_key(pushing.KEY))
    point = vapid.decoded(given["k"])
    x, y = vapid.encoded(point[1:33]), vapid.encoded(point[33:])
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    token = jwt.decode(given["t"], key, algorithms=["ES256"])
    until = int((clock.now() + timedelta(hours=12)).timestamp())
    aud = f"https://localhost:{server.port}"
    assert token.claims == {"aud": aud, "exp": until, "sub": pushing.CONTACT}


def test_what_happens_together_is_one_message(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    for _ in range(3):
        factories.comment(article, cast.sam, parent=root)
    deliver()
    factories.comment(article, cast.sam, parent=root)
    deliver()
    (one,) = pushed(server)
    shown = browser.shows(one.body)
    assert (shown["title"], shown["body"]) == ("3 notifications from Gazette", "sam answered you")
    assert shown["url"] == "http://127.0.0.1:8000/notifications"
    clock.freeze(clock.now() + bundling.BETWEEN)
    deliver()
    assert browser.shows(pushed(server)[1].body)["title"] == "sam answered you · Gazette"


def test_it_is_pushed_to_each_browser_in_the_language_that_was_chosen(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    other = pushing.browser(server, "other")
    pushing.keep(other, cast.rae)
    choose(cast.gazette, cast.rae, language="de")
    factories.comment(article, cast.sam, parent=root)
    deliver()
    found = {each.path: each.body for each in pushed(server)}
    for made in (browser, other):
        shown = made.shows(found[made.endpoint.partition(f":{server.port}")[2]])
        assert (shown["title"], shown["lang"]) == ("sam hat Ihnen geantwortet · Gazette", "de")


def test_everything_one_chose_to_hear_at_once_is_pushed(
    cast: Cast, article: Article, browser: Browser, server: Server
) -> None:
    follow(article, cast.rae)
    choose(cast.gazette, cast.rae, threads="at-once")
    waits = factories.comment(article, cast.rae, "Buy this.", to=Status.PENDING)
    titles = []
    for act in (
        lambda: factories.comment(article, cast.sam),
        lambda: factories.comment(article, cast.sam, "As @rae said."),
        lambda: decide(waits, "reject", cast.mo, note="We sell nothing."),
    ):
        act()
        deliver()
        titles.append(browser.shows(pushed(server)[-1].body)["title"])
        later(hours=1)
    assert titles == [
        "sam wrote in a conversation you follow · Gazette",
        "sam mentioned you · Gazette",
        "Your comment was not published · Gazette",
    ]
    assert browser.shows(pushed(server)[-1].body)["url"].endswith("/mine")


@pytest.mark.parametrize("when", ["hourly", "daily", "never"])
def test_what_one_wants_later_or_never_is_not_pushed(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server, when: str
) -> None:
    choose(cast.gazette, cast.rae, replies=when)
    factories.comment(article, cast.sam, parent=root)
    later(days=2)
    deliver()
    assert server.asked == []


@pytest.mark.parametrize("change", ["seen", "withdrawn", "banned", "later", "old", "removed"])
def test_what_nobody_wants_any_more_is_not_sent(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server, change: str
) -> None:
    reply = factories.comment(article, cast.sam, "Regretted.", parent=root)
    announce()
    assert len(waiting()) == 1
    ban, now = (Measure.BAN, None, "Threats."), clock.now()
    {
        "seen": lambda: transaction(lambda: reading.see_all(cast.rae, now, now)),
        "withdrawn": lambda: factories.restate(reply, Status.WITHDRAWN, by=cast.sam),
        "banned": lambda: transaction(
            lambda: sanctions.impose(cast.gazette, cast.rae, ban, cast.mo, now)
        ),
        "later": lambda: choose(cast.gazette, cast.rae, replies="daily"),
        "old": lambda: later(days=1),
        "removed": lambda: transaction(lambda: browsers.remove(kept()[0].id)),
    }[change]()
    send(secure_server.reach())
    assert (server.asked, waiting()) == ([], [])


@pytest.mark.parametrize("change", ["seen", "later"])
def test_of_what_nobody_wants_any_more_no_message_is_made(
    cast: Cast, article: Article, root: Comment, browser: Browser, change: str
) -> None:
    factories.comment(article, cast.sam, parent=root)
    tell()
    if change == "seen":
        transaction(lambda: reading.see_all(cast.rae, clock.now(), clock.now()))
    else:
        choose(cast.gazette, cast.rae, replies="daily")
    announce()
    assert waiting() == []


def test_many_workers_send_it_once(
    app: Flask, cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    factories.comment(article, cast.sam, parent=root)
    announce()
    crowd.at_once(app, [lambda: send(secure_server.reach())] * 4)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_browser_that_is_gone_is_forgotten(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server, status: str
) -> None:
    server.says(b"", status)
    factories.comment(article, cast.sam, parent=root)
    deliver()
    assert (len(server.asked), kept(), waiting()) == (1, [], [])
    later(hours=1)
    factories.comment(article, cast.sam, parent=root)
    deliver()
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Oops", "503 Later"])
def test_what_is_not_taken_now_is_tried_again_under_the_same_name(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server, status: str
) -> None:
    server.says(b"", status)
    factories.comment(article, cast.sam, parent=root)
    deliver()
    assert failing() == [(status[:3], clock.now())]
    send(secure_server.reach())
    assert len(server.asked) == 1
    later(minutes=1)
    server.says(b"", "201 Created")
    deliver()
    first, second = pushed(server)
    assert first.headers["topic"] == second.headers["topic"]
    assert browser.shows(first.body) == browser.shows(second.body)
    assert (failing(), waiting()) == ([(None, None)], [])


@pytest.mark.parametrize("status", ["302 Found", "400 Bad Request", "403 Forbidden", "413 Large"])
def test_what_is_refused_is_not_sent_again(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server, status: str
) -> None:
    server.says(b"", status, f"Location: https://localhost:{server.port}/elsewhere")
    factories.comment(article, cast.sam, parent=root)
    deliver()
    later(hours=1)
    deliver()
    assert (len(server.asked), waiting()) == (1, [])
    assert [words for words, _since in failing()] == [status[:3]]


def test_a_service_that_hangs_is_left_alone_and_keeps_nobody_else_waiting(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    def hang(connection: ssl.SSLSocket) -> None:
        connection.recv(1)  # until the other side has had enough

    server.answer = hang
    factories.comment(article, cast.sam, parent=root)
    announce()
    for _ in range(outbox.FAILURES):
        later(minutes=6)
        send(secure_server.reach(0.3))
    assert [words for words, _since in failing()] == ["slow"]
    resting = db.session.get_one(Receiver, f"push:localhost:{server.port}")
    assert resting.rests_until > clock.now()
    with secure_server.serving() as other:
        other.says(b"", "201 Created")
        pushing.keep(pushing.browser(other), cast.rae)
        factories.comment(article, cast.sam, parent=root)
        deliver(secure_server.reach(0.3))
        assert (len(other.asked), len(server.asked)) == (1, outbox.FAILURES)


def test_a_slow_service_holds_up_no_other(
    app: Flask, cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    """It says nothing until the other was told, and more is due to it than there are threads."""
    is_told = threading.Event()
    was_in_time: list[bool] = []
    server.answer = lambda _connection: was_in_time.append(is_told.wait(15))
    for number in range(8):
        pushing.keep(pushing.browser(server, f"more-{number}"), cast.rae)
    with secure_server.serving() as other:
        other.answer = lambda _connection: is_told.set()
        pushing.keep(pushing.browser(other), cast.rae)
        factories.comment(article, cast.sam, parent=root)
        announce()
        reach = secure_server.reach(seconds=20)
        assert crowd.at_once(app, [lambda: send(reach)] * delivering.THREADS) == []
    assert was_in_time[0]


def test_no_push_service_is_on_a_private_address(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    factories.comment(article, cast.sam, parent=root)
    announce()
    send()
    assert server.asked == []
    assert [words for words, _since in failing()] == ["private"]


def test_where_nothing_arrives_for_long_nobody_hears_any_more(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    server.says(b"", "403 Forbidden")
    for number in range(3):
        factories.comment(article, cast.sam, f"Number {number}.", parent=root)
        deliver()
        later(days=browsers.PATIENCE.days / 2, minutes=1)
    assert kept() == []


def test_whoever_leaves_is_told_nothing_any_more(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    factories.comment(article, cast.sam, parent=root)
    announce()
    assert browser.endpoint in str(copies.of(cast.rae, clock.now())["browsers"])
    transaction(lambda: closing.close(cast.rae, erase=True, now=clock.now()))
    deliver()
    assert (server.asked, kept(), waiting()) == ([], [], [])


def test_it_ends_with_the_session(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    factories.comment(article, cast.sam, parent=root)
    announce()
    factories.end_sessions(cast.rae)
    send(secure_server.reach())
    assert (server.asked, kept()) == ([], [])


def test_nobody_is_pushed_to_without_a_browser_or_a_key(
    cast: Cast, article: Article, frozen: object, request: pytest.FixtureRequest
) -> None:
    root = factories.comment(article, cast.rae)
    with secure_server.serving() as made:
        pushing.keep(pushing.browser(made), cast.rae)
        factories.comment(article, cast.sam, parent=root)
        deliver()
        request.getfixturevalue("pushes")
        factories.comment(article, cast.rae, parent=factories.comment(article, cast.sam))
        deliver()
        assert made.asked == []
    assert db.session.scalars(sa.select(Notification.push_at)).all() == [None, None]


def test_old_news_is_not_pushed_once_there_is_a_key_again(
    app: Flask, cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    factories.comment(article, cast.sam, parent=root)
    tell()
    known = settings.current_of(app)
    app.extensions["comments"] = known.model_copy(update={"push_key": None})
    deliver()
    later(days=30)
    app.extensions["comments"] = known
    deliver()
    assert (server.asked, waiting()) == ([], [])
    factories.comment(article, cast.sam, parent=root)
    later(hours=1)
    deliver()
    (one,) = pushed(server)
    assert browser.shows(one.body)["title"] == "sam answered you · Gazette"


def test_who_has_an_address_hears_both_ways(
    cast: Cast, article: Article, root: Comment, browser: Browser, server: Server
) -> None:
    address = ("rae@example.com", clock.now())
    transaction(lambda: registration.confirm_email(cast.rae, *address))
    factories.comment(article, cast.sam, parent=root)
    announce()
    row = db.session.scalars(sa.select(Notification)).one()
    assert (row.due_at, row.pushed_at) == (clock.now(), clock.now())


def test_long_names_fit_into_what_push_services_take(
    cast: Cast, root: Comment, article: Article, browser: Browser, server: Server
) -> None:
    def act() -> None:
        article.title, cast.gazette.name = "潮" * 300, "🌊" * 60

    transaction(act)
    factories.comment(article, cast.sam, parent=root)
    deliver()
    (one,) = pushed(server)
    assert len(one.body) <= 4096
    assert len(browser.shows(one.body)["body"]) == messages.LONGEST + 1

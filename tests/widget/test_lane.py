"""Finished answers in front of Flask: made once, given to everybody, and never out of date."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from comments import clock, create_app
from comments.accounts import registration
from comments.db import db, transaction
from comments.settings import Settings
from comments.threads.models import Article, State, Status
from comments.widget.lane import Asked, Lane
from tests import factories
from tests.conftest import HOST, PUBLISHER, Cast, Statements

THREAD = "/embed/thread?site=gazette&article=tides"
READ = "/api/v1/comments?site=gazette&article=tides"
COUNTS = "/api/v1/counts?site=gazette&article=tides"


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


@pytest.fixture
def lane(app: Flask) -> Lane:
    found: Lane = app.extensions["lane"]
    return found


@pytest.mark.parametrize("address", [THREAD, READ, COUNTS])
def test_the_second_who_reads_costs_nothing(
    client: FlaskClient,
    article: Article,
    cast: Cast,
    statements: Statements,
    capfd: pytest.CaptureFixture[str],
    frozen: datetime,
    address: str,
) -> None:
    factories.comment(article, cast.rae, "Said once.")
    first = client.get(address)
    statements.clear()
    capfd.readouterr()
    second = client.get(address, headers={"Origin": PUBLISHER})
    assert second.data == first.data
    assert statements == []
    assert capfd.readouterr().err == ""
    assert second.headers["Access-Control-Allow-Origin"] == PUBLISHER
    assert "Access-Control-Allow-Origin" not in first.headers
    assert "X-Request-Id" not in second.headers
    for name in ("ETag", "Cache-Control", "Vary", "Content-Type", "X-Content-Type-Options"):
        assert second.headers[name] == first.headers[name]


def test_one_question_is_one_answer_however_it_is_put(
    client: FlaskClient, article: Article, lane: Lane
) -> None:
    before = lane.tally.renders
    for address in (
        THREAD,
        "/embed/thread?article=tides&site=gazette",
        f"{THREAD}&utm_source=x",
        f"{THREAD}&sort=newest&after=&locale=xx",
        "/embed/thread?site=%67azette&article=tides",
    ):
        assert client.get(address).status_code == 200
    assert lane.tally.renders == before + 1


@pytest.mark.parametrize("query", ["article=%FF", "article=\xff", "article=%EF%BF%BD", "article="])
def test_what_is_no_text_is_left_to_the_view(
    client: FlaskClient, cast: Cast, lane: Lane, query: str
) -> None:
    client.get(f"/embed/thread?site=gazette&{query}")
    assert lane.answers == 0


def test_only_answers_are_kept(client: FlaskClient, cast: Cast, lane: Lane) -> None:
    for address, status in [
        ("/embed/thread?site=nowhere&article=a", 404),
        (f"{THREAD}&after=forged", 422),
        (f"{READ}&colour=red", 422),
        (f"{READ}&site=gazette", 422),
    ]:
        assert client.get(address).status_code == status
    assert client.get(THREAD, headers={"Authorization": "Bearer x"}).status_code == 200
    assert lane.answers == 0


def test_every_change_shows_at_once(
    client: FlaskClient, article: Article, cast: Cast, frozen: datetime
) -> None:
    def says(words: str) -> bool:
        return all(words in client.get(address).text for address in (THREAD, READ))

    comment = factories.comment(article, cast.rae, "As it was.")
    assert says("As it was.")
    factories.edit(comment, "As it is.")
    assert says("As it is.")
    transaction(lambda: registration.rename(cast.rae, "Rosalind", clock.now()))
    assert says("Rosalind")
    factories.restate(comment, Status.REJECTED)
    assert '"count":0' in client.get(READ).text
    factories.set_state(article, State.CLOSED, cast.mo)
    assert 'data-open="0"' in client.get(THREAD).text
    factories.settle(cast.gazette, language="de")
    assert 'lang="de"' in client.get(THREAD).text


def test_a_change_of_one_article_is_none_of_another(
    client: FlaskClient, article: Article, cast: Cast, frozen: datetime, statements: Statements
) -> None:
    other = factories.article(cast.gazette, "harbour")
    client.get(THREAD)
    client.get(THREAD.replace("tides", "harbour"))
    factories.comment(other, cast.rae, "Elsewhere.")
    statements.clear()
    client.get(THREAD)
    assert statements == []
    assert "Elsewhere." in client.get(THREAD.replace("tides", "harbour")).text


def test_a_first_comment_shows_on_an_article_that_nobody_knew(
    client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    assert client.get(COUNTS).json == {"counts": {"tides": 0}}
    assert "First!" not in client.get(THREAD).text
    factories.comment(factories.article(cast.gazette, "tides"), cast.rae, "First!")
    assert "First!" in client.get(THREAD).text
    clock.freeze(frozen + timedelta(seconds=1))
    assert client.get(COUNTS).json == {"counts": {"tides": 1}}


def test_an_article_closes_in_the_moment_that_was_set(
    client: FlaskClient, cast: Cast, frozen: datetime
) -> None:
    factories.article(cast.gazette, "tides", closes_at=frozen + timedelta(milliseconds=300))
    assert 'data-open="1"' in client.get(THREAD).text
    clock.freeze(frozen + timedelta(milliseconds=299))
    assert 'data-open="1"' in client.get(THREAD).text
    clock.freeze(frozen + timedelta(milliseconds=300))
    assert 'data-open="0"' in client.get(THREAD).text


def test_votes_count_as_one_change_when_their_time_comes(
    client: FlaskClient, cast: Cast, lane: Lane, frozen: datetime
) -> None:
    factories.article(cast.gazette, "tides", recount_at=frozen + timedelta(seconds=5))
    client.get(THREAD)
    before = lane.tally.renders
    clock.freeze(frozen + timedelta(seconds=4))
    client.get(THREAD)
    assert lane.tally.renders == before
    clock.freeze(frozen + timedelta(seconds=5))
    client.get(THREAD)
    client.get(THREAD)
    assert lane.tally.renders == before + 1


def test_what_another_process_did_shows_within_a_second(
    client: FlaskClient, article: Article, frozen: datetime
) -> None:
    assert 'data-open="1"' in client.get(THREAD).text
    with db.engine.begin() as other:
        other.execute(sa.update(Article).values(state=State.CLOSED, version=Article.version + 1))
    clock.freeze(frozen + timedelta(seconds=1))
    assert 'data-open="0"' in client.get(THREAD).text


def test_without_it_everything_is_the_same(
    app: Flask, client: FlaskClient, article: Article, cast: Cast, tmp_path: Path
) -> None:
    factories.comment(article, cast.rae, "The same.")
    plain = create_app(
        Settings(
            instance=tmp_path,
            database_url=db.engine.url.render_as_string(hide_password=False),
            url=HOST,
            cache_mib=0,
        )
    )
    for address in (THREAD, READ, COUNTS):
        ours = client.get(address, headers={"Accept-Encoding": "gzip", "Origin": PUBLISHER})
        theirs = plain.test_client().get(
            address, base_url=HOST, headers={"Accept-Encoding": "gzip", "Origin": PUBLISHER}
        )
        assert theirs.data == ours.data
        for name in ("ETag", "Cache-Control", "Content-Encoding", "Access-Control-Allow-Origin"):
            assert theirs.headers[name] == ours.headers[name]
        assert set(theirs.vary) == set(ours.vary) == {"Accept-Encoding", "Origin"}
    assert plain.extensions["lane"].answers == 0
    with plain.app_context():
        db.engine.dispose()


def test_however_many_ask_one_renders() -> None:
    """Twelve ask for what is not there yet, while the first of them renders."""
    began, may_end = threading.Semaphore(0), threading.Event()
    renders = []

    def slow(_environ: Any, start_response: Any) -> Iterable[bytes]:
        renders.append(1)
        began.release()
        assert may_end.wait(20)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"made"]

    lane = Lane(slow, {"/": lambda query: Asked("/", query, "s")}, lambda asked: 1, 10**6)
    answers: list[bytes] = []
    asked = [threading.Thread(target=lambda: answers.append(get(lane))) for _ in range(12)]
    for each in asked:
        each.start()
    assert began.acquire(timeout=20)
    may_end.set()
    for each in asked:
        each.join(20)
    assert answers == [b"made"] * 12
    assert len(renders) == lane.tally.renders == 1


def test_it_keeps_no_more_than_it_may_and_rather_what_is_read() -> None:
    def page(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["QUERY_STRING"].encode() * 1000]

    lane = Lane(page, {"/": lambda query: Asked("/", query, "s")}, lambda asked: 1, 20_000)
    get(lane, "hot")
    for number in range(100):
        get(lane, f"{number:03}")
        get(lane, "hot")
    assert lane.answers <= 4
    assert lane.tally.bytes <= 20_000
    assert lane.tally.renders == 101


def get(lane: Lane, query: str = "") -> bytes:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    return b"".join(lane(environ, lambda *_: lambda _: None))


def test_its_figures_are_told(client: FlaskClient, article: Article, lane: Lane) -> None:
    def told(name: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    before = told("comments_lane_renders_total"), told("comments_lane_hits_total")
    tag = client.get(THREAD).headers["ETag"]
    assert client.get(THREAD, headers={"If-None-Match": tag}).status_code == 304
    after = told("comments_lane_renders_total"), told("comments_lane_hits_total")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert told("comments_lane_answers") == 1
    assert 'route="/embed/thread",status="200"' in client.get("/metrics").text


def test_without_a_database_the_view_says_so(app: Flask, cast: Cast, tmp_path: Path) -> None:
    gone = create_app(
        Settings(instance=tmp_path, database_url="postgresql://u@127.0.0.1:1/x", url=HOST)
    )
    answer = gone.test_client().get(THREAD, base_url=HOST)
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"

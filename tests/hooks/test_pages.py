"""The pages on which a publisher sets up who is told, and sees what became of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from comments.audit import Entry
from comments.db import db
from comments.hooks import configuring
from comments.hooks.models import Hook
from comments.threads.models import Article
from tests import factories
from tests.api.conftest import rows
from tests.conftest import Cast
from tests.hooks import receiving
from tests.hooks.receiving import deliver, deliveries, told
from tests.secure_server import Server

As = Callable[..., FlaskClient]
PLACE = "/sites/gazette/hooks"
URL = "https://gazette.example/hook"


@pytest.fixture
def ada(as_: As, cast: Cast) -> FlaskClient:
    return as_(cast.ada)


def shown_secret(page: str) -> str:
    found = re.search(r'aria-labelledby="new" value="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def hooks() -> list[Hook]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Hook).order_by(Hook.id)))


def acts() -> list[str]:
    return [
        act for act in db.session.scalars(sa.select(Entry.act).order_by(Entry.id)) if "hook" in act
    ]


def test_a_receiver_is_set_up_tried_and_told(
    ada: FlaskClient, cast: Cast, floods: Article, server: Server
) -> None:
    answer = ada.post(PLACE, data={"url": server.url, "format": "json", "published": "true"})
    secret = shown_secret(answer.text)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    (hook,) = hooks()
    page = f"{PLACE}/{hook.id}"
    assert secret not in ada.get(page).text
    assert server.url not in hook.address
    ada.post(f"{page}/test")
    deliver()
    (test,) = told(server)
    assert (test.body["type"], test.body["data"]) == ("test", {"site": "gazette"})
    assert test.headers["webhook-signature"] == receiving.signatures(secret, test)
    server.says(b"<b>I took it</b>", "202 Accepted")
    factories.comment(floods, cast.rae)
    deliver()
    text = ada.get(page).text
    for word in ("Published", "Test", "202", "&lt;b&gt;I took it&lt;/b&gt;", " ms", "Send again"):
        assert word in text
    ada.post(f"/sites/gazette/deliveries/{deliveries()[1].id}/again")
    assert "Waits" in ada.get(page).text
    deliver()
    assert told(server)[1].body == told(server)[2].body
    assert acts() == ["hook"]


def test_what_is_on_its_way_is_not_sent_twice(ada: FlaskClient, cast: Cast) -> None:
    hook, _secret = receiving.hook(cast.gazette, URL)
    ada.post(f"{PLACE}/{hook.id}/test")
    again = f"/sites/gazette/deliveries/{deliveries()[0].id}/again"
    answer = ada.post(again)
    assert (answer.status_code, "on its way" in answer.text) == (409, True)
    assert len(receiving.waiting()) == 1


def test_secrets_change_one_after_the_other(ada: FlaskClient, cast: Cast) -> None:
    hook, first = receiving.hook(cast.gazette, URL)
    page = f"{PLACE}/{hook.id}"
    assert shown_secret(ada.post(f"{page}/secrets").text) != first
    assert ada.post(f"{page}/secrets").status_code == 409
    assert ada.post(f"{page}/secrets/retire").status_code == 303
    assert ada.post(f"{page}/secrets").status_code == 200
    assert acts()[1:] == ["hook-secret", "hook-secret-retired", "hook-secret"]


def test_a_receiver_is_changed_and_removed(ada: FlaskClient, cast: Cast) -> None:
    hook, _secret = receiving.hook(cast.gazette, URL)
    page = f"{PLACE}/{hook.id}"
    changed = {"url": "https://other.example/x", "reported": "true"}
    assert ada.post(page, data=changed).status_code == 303
    (hook,) = hooks()
    assert (hook.host, hook.events) == ("other.example", ["reported"])
    assert 'value="https://other.example/x"' in ada.get(page).text
    assert ada.post(f"{page}/remove").status_code == 303
    assert (hooks(), ada.get(page).status_code) == ([], 404)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"url": "http://gazette.example/"}, "Address"),
        ({"url": "https://ada:secret@gazette.example/"}, "Address"),
        ({"url": "https://gazette.example/\r\nX: y"}, "Address"),
        ({"url": ""}, "Address"),
        ({"url": f"https://gazette.example/{'x' * 2000}"}, "Address"),
        ({"format": "xml"}, "What it gets"),
        ({"published": "perhaps"}, "published"),
        ({"published": "false"}, "Choose at least one event."),
        ({"more": "x"}, "more"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    ada: FlaskClient, sent: dict[str, str], field: str
) -> None:
    before = rows()
    answer = ada.post(PLACE, data={"url": URL, "format": "json", "published": "true", **sent})
    summary = answer.text.partition('role="alert"')[2].partition("</div>")[0]
    assert (answer.status_code, field in summary) == (422, True)
    if "url" not in sent:
        assert f'value="{URL}"' in answer.text
    assert rows() == before


def test_there_are_ten_at_most(ada: FlaskClient, cast: Cast) -> None:
    for _ in range(configuring.MOST):
        receiving.hook(cast.gazette, URL)
    assert "Add the receiver" not in ada.get(PLACE).text
    answer = ada.post(PLACE, data={"url": URL, "published": "true"})
    assert (answer.status_code, len(hooks())) == (409, 10)


def test_those_of_another_site_are_not_there(ada: FlaskClient, cast: Cast) -> None:
    hook, _secret = receiving.hook(cast.notes, URL)
    receiving.ask_for_a_test(hook)
    delivery = deliveries()[0].id
    assert ada.get(f"{PLACE}/{hook.id}").status_code == 404
    assert ada.post(f"{PLACE}/{hook.id}/remove").status_code == 404
    assert ada.post(f"/sites/gazette/deliveries/{delivery}/again").status_code == 404


def test_many_deliveries_are_read_page_by_page(ada: FlaskClient, cast: Cast) -> None:
    hook, _secret = receiving.hook(cast.gazette, URL)
    for _ in range(31):
        receiving.ask_for_a_test(hook)
    first = ada.get(f"{PLACE}/{hook.id}").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = ada.get(html.unescape(older[1])).text
    ids = [re.findall("evt_[0-9a-f]{32}", page) for page in (first, second)]
    assert [len(set(found)) for found in ids] == [30, 1]

"""What is said is said in the reader's language, on every page and in every answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.test import TestResponse

from comments import clock, i18n, settings
from comments.accounts import closing, guests, letters, links
from comments.db import db, transaction
from comments.notifications import leaving, reviewing
from comments.notifications.push import browsers
from comments.notifications.unsent import words
from comments.sites import access
from comments.sites.models import Role
from comments.threads.models import Article, Comment, State, Status
from tests import factories, forms, live, oidc_provider, pseudo
from tests import letters as every_letter
from tests.accounts.factors import phone
from tests.conftest import Cast
from tests.hooks import receiving
from tests.moderation import scene
from tests.moderation.acts import decide, sanction
from tests.notifications import acts as notified
from tests.notifications import pushing
from tests.sites.sso import publisher as sso_publisher

Browsers = Callable[..., FlaskClient]

# What people see of the service, by endpoint; `{comment}` and such stand for what is there to see.
PAGES = {
    "accounts.account": ["/account"],
    "accounts.data": ["/account/data"],
    "accounts.email": ["/account/email"],
    "accounts.farewell": ["/account/delete"],
    "accounts.confirm": ["/confirm/{confirm}"],
    "accounts.link": ["/link/{link}"],
    "accounts.name": ["/account/name"],
    "accounts.password": ["/account/password"],
    "accounts.session_list": ["/account/sessions"],
    "factors.app": ["/account/factors/app"],
    "factors.overview": ["/account/factors"],
    "factors.passkey": ["/account/factors/passkey"],
    "factors.prove": ["/account/prove"],
    "invitations.invitation": ["/invitations/{invitation}"],
    "reply_feed.overview": ["/account/feed"],
    "hooks.hook": ["/sites/gazette/hooks/{hook}"],
    "hooks.hook_list": ["/sites/gazette/hooks"],
    "guests.private_link": ["/guest/{guest}"],
    "moderation.comment": ["/moderation/comments/{waiting}", "/moderation/comments/{comment}"],
    "moderation.queue": [
        "/sites/gazette/moderation",
        "/sites/gazette/moderation?view=reported",
        "/sites/gazette/moderation?view=all&author={author}&article={article}",
    ],
    "moderation.report_form": ["/comments/{comment}/report", "/comments/{own}/report"],
    "oidc.link": ["/account/ways/with/acme"],
    "oidc.removal": ["/account/ways/{way}/remove"],
    "notifications.choices": ["/notifications/settings"],
    "notifications.choices_here": ["/notifications/settings/gazette"],
    "notifications.inbox": ["/notifications"],
    "push.overview": ["/notifications/browsers"],
    "notifications.review": ["/review/{review}"],
    "notifications.letters": ["/unsubscribe/{unsubscribe}"],
    "unsent.letters": ["/sites/gazette/letters"],
    "sites.index": ["/sites"],
    "sites.key_list": ["/sites/gazette/keys"],
    "sites.member_list": ["/sites/gazette/members"],
    "sites.sanction_list": ["/sites/gazette/sanctions"],
    "sites.settings": ["/sites/gazette/settings"],
    "sso.terms": ["/sites/gazette/sso"],
    "sso.trial": ["/sites/gazette/sso/test"],
    "yours.data": ["{yours}/data"],
    "yours.farewell": ["{yours}/delete"],
    "yours.overview": ["{yours}"],
    "threads.article_list": ["/sites/gazette/articles"],
    "threads.delete_form": ["/comments/{own}/delete"],
    "threads.edit_form": ["/comments/{own}/edit"],
    "threads.mine": ["/mine"],
    "threads.thread": [
        "/thread?site=gazette&article=floods",
        "/thread?site=gazette&article=floods&reply={comment}",
        "/thread?site=gazette&article=nothing-yet",
        "/thread?site=gazette&article=closed",
    ],
    "threads.vote_form": ["/comments/{comment}/vote"],
    "widget.connect": [
        "/connect?site=gazette&origin=https://gazette.example&nonce=0123456789abcdef"
    ],
}
# What nobody reads, leads elsewhere, or is looked at below.
ELSEWHERE = {
    "accounts.recover",
    "accounts.sign_in",
    "accounts.sign_up",
    "factors.second_step",
    "guests.joining_form",
    "guests.overview",
    "health.livez",
    "health.metrics",
    "health.readyz",
    "moderation.desk",
    "oidc.back",
    "oidc.newcomer",
    "push.worker",
    "reply_feed.feed",
    "sites.home",
    "static",
    "threads.permalink",
    "widget.article_list",
    "widget.feed",
    "widget.events",
    "widget.fragment",
    "widget.me",
    "widget.module",
    "widget.script",
    "widget.stylesheet",
}
FOR_NOBODY = [
    "/sign-in",
    "/recover",
    "/sign-in?site=gazette",
    "/sign-in/with/acme/callback?code=x",
    "/sign-up/with/acme?site=gazette",
    "/sign-up?site=gazette",
    "/thread?site=gazette&article=floods",
    "/thread?site=gazette&article=hidden",
    "/thread?site=unknown&article=x",
    "/invitations/{invitation}",
    "/nothing/here",
]
KIM, INVITED = "kim@example.com", "lou@example.com"
TITLES = (
    "Acme",
    "acme.example",
    "push.example",
    "Gazette",
    "The river is rising again, and nobody has read the gauges",
)

# The tag before what a page says, and in a letter an address, a quotation, and who said what where.
OWN_WORDS = re.compile(
    rf"^\w+: |https?:\S+|^> .*|\b(rae|ada|mo)\b|{TITLES[-1]}|{every_letter.NOTE}"
)
LATIN = re.compile("[A-Za-z]")


@pytest.fixture
def world(app: Flask, marked: str, cast: Cast) -> Iterator[dict[str, str]]:
    """Something of everything, and what fills the addresses of the pages."""
    acme = oidc_provider.configured("Acme", "http://127.0.0.1:1")
    with oidc_provider.offered(app, acme=acme), pushing.set_up(app):
        yield _made(cast)


def _made(cast: Cast) -> dict[str, str]:
    article = scene.laid_out(cast)
    factories.settle(
        cast.gazette,
        rules="Be kind.",
        rules_url="https://gazette.example/rules",
        privacy_url="https://gazette.example/privacy",
        contact="https://gazette.example/contact",
    )
    own = factories.comment(article, cast.ada, "Of mine.")
    factories.edit(own, "Of mine, and edited.")
    for n in range(9):
        own = factories.comment(article, cast.ada, f"Down {n}.", parent=own)
    factories.article(cast.gazette, "closed", state=State.CLOSED)
    factories.article(cast.gazette, "hidden", state=State.HIDDEN)
    factories.site_key(cast.gazette)
    sso_publisher.secret(cast.gazette)
    phone.set_up(cast.ada)
    url = "https://gazette.example/keys.json"
    sso_publisher.settle(cast.gazette, url=url, failure={"code": "status", "status": 404})
    hook = receiving.laid_out(cast.gazette)
    for kind in words.KINDS:
        factories.unsent(cast.gazette, cast.ada, kind)
    factories.bearer(cast.ada, cast.gazette)
    factories.api_token(cast.ada)
    told(cast, article, own)
    rude = db.session.scalars(sa.select(Comment).where(Comment.open_reports > 0)).one()
    waiting = sa.select(Comment).where(Comment.status == Status.PENDING).order_by(Comment.id)
    return {
        "article": str(article.id),
        "author": str(rude.author_id),
        "comment": str(rude.id),
        "confirm": letters.confirmation(factories.user("kim", email=KIM), KIM, clock.now()),
        "invitation": factories.invite(cast.gazette, email=INVITED),
        "hook": str(hook.id),
        "link": transaction(lambda: links.make(cast.ada, clock.now())),
        "guest": transaction(lambda: _private_link(cast)),
        "own": str(own.id),
        "way": str(factories.way(cast.ada, "https://acme.example").id),
        "review": a_review(cast),
        "unsubscribe": leaving.address(cast.ada, cast.gazette, "waiting").rsplit("/", 1)[1],
        "yours": factories.yours(factories.reader_of(cast.gazette), cast.gazette),
        "waiting": str(db.session.scalars(waiting).first().id),
    }


def a_review(cast: Cast) -> str:
    """The token by which ada decides about something that waits and has findings."""
    factories.settle(cast.gazette, mail_decisions=True)
    viewer = access.the_membership("gazette", cast.ada)
    waiting = sa.select(Comment).where(Comment.status == Status.PENDING).order_by(Comment.id)
    first = db.session.scalars(waiting).first()
    return reviewing.address(viewer, first, clock.now()).rsplit("/", 1)[1]


def told(cast: Cast, article: Article, own: Comment) -> None:
    """Ada follows, is answered, named, and told what became of her words."""
    notified.follow(article, cast.ada)
    pushing.keep(pushing.Browser("https://push.example/1"), cast.ada)
    transaction(lambda: browsers.failed(pushing.kept()[0].id, "slow", clock.now()))
    factories.comment(article, cast.rae, parent=own)
    factories.comment(article, cast.rae, "As @ada said.")
    factories.comment(article, cast.rae, "Well.")
    olga = factories.user("olga")
    factories.member(cast.gazette, olga, Role.OWNER)
    for to in ("approve", "reject"):
        mine = factories.comment(article, cast.ada, "A word.", to=Status.PENDING)
        decide(mine, to, olga)
    notified.tell()


def _private_link(cast: Cast) -> str:
    guest = guests.make(cast.gazette.id, "Wren", KIM, clock.now())
    return guests.mailed_link(guest, KIM, clock.now())


def in_marks(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}locale={pseudo.CODE}"


def test_every_page_is_looked_at(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    seen = {rule.endpoint for rule in rules if not rule.endpoint.startswith("api.")}
    assert seen == PAGES.keys() | ELSEWHERE


def test_pages_say_nothing_that_is_not_translated(
    cast: Cast, as_: Browsers, world: dict[str, str]
) -> None:
    ada, nobody = as_(cast.ada), as_(None)
    wrong = {}
    for address in [each for pages in PAGES.values() for each in pages]:
        answer = ada.get(in_marks(address.format(**world)))
        assert answer.status_code == 200, address
        wrong[address] = left_out(answer)
    for address in FOR_NOBODY:
        wrong[address] = left_out(nobody.get(in_marks(address.format(**world))))
    assert {address: found for address, found in wrong.items() if found} == {}


# Forms that are filled in badly, by whoever the cast has for it.
BADLY_FILLED: list[tuple[str, str, dict[str, str]]] = [
    ("nobody", "/sign-in", {"login": "ada", "password": "wrong"}),
    ("nobody", "/sign-up", {"name": "x", "email": "none", "password": "short", "more": "x"}),
    ("nobody", "/sign-up", {"name": "ada", "password": "password1", "email": ""}),
    ("nobody", "/recover", {"login": ""}),
    ("nobody", "/sign-in/with/acme/callback", {}),
    ("nobody", "/sign-in/with/acme/callback", {"error": "access_denied"}),
    ("ada", "/account/ways/with/acme", {}),
    ("ada", "/account/ways/{way}/remove", {}),
    ("ada", "/account/email", {"email": "none", "current": ""}),
    ("ada", "/account/delete", {"texts": "burn"}),
    ("ada", "/account/factors/app", {"code": "1"}),
    ("mo", "/account/prove", {"proof_password": "x"}),
    ("ada", "/account/prove", {"proof_code": "x"}),
    ("ada", "/sites/gazette/settings", {"hold_first": "9" * 5000, "length": "3", "name": ""}),
    ("ada", "/sites/gazette/settings", {"origins": "x", "language": "xx", "contact": "x"}),
    ("ada", "/sites/gazette/settings", {"edit_minutes": "many", "premoderation": "perhaps"}),
    ("ada", "/sites/gazette/members", {"name": "nobody such", "role": "owner"}),
    ("ada", "/sites/gazette/members", {"name": "mo", "role": "king"}),
    ("ada", "/sites/gazette/invitations", {"email": "none", "invited_as": "king"}),
    ("ada", "/sites/gazette/invitations", {"email": INVITED, "invited_as": "staff"}),
    ("ada", "/invitations/{invitation}", {}),
    ("ada", "/sites/gazette/keys", {"name": "x" * 200}),
    ("ada", "/sites/gazette/hooks", {"url": "x", "format": "x"}),
    ("ada", "/sites/gazette/hooks/{hook}", {"url": "https://gazette.example/"}),
    ("ada", "/sites/gazette/hooks/{hook}/test", {}),
    ("ada", "/sites/gazette/letters/99999999/again", {}),
    ("ada", "/sites/gazette/sso", {"roles": "x", "url": "x"}),
    ("ada", "/sites/gazette/sso/keys", {"material": "x"}),
    ("ada", "/moderation/comments/{comment}/decisions", {"action": "reject", "reason": "x"}),
    ("ada", "/moderation/comments/{comment}/decisions", {"action": "approve", "seen": "99999999"}),
    ("ada", "/moderation/comments/{comment}/sanctions", {"term": "2", "reason": ""}),
    ("ada", "/comments/{comment}/report", {"reason": "", "text": "x"}),
    ("ada", "/thread", {"site": "gazette", "article": "floods", "body": " "}),
    ("ada", "/thread", {"site": "gazette", "article": "closed", "body": "Too late."}),
    ("nobody", "{yours}/delete", {"texts": "burn"}),
    ("nobody", "/yours/x/data", {}),
    ("mo", "/thread", {"site": "gazette", "article": "floods", "body": "x", "parent": "99999999"}),
    ("rae", "/comments/{comment}/edit", {"body": "\0"}),
    ("rae", "/sites/gazette/members", {}),
]


def test_refusals_say_nothing_that_is_not_translated(
    cast: Cast, as_: Browsers, world: dict[str, str]
) -> None:
    for name, address, fields in BADLY_FILLED:
        browser = as_(getattr(cast, name, None))
        answer = browser.post(in_marks(address.format(**world)), data=fields)
        assert answer.status_code >= 400, (address, fields)
        assert left_out(answer) == [], (address, fields)


def test_the_second_step_says_nothing_that_is_not_translated(
    app: Flask, cast: Cast, world: dict[str, str]
) -> None:
    token = transaction(lambda: links.make(cast.ada, clock.now()))
    browser = app.test_client()
    forms.send(browser, in_marks(f"/link/{token}"))
    assert left_out(browser.get(in_marks("/sign-in/second"))) == []
    assert left_out(forms.send(browser, in_marks("/sign-in/second"), code="x")) == []


def test_passkeys_are_spoken_of_in_the_readers_language(
    app: Flask,
    cast: Cast,
    as_: Browsers,
    world: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = settings.current_of(app).model_copy(update={"url": "https://talk.example"})
    factories.passkey(cast.ada)
    with monkeypatch.context() as patch:  # which ends before the world does
        patch.setitem(app.extensions, "comments", named)
        for place in ("/account/factors", "/account/factors/passkey", "/account/prove"):
            assert left_out(as_(cast.ada).get(in_marks(place))) == []
        assert left_out(as_(None).get(in_marks("/sign-in"))) == []


def test_who_is_suspended_reads_until_when_in_words(
    cast: Cast, as_: Browsers, world: dict[str, str]
) -> None:
    comment = db.session.get_one(Comment, int(world["comment"]))
    sanction(comment, cast.mo, term="7", reason="Threats.")
    sent = {"site": "gazette", "article": "floods", "body": "Hello again."}
    text = as_(cast.rae).post("/thread?locale=de", data=sent).text
    assert re.search(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}, [0-9:]{8} UTC", text)


def test_the_widget_says_nothing_that_is_not_translated(
    cast: Cast, client: FlaskClient, world: dict[str, str]
) -> None:
    here = "site=gazette&article=floods"
    fragment = client.get(in_marks(f"/embed/thread?{here}")).text
    words = json.loads(fragment.split('<script type="application/json">')[1].split("</script>")[0])
    for said in words.values():
        for form in said.values() if isinstance(said, dict) else [said]:
            assert form.startswith(pseudo.OPEN)
            assert form.endswith(pseudo.CLOSE)
    bearer = {"Authorization": f"Bearer {factories.bearer(cast.rae, cast.gazette)}"}
    mine = client.get(in_marks(f"/embed/me?{here}"), headers=bearer).text
    for part in (fragment, mine):
        assert 'lang="ar-001" dir="rtl"' in part
        assert pseudo.unmarked(part) == []


@pytest.mark.parametrize("article", ["closed", "hidden", "nothing-yet"])
def test_a_thread_without_comments_is_translated(
    client: FlaskClient, world: dict[str, str], article: str
) -> None:
    text = client.get(in_marks(f"/embed/thread?site=gazette&article={article}")).text
    assert pseudo.unmarked(text) == []


def test_what_the_widget_sends_is_answered_in_its_language(
    cast: Cast, client: FlaskClient, world: dict[str, str]
) -> None:
    html = {"Accept": "text/html"}
    bearer = {"Authorization": f"Bearer {factories.bearer(cast.rae, cast.gazette)}", **html}
    new = {"site": "gazette", "article": "floods"}
    report = f"/api/v1/comments/{world['comment']}/reports"
    answers = [
        client.post(in_marks("/api/v1/comments"), json={**new, "body": "A word."}, headers=bearer),
        client.post(in_marks("/api/v1/comments"), json={**new, "body": " "}, headers=bearer),
        client.post(in_marks("/api/v1/comments"), json={"body": 1, "more": 2}, headers=bearer),
        client.post(in_marks("/api/v1/comments"), data="{", headers=bearer),
        client.post(in_marks("/api/v1/comments"), json=new, headers=html),
        client.delete(in_marks(f"/api/v1/comments/{world['own']}"), headers=bearer),
        client.post(in_marks(report), json={"reason": "abuse"}, headers=bearer),
    ]
    for answer in answers:
        assert 'lang="ar-001" dir="rtl"' in answer.text
        assert pseudo.unmarked(answer.text) == []


def test_a_language_may_be_named_with_its_country(cast: Cast, client: FlaskClient) -> None:
    fragment = "/embed/thread?site=gazette&article=nothing-yet"
    assert 'lang="de"' in client.get(f"{fragment}&locale=de-AT").text
    assert 'lang="en"' in client.get(f"{fragment}&locale=xx-XX").text


def test_nobody_speaks_the_language_of_the_tests(cast: Cast, client: FlaskClient) -> None:
    assert 'lang="en"' in client.get(in_marks("/sign-in")).text


def test_what_was_done_is_said_in_the_language_of_the_site(cast: Cast, as_: Browsers) -> None:
    factories.settle(cast.gazette, language="de")
    browser = as_(cast.rae)
    english = {"Accept-Language": "en"}
    sent = {"site": "gazette", "article": "floods", "body": "Hello."}
    posted = browser.post("/thread", data=sent, headers=english)
    page = browser.get(posted.location, headers=english)
    assert "Ihr Kommentar ist veröffentlicht." in page.text
    comment = db.session.scalars(sa.select(Comment.id)).one()
    page = as_(cast.sam).post(f"/comments/{comment}/report", data={}, headers=english)
    assert "Das fehlt." in page.text
    assert '<html lang="de"' in page.text


def test_a_public_read_does_not_depend_on_who_reads(cast: Cast, client: FlaskClient) -> None:
    gone = factories.user("gone")
    factories.comment(factories.article(cast.gazette, "floods"), gone)
    transaction(lambda: closing.close(gone, erase=False, now=clock.now()))
    for address in ("/api/v1/comments?site=gazette", "/embed/thread?site=gazette"):
        one, other = (
            client.get(f"{address}&article=floods", headers={"Accept-Language": language})
            for language in ("de", "en")
        )
        assert "Former reader" in one.text
        assert one.data == other.data


@pytest.mark.browser
@pytest.mark.parametrize("language", ["de", pseudo.CODE])
def test_long_words_fit_on_a_small_screen(
    app: Flask, address: str, chromium: Browser, cast: Cast, world: dict[str, str], language: str
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 800}, has_touch=True)
    live.sign_in(context, app, address, cast.ada)
    page = context.new_page()
    for place in [each for pages in PAGES.values() for each in pages]:
        path = place.format(**world)
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}locale={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    context.close()


def left_out(answer: TestResponse) -> list[str]:
    """What a page says without a mark; it must be one that is written from the right."""
    assert 'lang="ar-001" dir="rtl"' in answer.text, answer.request.path
    return pseudo.unmarked(answer.text, {*TITLES, *i18n.LANGUAGES.values()})


def test_who_has_no_account_reads_nothing_that_is_not_translated(
    cast: Cast, as_: Browsers, world: dict[str, str]
) -> None:
    browser = as_(guests.find(world["guest"]).user)
    for address in ("/account/guest", "/account/join", "/mine"):
        assert left_out(browser.get(in_marks(address))) == []
    for address, sent in (
        ("/account/join", {"name": "x"}),
        ("/account/guest/link", {}),
        (f"{world['yours']}/delete", {"texts": "keep"}),
    ):
        answer = browser.post(in_marks(address), data=sent)
        assert left_out(answer) == [], address


def test_letters_say_nothing_that_is_not_translated(
    cast: Cast, marked: str, frozen: object
) -> None:
    wrong = {}
    for kind, letter in every_letter.made(cast, marked).items():
        subject = str(letter["Subject"])
        assert subject[0] + subject[-1] == pseudo.OPEN + pseudo.CLOSE
        html = every_letter.part(letter, "html")
        assert 'lang="ar-001" dir="rtl"' in html
        found = pseudo.unmarked(html)
        found += pseudo.outside(every_letter.part(letter, "plain")).splitlines()
        wrong[kind] = [line for line in found if LATIN.search(OWN_WORDS.sub("", line))]
    assert {kind: found for kind, found in wrong.items() if found} == {}

"""Texts that want to run go in by every way and are read back in every place, in a browser.

Our own pages have a policy that would stop much of it; here they have to do without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from itertools import count, cycle
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from comments import clock, markup
from comments.accounts import sessions
from comments.accounts.models import Kind, User, Way
from comments.db import db, transaction
from comments.imports import disqus, loading, staging, wordpress
from comments.imports.loading import Goal
from comments.imports.places import Placing
from comments.imports.records import Reason, Record
from comments.sites.models import Site
from comments.threads import articles
from comments.threads.forms import Name
from comments.threads.models import Article, Comment, Revision, Status
from tests import factories, live, payloads
from tests.conftest import NOW, PUBLISHER, Cast
from tests.imports import exports
from tests.inert import Seen, Watch
from tests.moderation import acts
from tests.payloads import hostile
from tests.widget import reader
from tests.widget.conftest import publisher  # noqa: F401 - a fixture
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser

# As many roots as a page of a thread shows, and replies as the page of a comment.
ROOTS, REPLIES = 25, 10
ROOT = "Say anything."
LIMITS = {"length": markup.MAX_SOURCE, "edit_minutes": 1440}
# Nothing comes too fast or is taken for a second click, and the first may still be edited.
APART = timedelta(minutes=5, seconds=1)
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class House:
    """The service, a page on another site that has no policy at all, and who looks at them."""

    client: FlaskClient
    publisher: Publisher
    nobody: Watch
    rae: Watch
    mo: Watch
    ada: Watch

    @property
    def watches(self) -> tuple[Watch, ...]:
        return self.nobody, self.rae, self.mo, self.ada

    def thread(self, key: str) -> Iterator[Seen]:
        """An article as everybody sees it: in a slot, in a page that included it, on our own."""
        asked = {"site": "gazette", "article": key}
        included = self.client.get("/embed/thread", query_string={**asked, "include": 1}).text
        empty = slot(escape(key))
        for body in (empty, empty.replace("No comments yet...", included)):
            # Under a new address each time, since browsers keep a fragment for a moment.
            path = f"/{len(self.publisher.pages)}"
            yield self.nobody.visit(
                self.publisher.page(body, path=path, head=""), "article.comment"
            )
        yield self.nobody.visit(f"{self.publisher.service}/thread?{urlencode(asked)}")

    def articles(self) -> Seen:
        """Where people talk, on a page of the publisher."""
        body = '<nav data-comments-articles data-site="gazette"></nav>'
        return self.nobody.visit(self.publisher.page(body, path="/articles", head=""), "nav a")

    def queue(self) -> Iterator[Seen]:
        yield self.mo.visit(f"{self.publisher.service}/sites/gazette/moderation")
        while further := self.mo.page.query_selector("a[rel=next]"):
            yield self.mo.visit(f"{self.publisher.service}{further.get_attribute('href')}")

    def file(self, id: object) -> Seen:
        return self.mo.visit(f"{self.publisher.service}/moderation/comments/{id}")

    def edit_form(self, id: object) -> Seen:
        return self.rae.visit(f"{self.publisher.service}/comments/{id}/edit")

    def found(self) -> list[str]:
        """What did not hold still."""
        return [found for watch in self.watches for found in watch.found]


@pytest.fixture
def house(
    app: Flask,
    client: FlaskClient,
    chromium: Browser,
    cast: Cast,
    publisher: Publisher,  # noqa: F811 - the fixture
) -> Iterator[House]:
    contexts = [chromium.new_context(bypass_csp=True) for _ in range(4)]
    for context, user in zip(contexts[1:], (cast.rae, cast.mo, cast.ada), strict=True):
        live.sign_in(context, app, publisher.service, user)
    watches = [Watch(context, [publisher.service, publisher.url]) for context in contexts]
    yield House(client, publisher, *watches)
    for context in contexts:
        context.close()


def test_a_page_that_does_not_hold_still_is_told_of(house: House) -> None:
    told = {
        "<script>confirm(1)</script>": "confirm ran",
        "<svg onload=window.__pwned=1>": "a script ran",
        "<script>nothing.like(this)</script>": "threw ",
        f"<img src={payloads.OUTSIDE}/pixel.gif>": "asked for ",
        "<script>location.assign('/elsewhere')</script>": "went ",
        "<iframe></iframe>": "element: ",
        "<input onfocus=alert(1)>": "attribute: ",
        "<a href=&#1;JAVA&Tab;script:alert(1)>a</a>": "address: ",
        "<a href=https://a.example>a</a>": "link that vouches: ",
        "<a name=location>a</a>": "attribute of a text: ",
        "<button>a</button>": "element of a text: ",
        "<form><div></form><form><b>": "unstable: ",
    }
    for html in (*told, *payloads.LIVE):
        house.nobody.found.clear()
        url = house.publisher.page(f'<div class="body">{html}</div>', path="/raw", head="")
        house.nobody.visit(url)
        assert any(found.startswith(told.get(html, "")) for found in house.nobody.found), html


class Corpus(NamedTuple):
    """Texts, and of how many one is looked at on pages that show only one."""

    texts: list[str]
    each: int


# The shared corpora in so many parts, which may be tried side by side.
PARTS = 4


@pytest.fixture(
    params=["own", *(pytest.param(part, marks=pytest.mark.shared) for part in range(PARTS))]
)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    if request.param == "own":
        return Corpus(payloads.OWN, 1)
    is_whole = bool(request.config.getoption("--soak"))
    texts = payloads.shared(whole=is_whole)[request.param :: PARTS]
    return Corpus(texts, 1 if is_whole else 40)


def batches(texts: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The id of an article, and as many texts as one page of it can show."""
    size = ROOTS * REPLIES
    for start in range(0, len(texts), size):
        yield f"{PUBLISHER}/{start}", texts[start : start + size]


def rooms(texts: Sequence[str]) -> range:
    """A number for each root that so many texts need."""
    return range(-(-len(texts) // REPLIES))


class Said(NamedTuple):
    """A comment and what is in it: as it was typed, and as it was answered."""

    id: str
    text: str
    html: str


class Rae:
    """Posts and edits by the API."""

    def __init__(self, client: FlaskClient, cast: Cast) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {factories.bearer(cast.rae, cast.gazette)}"}
        self._times = count(1)

    def posts(self, key: str, roots: Sequence[Comment], texts: Iterable[str]) -> list[Said]:
        """Below each root in turn; what shows nothing is refused."""
        pairs = zip(cycle(roots), texts, strict=False)
        answers = [self._post(key, root, text) for root, text in pairs]
        return [answer for answer in answers if answer]

    def _post(self, key: str, parent: Comment, text: str) -> Said | None:
        clock.freeze(NOW + APART * next(self._times))
        body = {"site": "gazette", "article": key, "parent": str(parent.id), "body": text}
        answer = self._client.post("/api/v1/comments", json=body, headers=self._headers)
        if answer.status_code == 422:
            assert {fault["code"] for fault in answer.json["faults"]} <= {"characters", "empty"}
            return None
        assert answer.status_code == 202
        return Said(answer.json["id"], text, answer.json["html"])

    def says(self, text: str, **article: str) -> int:
        """Anywhere, with what a page says of its article."""
        body = {"site": "gazette", "body": text, **article}
        answer = self._client.post("/api/v1/comments", json=body, headers=self._headers)
        return int(answer.json["id"])

    def edits(self, said: Said, text: str) -> Said:
        answer = self._client.patch(
            f"/api/v1/comments/{said.id}", json={"body": text}, headers=self._headers
        )
        assert answer.status_code in (200, 202)
        return Said(said.id, text, answer.json["html"])


def test_what_is_posted_and_edited_holds_still(
    house: House, cast: Cast, corpus: Corpus, frozen: object
) -> None:
    rae = Rae(house.client, cast)
    for key, texts in batches(corpus.texts):
        article = factories.article(cast.gazette, key)
        roots = [factories.comment(article, cast.mo, ROOT) for _ in rooms(texts)]

        factories.settle(cast.gazette, premoderation=True, links_allowed=0, **LIMITS)
        posted = rae.posts(key, roots, texts)
        assert len(posted) > 0.9 * len(texts)
        assert texts_of(house.queue()) == drawn(house, article)
        approve_all(article, cast.mo)
        assert read(house, article).items() >= {one.id: one.html for one in posted}.items()

        factories.settle(cast.gazette, premoderation=False, links_allowed=100, **LIMITS)
        # Each gets the text of the one after it; the last first, so that nobody repeats it.
        turns = [*zip(posted, [*posted[1:], posted[0]], strict=True)]
        edited = [rae.edits(one, other.text) for one, other in reversed(turns)]
        assert {one.text: one.html for one in edited} == {one.text: one.html for one in posted}
        approve_all(article, cast.mo)
        assert read(house, article).items() >= {one.id: one.html for one in edited}.items()

        assert texts_of(house.file(root.id) for root in roots) == drawn(house, article)
        for one, other in turns[:: corpus.each]:
            assert shown(one.text) in house.file(one.id).said
            assert shown(other.text) in house.edit_form(one.id).said
    assert house.found() == []


def shown(text: str) -> str:
    """What somebody typed, as it is kept."""
    return markup.normalise(text)


def stored(article: Article) -> dict[str, str]:
    """The HTML of an article's comments, by their ids."""
    db.session.rollback()
    current = sa.and_(Revision.comment_id == Comment.id, Revision.number == Comment.revision)
    rows = sa.select(Comment.id, Revision.html).join(Revision, current)
    found = db.session.execute(rows.where(Comment.article_id == article.id))
    return {str(id): html for id, html in found}


def drawn(house: House, article: Article) -> set[str]:
    """That HTML as a browser writes it."""
    return set(house.nobody.parsed(list(stored(article).values())))


def texts_of(pages: Iterable[Seen]) -> set[str]:
    return {text for seen in pages for text in seen.texts}


def approve_all(article: Article, by: User) -> None:
    waits = (Comment.article_id == article.id, Comment.status == Status.PENDING)
    for comment in db.session.scalars(sa.select(Comment).where(*waits)).all():
        acts.decide(comment, "approve", by)


def read(house: House, article: Article) -> dict[str, str]:
    """What everybody reads, by the ids of comments: the same in every place."""
    asked = {"site": "gazette", "article": article.key, "limit": 100}
    items = house.client.get("/api/v1/comments", query_string=asked).json["items"]
    for seen in house.thread(article.key):
        assert set(seen.texts) == drawn(house, article)
        assert set(seen.names) == {item["author"]["name"] for item in items}
    found = {item["id"]: item["html"] for item in items}
    assert found == stored(article)
    return found


# Imports


def test_what_is_imported_holds_still(
    house: House, cast: Cast, corpus: Corpus, tmp_path: Path
) -> None:
    arrived = 0
    for key, texts in batches(corpus.texts):
        published = bring(cast.gazette, Way.DISQUS, disqus.read(from_disqus(tmp_path, key, texts)))
        arrived += len(read(house, published))

        waiting = bring(
            cast.gazette, Way.WORDPRESS, wordpress.read(from_wordpress(tmp_path, key, texts))
        )
        assert texts_of(house.queue()) == drawn(house, waiting)
        approve_all(waiting, cast.mo)
        read(house, waiting)
    assert house.found() == []
    # The others are nothing but markup of which nothing is left.
    assert arrived > len(corpus.texts) / 2


def from_disqus(folder: Path, key: str, texts: Sequence[str]) -> Path:
    """Each text is a comment, and the name of its author too."""
    roots = [exports.post(f"{key}/root-{n}", message=cdata(ROOT)) for n in rooms(texts)]
    replies = [
        exports.post(
            f"{key}/{n}",
            parent=f"{key}/root-{n // REPLIES}",
            message=cdata(text),
            author=f"<name>{cdata(text)}</name><isAnonymous>true</isAnonymous>",
        )
        for n, text in enumerate(texts)
    ]
    return exports.disqus(folder, exports.thread("1", key), *roots, *replies)


def from_wordpress(folder: Path, key: str, texts: Sequence[str]) -> Path:
    """The same on another article, where only the roots are approved."""
    roots = [exports.comment(f"root-{n}", comment_content=cdata(ROOT)) for n in rooms(texts)]
    replies = [
        exports.comment(
            str(n),
            parent=f"root-{n // REPLIES}",
            comment_content=cdata(text),
            comment_author=cdata(text),
            comment_approved="0",
        )
        for n, text in enumerate(texts)
    ]
    return exports.wxr(folder, exports.item(f"{key}/blog", *roots, *replies))


def cdata(text: str) -> str:
    text = NOT_IN_XML.sub("\ufffd", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


def bring(site: Site, way: Way, records: Iterator[Record]) -> Article:
    """Import a file that holds one article."""
    goal = Goal(site, way, clock.now())
    with staging.staged(records, Placing()) as plan:
        loading.recognise(plan, goal)
        assert set(plan.skipped()) <= {Reason.EMPTY}
        sums = plan.sums()
        assert sum(loading.load(plan, goal)) == sums.read - sum(plan.skipped().values())
        [group] = plan.groups()
    article = articles.find(site, Name(group.key))
    assert article is not None
    return article


# Small fields

FIELDS = (
    *("site", "rules", "key", "name", "article", "title", "section", "link", "query"),
    *("author", "program", "report", "note", "sanction"),
)
QUERIES = {
    "accounts.sign_in": {"site": "gazette", "next": f"/{hostile('next')}"},
    "accounts.sign_up": {"site": "gazette", "next": f"/{hostile('next')}"},
    "moderation.queue": {"view": "all"},
    "threads.thread": {"site": "gazette", "article": hostile("article")},
}
FURTHER = (
    "/sites/gazette/moderation",
    "/sites/gazette/moderation?view=reported",
    f"/sites/gazette/moderation?{urlencode({hostile('query'): '1'})}",
    f"/connect?site=gazette&nonce=0123456789abcdef&origin={PUBLISHER}",
    f"/connect?{urlencode({'site': 'gazette', 'origin': hostile('origin'), 'back': hostile('b')})}",
)


def test_small_fields_show_as_characters(
    app: Flask, house: House, cast: Cast, tmp_path: Path
) -> None:
    said = [*set_up(house), *refused_name(house)]
    ids = talk(house, cast, tmp_path)
    said += judge(house, *ids)
    label = sessions.Scope(Kind.API, label=hostile("program"))
    transaction(lambda: sessions.begin(cast.rae, label, clock.now()))
    for path in (*pages(app, ids), *FURTHER):
        is_public = house.client.get(path).status_code != 302
        for watch in (*[house.nobody] * is_public, house.rae, house.ada):
            said += watch.visit(house.publisher.service + path).said
    said += [text for seen in house.thread(hostile("article")) for text in seen.said]
    said += house.articles().said
    said += try_to_write(house, cast)
    assert [
        name for name in FIELDS if not any(payloads.marked(name) in text for text in said)
    ] == []
    assert house.found() == []


def set_up(house: House) -> list[str]:
    ada, site = house.ada, f"{house.publisher.service}/sites/gazette"
    ada.visit(f"{site}/settings")
    seen = ada.send("Save the settings", name=hostile("site"), rules=hostile("rules"))
    ada.visit(f"{site}/keys")
    return seen.said + ada.send("Make a key", name=hostile("key")).said


def refused_name(house: House) -> list[str]:
    house.nobody.visit(f"{house.publisher.service}/sign-up?site=gazette")
    fields = {"name": hostile("name"), "password": "seven grey herons waited"}
    return house.nobody.send("Create the account", **fields).said


def talk(house: House, cast: Cast, folder: Path) -> tuple[int, int, int]:
    """One comment to be reported, one that waits for its link, and one of an odd author."""
    facts = {
        "article": hostile("article"),
        "url": f"{PUBLISHER}/{hostile('url')}",
        "title": hostile("title"),
        "section": hostile("section"),
    }
    clock.freeze(NOW)
    first = Rae(house.client, cast).says("Something.", **facts)
    clock.freeze(NOW + APART)
    second = Rae(house.client, cast).says(f"{hostile('link')} https://a.example/", **facts)
    name = f"<name>{cdata(payloads.marked('author'))}</name><isAnonymous>true</isAnonymous>"
    file = exports.disqus(folder, exports.thread("1"), exports.post("1", author=name))
    brought = bring(cast.gazette, Way.DISQUS, disqus.read(file))
    return first, second, int(next(iter(stored(brought))))


def judge(house: House, first: int, second: int, third: int) -> list[str]:
    """A report, two rejections with a word to the author, and a ban."""
    house.ada.visit(f"{house.publisher.service}/comments/{first}/report")
    house.ada.page.get_by_label("Something else").check()
    said = house.ada.send("Report", text=hostile("report")).said
    for id in (second, third):
        house.file(id)
        house.mo.page.locator("[data-reject] > summary").click()
        said += house.mo.send("Insults", note=hostile("note")).said
    house.file(first)
    house.mo.page.get_by_label("For how long").select_option("ban")
    return said + house.mo.send("Suspend or ban", reason=hostile("sanction")).said


def pages(app: Flask, ids: Iterable[int]) -> Iterator[str]:
    """Every page of our own, those about a comment for each of these."""
    routes = app.url_map.bind("")
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if "GET" in (rule.methods or ()) and blueprint in PAGES:
            for id in ids if "id" in rule.arguments else (0,):
                values = {"key": "gazette", "token": "none", "id": id}
                given = {name: values[name] for name in rule.arguments}
                yield routes.build(rule.endpoint, {**given, **QUERIES.get(rule.endpoint, {})})


PAGES = ("accounts", "sites", "threads", "moderation")


def try_to_write(house: House, cast: Cast) -> list[str]:
    """Somebody who is banned, on our page and on a publisher's, is told why."""
    rae = house.rae
    rae.visit(f"{house.publisher.service}/thread?{urlencode(QUERIES['threads.thread'])}")
    said = rae.send("Post comment", body="Let me in.").said
    url = house.publisher.page(slot(escape(hostile("article"))), path="/banned", head="")
    reader.arrive(rae.page, url, cast.rae, cast.gazette)
    rae.went.clear()
    reader.post(rae.page, "Let me in.")
    reader.alert(rae.page).get_by_text("You can't write here").wait_for()
    return said + rae.look().said

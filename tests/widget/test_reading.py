"""Readers, on a page of the publisher's, in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from comments import clock
from comments.threads.models import Article, State
from tests import factories
from tests.conftest import Cast
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


def test_the_first_comment_takes_two_requests_and_no_cookie(
    page: Page, publisher: Publisher, article: Article, cast: Cast, asked: list[Asked]
) -> None:
    root = factories.comment(article, cast.rae, "The tide *turns*.")
    factories.comment(article, cast.mo, "It does.", parent=root)
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.goto(publisher.page())
    expect(page.get_by_text("The tide turns.")).to_be_visible()
    expect(page.get_by_text("It does.")).to_be_visible()
    assert [request.path for request in asked[:2]] == ["/embed.js", "/embed/thread"]
    assert {request.headers["Sec-Fetch-Site"] for request in asked} == {"cross-site"}
    assert not any("Cookie" in request.headers for request in asked)
    assert all(url.startswith((publisher.url, publisher.service)) for url in elsewhere)
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_an_empty_slot_invites(page: Page, publisher: Publisher) -> None:
    page.goto(publisher.page())
    expect(page.get_by_role("heading", name="No comments yet. Be the first.")).to_be_visible()


@pytest.mark.parametrize(
    ("state", "words"),
    [(State.CLOSED, "Comments are closed."), (State.HIDDEN, "Comments are not available.")],
)
def test_an_article_that_takes_no_comments_says_so(
    page: Page, publisher: Publisher, cast: Cast, state: State, words: str
) -> None:
    factories.article(cast.gazette, "tides", state=state)
    page.goto(publisher.page())
    expect(page.get_by_role("heading", name=words)).to_be_visible()
    expect(page.get_by_text("Write a comment")).not_to_be_visible()


def test_ages_are_told_in_words(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    now = clock.now()
    for hours in (0, 13, 24, 24 * 400):
        factories.comment(article, cast.rae, "Said.", at=now - timedelta(hours=hours))
    page.goto(publisher.page())
    ages = page.locator(".age")
    expect(ages.nth(0)).to_have_text("now")
    expect(ages.nth(1)).to_have_text("13 hours ago")
    expect(ages.nth(2)).to_have_text("yesterday")
    expect(ages.nth(3)).to_have_text(re.compile(r"^\d+ \w+ 20\d\d$"))
    expect(ages.nth(1).locator("time")).to_have_attribute("title", re.compile(r"\d\d:\d\d"))


def test_more_comments_come_on_request_and_in_the_order_asked_for(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.many(article, cast.rae, 30)
    page.goto(publisher.page())
    bodies = page.locator(".body")
    expect(bodies).to_have_count(25)
    expect(bodies.first).to_have_text("Number 30.")
    page.get_by_role("link", name="Show more comments").click()
    expect(bodies).to_have_count(30)
    expect(page.locator(".comment").nth(25)).to_be_focused()
    expect(page.get_by_role("link", name="Show more comments")).to_have_count(0)
    page.get_by_role("link", name="Oldest").click()
    expect(bodies.first).to_have_text("Number 1.")
    expect(page.get_by_role("link", name="Oldest")).to_be_focused()


def test_more_replies_come_below_their_comment(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    root = factories.comment(article, cast.rae, "Root.")
    for n in range(1, 21):
        factories.comment(article, cast.mo, f"Reply {n}.", parent=root)
    factories.comment(article, cast.rae, "Another root.")
    page.goto(publisher.page())
    replies = page.locator(f"li:has(> #comment-{root.id}) > .below > ol > li")
    expect(replies).to_have_count(12)
    page.get_by_role("link", name="Show 8 more replies").click()
    expect(replies).to_have_count(20)
    expect(replies.nth(12).locator(".comment")).to_be_focused()
    expect(page.get_by_text("Show 8 more replies")).to_have_count(0)


def test_a_branch_folds_at_its_line(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    root = factories.comment(article, cast.rae, "Root.")
    factories.comment(article, cast.mo, "Reply.", parent=root)
    page.goto(publisher.page())
    line = page.locator("summary")
    line.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Reply.", exact=True)).not_to_be_visible()
    expect(line).to_have_text("Show one reply", use_inner_text=True)
    page.get_by_text("Show one reply").click()
    expect(page.get_by_text("Reply.", exact=True)).to_be_visible()


def test_a_link_to_a_comment_goes_there(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    comments = factories.many(article, cast.rae, 40)
    shown, older, folded = comments[20], comments[3], comments[39]
    below = factories.comment(article, cast.mo, "Deep down.", parent=older)
    page.goto(f"{publisher.page()}#comment-{shown.id}")
    expect(page.locator(f"#comment-{shown.id}")).to_be_focused()
    expect(page.locator(f"#comment-{shown.id}")).to_be_in_viewport()
    page.evaluate(f"location.hash = 'comment-{below.id}'")
    expect(page.get_by_text("Deep down.")).to_be_in_viewport()
    expect(page.locator(f"#comment-{below.id}")).to_be_focused()
    expect(page.locator(f"#comment-{older.id}")).to_have_count(1)
    page.evaluate(f"location.hash = 'comment-{folded.id}'")
    expect(page.locator(f"#comment-{folded.id}")).to_be_focused()


def test_a_link_to_a_comment_that_is_gone_says_so(
    page: Page, publisher: Publisher, article: Article
) -> None:
    page.goto(f"{publisher.page()}#comment-4711")
    expect(page.get_by_role("status")).to_have_text(
        "The comment of this link is not here, or not any more."
    )


def test_the_link_of_a_comment_is_copied_and_shown_in_the_address(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    comment = factories.comment(article, cast.rae, "Quote me.")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(publisher.page())
    page.get_by_role("link", name="Link").click()
    expect(page.get_by_role("status")).to_have_text("The link to this comment is copied.")
    expect(page.locator("a[data-copied]")).to_have_text("Link")
    expect(page.locator("a[data-copied]")).to_have_count(0)
    address = f"{publisher.url}/tides#comment-{comment.id}"
    assert page.evaluate("navigator.clipboard.readText()") == address
    assert page.url == address
    expect(page.get_by_role("link", name="Link")).to_be_focused()


def test_several_slots_each_have_their_thread(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "About tides.")
    factories.comment(factories.article(cast.gazette, "dunes"), cast.rae, "About dunes.")
    custom = '<comments-thread site="gazette" article="dunes"></comments-thread>'
    page.goto(publisher.page(slot() + custom))
    expect(page.locator("section").get_by_text("About tides.")).to_be_visible()
    expect(page.locator("comments-thread").get_by_text("About dunes.")).to_be_visible()


def test_a_slot_that_comes_later_is_filled_and_one_that_changes_is_filled_anew(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "About tides.")
    factories.comment(factories.article(cast.gazette, "dunes"), cast.rae, "About dunes.")
    page.goto(publisher.page("<div id=later></div>"))
    page.evaluate("""() => {
        const slot = document.createElement("section");
        slot.dataset.comments = "";
        slot.dataset.site = "gazette";
        slot.dataset.article = "tides";
        later.append(slot);
    }""")
    expect(page.get_by_text("About tides.")).to_be_visible()
    page.evaluate("document.querySelector('section').dataset.article = 'dunes'")
    expect(page.get_by_text("About dunes.")).to_be_visible()
    expect(page.get_by_text("About tides.")).to_have_count(0)


def test_a_slot_that_leaves_and_comes_back_goes_on(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "About tides.")
    page.goto(publisher.page())
    expect(page.get_by_text("About tides.")).to_be_visible()
    page.evaluate("""() => {
        window.slot = document.querySelector("section");
        slot.remove();
        dispatchEvent(new Event("online"));
    }""")
    page.evaluate("document.querySelector('main').append(slot)")
    expect(page.get_by_text("About tides.")).to_be_visible()
    page.get_by_role("link", name="Write a comment").click()
    expect(page.get_by_label("Your comment")).to_have_count(1)


def test_an_element_that_can_not_hold_a_thread_disturbs_no_other(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "About tides.")
    wrong = (
        '<ul><li data-comments data-site="gazette" data-article="x">No comments yet...</li></ul>'
    )
    page.goto(publisher.page(wrong + slot()))
    expect(page.get_by_text("About tides.")).to_be_visible()
    expect(page.get_by_text("No comments yet...").first).to_be_visible()


def test_a_slot_far_below_is_filled_when_it_comes_near(
    page: Page, publisher: Publisher, article: Article, cast: Cast, asked: list[Asked]
) -> None:
    factories.comment(article, cast.rae, "Far below.")
    page.goto(publisher.page('<div style="block-size: 5000px"></div>' + slot()))
    page.wait_for_function("document.querySelector('section').shadowRoot")
    assert [request.path for request in asked] == ["/embed.js"]
    page.mouse.wheel(0, 4000)
    expect(page.get_by_text("Far below.")).to_be_visible()


def test_without_an_id_the_canonical_address_is_the_id(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    address = f"{publisher.url}/tides"
    article = factories.article(cast.gazette, address)
    factories.alias(article, address)
    factories.comment(article, cast.rae, "Found by address.")
    bare = '<section data-comments data-site="gazette">No comments yet...</section>'
    head = f'<link rel="canonical" href="{address}?utm_source=elsewhere">'
    page.goto(publisher.page(bare, path="/other", head=head))
    expect(page.get_by_text("Found by address.")).to_be_visible()


def test_an_imported_thread_is_found_by_its_known_address(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    old = factories.article(cast.gazette, "disqus-17")
    factories.alias(old, f"{publisher.url}/tides")
    factories.comment(old, cast.rae, "From long ago.")
    page.goto(publisher.page(slot("new-id")))
    expect(page.get_by_text("From long ago.")).to_be_visible()


def test_counts_are_asked_for_once_for_each_site(
    page: Page, publisher: Publisher, article: Article, cast: Cast, asked: list[Asked]
) -> None:
    factories.many(article, cast.rae, 3)

    def number(key: str, id: str) -> str:
        data = f'data-comments-count data-site="gazette" data-article="{key}"'
        return f'<p>Comments: <span id="{id}" {data}>…</span></p>'

    page.goto(publisher.page(number("tides", "a") + number("dunes", "b") + number("tides", "c")))
    expect(page.locator("#a")).to_have_text("3")
    expect(page.locator("#b")).to_have_text("0")
    expect(page.locator("#c")).to_have_text("3")
    assert [request.path for request in asked] == ["/embed.js", "/api/v1/counts"]


def test_a_thread_that_can_not_be_loaded_says_so_and_tries_again(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "After all.")
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.route("**/embed/thread*", lambda route: route.abort())
    page.goto(publisher.page())
    expect(page.get_by_role("alert")).to_contain_text("The comments could not be loaded.")
    (line,) = [text for text in told if text.startswith("Comments of site")]
    for part in ("gazette", publisher.url, "Web addresses where comments may appear"):
        assert part in line
    page.unroute("**/embed/thread*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("After all.")).to_be_visible()


def test_a_page_of_another_origin_gets_nothing(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    factories.comment(article, cast.rae, "Not for you.")
    page.goto(publisher.page(slot(site="field-notes")))
    expect(page.get_by_role("alert")).to_contain_text("The comments could not be loaded.")


def test_the_slot_may_ask_for_a_language(page: Page, publisher: Publisher, marked: str) -> None:
    page.goto(publisher.page(slot(lang="ar-001")))
    expect(page.locator(".thread")).to_have_attribute("dir", "rtl")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_can_be_asked_for(page: Page, publisher: Publisher, theme: str) -> None:
    page.goto(publisher.page(slot(data_theme=theme)))
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 23, 25)"}[theme]
    expect(page.locator(".thread")).to_have_css("background-color", paper)


def test_it_takes_the_font_size_and_colour_of_the_page(page: Page, publisher: Publisher) -> None:
    head = "<style>body { font: 21px Courier; color: rgb(40, 20, 60) }</style>"
    page.goto(publisher.page(head=head))
    heading = page.get_by_role("link", name="Write a comment")
    expect(heading).to_have_css("font-size", "21px")
    expect(heading).to_have_css("font-family", "Courier")
    expect(page.locator(".thread")).to_have_css("color", "rgb(40, 20, 60)")


def test_what_a_server_included_reads_without_script_and_is_taken_over_by_it(
    page: Page, publisher: Publisher, article: Article, cast: Cast, client: object
) -> None:
    factories.comment(article, cast.rae, "In the page itself.")
    html = page.request.get(
        f"{publisher.service}/embed/thread?site=gazette&article=tides&include=1"
    ).text()
    url = publisher.page(slot().replace("No comments yet...", html))
    plain = page.context.browser.new_context(java_script_enabled=False).new_page()  # type: ignore[union-attr]
    plain.goto(url)
    expect(plain.get_by_text("In the page itself.")).to_be_visible()
    plain.context.close()
    later = factories.comment(article, cast.rae, "Since then.")
    page.goto(url)
    expect(page.get_by_text("In the page itself.")).to_be_visible()
    page.get_by_role("button", name="1 new comment").click()
    expect(page.locator(f"#comment-{later.id}")).to_be_focused()

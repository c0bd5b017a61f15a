"""Pages that make it hard: strict policies, ruthless styles, redefined builtins, payloads."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from comments.threads.models import Article
from tests import factories, live
from tests.conftest import Cast
from tests.sites.sso import publisher as sso
from tests.widget import reader
from tests.widget.publisher import STYLE, Publisher, slot

pytestmark = pytest.mark.browser

HOSTILE_STYLE = """<style>
* { all: unset; }
section, p, a, button, textarea, div, ol, li, article {
  color: red !important; display: none !important; font-size: 60px !important;
  position: fixed !important; letter-spacing: 1em; text-transform: uppercase; line-height: 9;
}
section { display: block !important; position: static !important; font-size: 16px !important;
  color: #222 !important; }
main, body, html { display: block; }
</style>"""

# What old libraries and careless code do to builtins, and worse.
HOSTILE_SCRIPT = """<script>
for (const name of ["map", "forEach", "filter", "find", "reduce", "some", "every", "includes",
    "indexOf", "join", "slice", "concat", "flat"])
  Array.prototype[name] = function () { throw new Error("not your " + name); };
Array.prototype.toJSON = function () { return "prototype"; };
Object.prototype.polluted = "yes";
Object.prototype.token = "stolen";
Object.prototype.once = true;
Object.prototype.capture = true;
Object.prototype.delegatesFocus = true;
Object.prototype.headers = { "X-Evil": "1" };
Object.prototype.body = "evil";
window.fetch = () => { throw new Error("not your fetch"); };
Element.prototype.setHTMLUnsafe = () => { throw new Error("not your markup"); };
window.name = "<img src=x onerror=alert(1)>";
</script>"""


@pytest.fixture
def article(cast: Cast) -> Article:
    article = factories.article(cast.gazette, "tides")
    root = factories.comment(article, cast.mo, "Was there *before*.")
    factories.comment(article, cast.mo, "And below.", parent=root)
    return article


def converse(page: Page) -> None:
    """Everything that a signed-in reader does, once."""
    expect(page.get_by_text("And below.")).to_be_visible()
    reader.write(page, "Written **here**.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-seen] strong")).to_have_text("here")
    page.get_by_role("button", name="Post comment").click()
    mine = page.locator(".comment", has_text="Written here.")
    expect(mine).to_be_focused()
    mine.get_by_role("link", name="Edit").click()
    page.get_by_label("Your comment").fill("Rewritten.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".comment > .body", has_text="Rewritten.")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Rewritten.")).to_have_count(0)
    page.get_by_role("link", name="Oldest").click()
    expect(page.get_by_role("link", name="Oldest")).to_be_focused()


@pytest.mark.parametrize("types", ["'none'", "default"])
def test_a_strict_policy_needs_no_more_than_our_address(
    page: Page, publisher: Publisher, article: Article, cast: Cast, types: str
) -> None:
    service = publisher.service
    policy = (
        f"default-src 'none'; script-src {service}; connect-src {service}; "
        f"require-trusted-types-for 'script'; trusted-types {types}"
    )
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    url = publisher.page(head="", Content_Security_Policy=policy)
    reader.arrive(page, url, cast.rae, cast.gazette)
    converse(page)
    assert not [line for line in told if "Content Security Policy" in line or "Trusted" in line]
    expect(page.locator(".comment .body").first).to_have_css("unicode-bidi", "isolate")


def test_signing_in_works_under_a_strict_policy(
    page: Page,
    context: BrowserContext,
    app: Flask,
    publisher: Publisher,
    article: Article,
    cast: Cast,
) -> None:
    live.sign_in(context, app, publisher.service, cast.rae)
    service = publisher.service
    policy = (
        f"default-src 'none'; script-src {service}; connect-src {service}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page.goto(publisher.page(head="", Content_Security_Policy=policy))
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Sign in").click()
    opened.value.get_by_role("button", name="Continue as rae").click()
    expect(page.get_by_text("Signed in as rae")).to_be_visible()


def test_the_styles_of_the_page_stay_outside(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    reader.arrive(page, publisher.page(head=HOSTILE_STYLE), cast.rae, cast.gazette)
    converse(page)
    body = page.locator(".comment > .body").first
    expect(body).to_have_css("font-size", "16px")
    expect(body).to_have_css("text-transform", "none")
    expect(body).to_have_css("letter-spacing", "normal")
    expect(body).to_have_css("position", "static")


def test_redefined_builtins_break_nothing(
    page: Page, publisher: Publisher, article: Article, cast: Cast
) -> None:
    url = publisher.page(head=STYLE + HOSTILE_SCRIPT)
    token = reader.keep_token(page, url, cast.rae, cast.gazette)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(str(request.headers.get("authorization"))))
    page.goto(url)
    converse(page)
    assert set(sent) <= {"None", f"Bearer {token}"}


def test_it_leaves_nothing_on_the_page(page: Page, publisher: Publisher, article: Article) -> None:
    page.goto(publisher.page("", path="/empty").replace("/empty", "/nothing"))
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    page.goto(publisher.page())
    expect(page.get_by_text("And below.")).to_be_visible()
    after = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    assert after - before == set()
    assert page.evaluate("document.cookie") == ""


def test_the_script_twice_is_the_script_once(
    page: Page, publisher: Publisher, article: Article
) -> None:
    again = f'<script async src="{publisher.service}/embed.js"></script>'
    page.goto(publisher.page(slot() + again))
    expect(page.get_by_text("And below.")).to_have_count(1)
    page.get_by_role("link", name="Write a comment").click()
    expect(page.get_by_label("Your comment")).to_have_count(1)


@pytest.mark.parametrize(
    "payload",
    [
        "&quot;><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "{{7*7}}",
        "__proto__",
        "constructor",
    ],
)
def test_payloads_in_attributes_and_the_address_run_nothing(
    page: Page, publisher: Publisher, article: Article, payload: str
) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    body = slot(
        payload, data_url=payload, data_title=payload, data_theme=payload, lang=payload
    ) + slot("tides", site=payload)
    page.goto(f"{publisher.page(body)}?q={payload}#comment-1{payload}")
    expect(page.get_by_role("heading", name="No comments yet. Be the first.")).to_be_visible()
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("could not be loaded")
    assert page.evaluate("({}).polluted") is None


def test_what_people_are_called_can_not_leave_its_box(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    sso.settle(cast.gazette, badges={"w": "W" * 30, "a": "\ufdfd" * 30})
    wide = factories.user("W" * 40, site_id=cast.gazette.id, badges=["w", "a"])
    article = factories.article(cast.gazette, "tides")
    first = factories.comment(article, wide)
    factories.comment(article, wide, parent=factories.comment(article, wide, parent=first))
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(publisher.page())
    expect(page.locator(".badge")).to_have_count(6)
    widths = "(all) => all.filter((one) => one.getBoundingClientRect().right > innerWidth).length"
    assert page.locator(".by *").evaluate_all(widths) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_people_wrote_can_not_leave_its_box(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    article = factories.article(cast.gazette, "tides")
    for text in (
        "x" * 4000,
        "e" + "\u0301" * 3000,
        "\u202e" + "reversed " * 20,
        "> " * 30 + "deep",
    ):
        factories.comment(article, cast.rae, text)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(publisher.page())
    expect(page.locator(".comment")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    outside = page.evaluate("""() => {
        const root = document.querySelector("section").shadowRoot;
        const found = [];
        for (const body of root.querySelectorAll(".comment > .body")) {
          const box = body.getBoundingClientRect();
          for (const part of body.querySelectorAll("*")) {
            const inner = part.getBoundingClientRect();
            const isInside = inner.right <= box.right + 1 && inner.left >= box.left - 1;
            if (!isInside) found.push(part.outerHTML.slice(0, 80));
          }
        }
        return found;
    }""")
    assert outside == []

"""What a reader does on a publisher's page."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, expect

from comments.accounts.models import User
from comments.sites.models import Site
from tests import factories


def keep_token(page: Page, url: str, user: User, site: Site) -> str:
    """Let the browser remember that somebody signed in on the site of this page before."""
    origin = url.rpartition("/")[0]
    token = factories.bearer(user, site, origin)
    page.goto(f"{origin}/nothing")
    page.evaluate(
        "([name, kept]) => localStorage.setItem(name, kept)",
        [f"comments:{site.key}", json.dumps({"token": token})],
    )
    return token


def arrive(page: Page, url: str, user: User, site: Site) -> None:
    """Open the page as somebody who signed in there before."""
    keep_token(page, url, user, site)
    page.goto(url)
    expect(page.get_by_text(f"Signed in as {user.name}").first).to_be_visible()


def write(page: Page, text: str) -> None:
    """Open the form for a comment and fill it in."""
    page.get_by_role("link", name="Write a comment").click()
    page.get_by_label("Your comment").fill(text)


def post(page: Page, text: str) -> None:
    write(page, text)
    page.get_by_role("button", name="Post comment").click()


def without_cache(page: Page) -> None:
    """For a second after an answer the browser may give it again; tests are faster than that."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})


def look_again(page: Page) -> None:
    """Let the page look for what is new, as it does by itself every while."""
    page.evaluate("dispatchEvent(new Event('online'))")


def alert(page: Page) -> Locator:
    """What is said beside the form that is open."""
    return page.get_by_role("alert").locator("visible=true")

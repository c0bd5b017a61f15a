"""The product from end to end: a reader, a moderator, a publisher's page on another site.

Each person has a browser of their own; nothing but clicks and keys happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from comments import clock
from comments.accounts import registration
from comments.accounts.models import User
from comments.db import transaction
from comments.threads.models import Status
from tests import conftest, factories, live, mailbox, recount
from tests.accounts.factors import phone
from tests.conftest import Cast
from tests.notifications.acts import deliver
from tests.widget import reader
from tests.widget.conftest import Asked, asked, publisher  # noqa: F401 - fixtures
from tests.widget.publisher import Publisher

pytestmark = pytest.mark.browser

PASSWORD = "seven grey herons waited"
Opens = Callable[..., Page]
Gives = Callable[[User], User]


@pytest.fixture
def opens(app: Flask, address: str, chromium: Browser) -> Iterator[Opens]:
    """A new browser, signed in on our pages as somebody, or as nobody."""
    contexts: list[BrowserContext] = []

    def browser(user: User | None = None, *, script: bool = True) -> Page:
        context = chromium.new_context(
            base_url=address, locale="en-GB", timezone_id="UTC", java_script_enabled=script
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            live.sign_in(context, app, address, user)
        page = context.new_page()
        if script:
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return page

    yield browser
    for context in contexts:
        context.close()


def sign_up(page: Page, name: str) -> None:
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()


def sign_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("Name or e-mail").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def judge(page: Page, words: str) -> None:
    """Judge the one card that holds these words with one key."""
    card = page.locator("article.card", has_text=words)
    card.focus()
    page.keyboard.press("a")
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)


def remove(page: Page, words: str) -> None:
    card = page.locator("article.card", has_text=words)
    card.get_by_text("Remove…").click()
    card.get_by_role("button", name="Insults or harassment").click()
    expect(card.get_by_text("Remove…")).to_have_count(0)


def test_a_comment_goes_all_the_way(
    opens: Opens,
    publisher: Publisher,  # noqa: F811
    asked: list[Asked],  # noqa: F811
    cast: Cast,
) -> None:
    factories.settle(cast.gazette, premoderation=True)
    url = publisher.page()

    visitor = opens()
    visitor.goto(url)
    expect(visitor.get_by_role("heading", name="No comments yet. Be the first.")).to_be_visible()
    reader.write(visitor, "The tide *always* comes back.")
    with visitor.expect_popup() as opened:
        visitor.get_by_role("button", name="Sign in and post").click()
    sign_up(opened.value, "Wren")
    opened.value.get_by_role("button", name="Continue as Wren").click()
    mine = visitor.locator(".comment", has_text="The tide always comes back.")
    expect(mine).to_contain_text("Only you see this until a moderator has looked.")

    desk = opens(cast.mo)
    desk.goto("/moderation")
    judge(desk, "The tide always comes back.")

    reader.look_again(visitor)
    expect(mine).not_to_contain_text("Only you see this")
    expect(visitor.get_by_role("heading", name="1 comment")).to_be_visible()

    stranger = opens()
    stranger.goto(url)
    expect(stranger.locator(".comment")).to_have_count(1)
    from_pages = [one for one in asked if one.headers.get("Sec-Fetch-Site") == "cross-site"]
    assert from_pages
    assert not [
        one.path for one in from_pages if "Cookie" in one.headers and one.path != "/connect"
    ]
    assert recount.differences() == []


def test_rae_answers_edits_deletes_and_reports(
    opens: Opens,
    publisher: Publisher,  # noqa: F811
    cast: Cast,
) -> None:
    article = factories.article(cast.gazette, "tides")
    long_ago = clock.now() - timedelta(hours=1)
    root = factories.comment(article, cast.sam, "Buy my seaweed!", at=long_ago)
    page = opens()
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)

    page.get_by_role("link", name="Reply to sam").click()
    page.get_by_label("Your reply").fill("No thnks.")
    page.get_by_role("button", name="Post reply").click()
    reply = page.locator(".comment", has_text="No thnks.")
    reply.get_by_role("link", name="Edit").click()
    page.get_by_label("Your comment").fill("No thanks.")
    page.get_by_role("button", name="Save").click()
    reply = page.locator(".comment", has_text="No thanks.")
    expect(reply).to_contain_text("edited")
    reply.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(reply).to_have_count(0)

    page.locator(f"#comment-{root.id}").get_by_role("link", name="Report").click()
    page.get_by_label("Spam or advertising").check()
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_text("Thank you. A moderator will look at it.").first).to_be_visible()
    desk = opens(cast.mo)
    desk.goto("/sites/gazette/moderation?view=reported")
    expect(desk.locator("article.card")).to_contain_text("Spam or advertising")
    assert recount.differences() == []


def test_mo_removes_restores_and_bans(
    opens: Opens,
    publisher: Publisher,  # noqa: F811
    cast: Cast,
) -> None:
    article = factories.article(cast.gazette, "tides")
    long_ago = clock.now() - timedelta(hours=1)
    factories.comment(article, cast.rae, "Nobody reported this.", at=long_ago)
    page = opens()
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    desk = opens(cast.mo)
    desk.goto("/sites/gazette/moderation?view=all")
    remove(desk, "Nobody reported this.")
    reader.look_again(page)
    mine = page.locator(".comment", has_text="Nobody reported this.")
    expect(mine).to_contain_text("Insults or harassment")

    desk.goto("/sites/gazette/moderation?view=all")
    desk.locator("article.card").get_by_role("button", name="Restore").click()
    expect(desk.locator("article.card").get_by_role("button", name="Restore")).to_have_count(0)
    reader.look_again(page)
    expect(mine).not_to_contain_text("Insults or harassment")

    desk.goto(f"/moderation/comments/{factories.newest().id}")
    desk.get_by_label("For how long").select_option(label="For good, until somebody lifts it")
    desk.get_by_label("Reason").fill("Enough now.")
    desk.get_by_role("button", name="Suspend or ban").click()
    reader.post(page, "But why?")
    expect(reader.alert(page)).to_contain_text("Enough now.")
    expect(page.get_by_label("Your comment")).to_have_value("But why?")
    assert recount.differences() == []


def test_the_same_without_script(opens: Opens, cast: Cast) -> None:
    factories.settle(cast.gazette, premoderation=True)
    page, desk = opens(script=False), opens(cast.mo, script=False)
    page.goto("/thread?site=gazette&article=tides")
    page.get_by_role("link", name="Sign in to comment").click()
    sign_up(page, "Wren")
    page.get_by_label("Your comment").fill("Plain forms carry far.")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Post comment").click()
    expect(
        page.get_by_text("Only you see this until a moderator has looked.").first
    ).to_be_visible()

    desk.goto("/moderation")
    desk.get_by_role("button", name="Approve").click()
    page.goto("/thread?site=gazette&article=tides")
    expect(page.get_by_role("heading", name="1 comment")).to_be_visible()

    page.get_by_role("link", name="Reply to Wren").click()
    page.get_by_label("Your reply").fill("And back again.")
    factories.earlier()
    page.get_by_role("button", name="Post reply").click()
    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("Your comment").fill("Edited by hand.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Delete").first.click()
    page.get_by_role("button", name="Delete comment").click()
    expect(page.get_by_text("Your comment is deleted.")).to_be_visible()

    other = opens(cast.rae, script=False)
    other.goto("/thread?site=gazette&article=tides")
    other.get_by_role("link", name="Report").click()
    other.get_by_label("Spam or advertising").check()
    other.get_by_role("button", name="Report").click()
    desk.goto("/sites/gazette/moderation?view=reported")
    desk.get_by_text("Remove…").click()
    desk.get_by_role("button", name="Spam or advertising").click()
    other.goto("/thread?site=gazette&article=tides")
    expect(other.get_by_text("Plain forms carry far.")).to_have_count(0)
    assert recount.differences() == []


def test_a_forgotten_password_is_replaced_by_a_letter(
    app: Flask, opens: Opens, gives: Gives, cast: Cast
) -> None:
    transaction(lambda: registration.confirm_email(cast.rae, "rae@example.com", clock.now()))
    gives(cast.rae)
    page = opens()
    page.goto("/mine")
    sign_in(page, "rae", "what was it again")
    expect(page.get_by_role("alert")).to_be_visible()
    with mailbox.opened(app) as box:
        page.get_by_role("link", name="Have a link mailed that signs you in.").click()
        page.get_by_label("Name or e-mail").fill("rae@example.com")
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        box.drain()
        link = box.link("http")
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("choose another one now")).to_be_visible()
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    page.goto("/account")
    sign_in(page, "rae", conftest.PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, "rae@example.com", PASSWORD)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("button", name="Sign in")).to_have_count(0)


def test_mo_decides_once_an_app_vouches_for_her(opens: Opens, gives: Gives, cast: Cast) -> None:
    factories.settle(cast.gazette, second_factor=True)
    article = factories.article(cast.gazette, "tides")
    factories.comment(article, cast.rae, "The tide comes back.", to=Status.PENDING)
    gives(cast.mo)
    page = opens()
    page.goto("/moderation")
    sign_in(page, "mo", conftest.PASSWORD)
    expect(page.get_by_text("Gazette asks its moderators for a second factor")).to_be_visible()
    page.get_by_role("link", name="Set up an authenticator app").click()
    mine = phone.Phone(page.get_by_label("Key", exact=True).input_value().replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(mine.shows())
    page.get_by_role("button", name="Set up the app").click()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()

    page.goto("/moderation")
    sign_in(page, "mo", conftest.PASSWORD)
    page.get_by_label("Code").fill(mine.wrong())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(mine.shows(30))
    page.get_by_role("button", name="Sign in").click()
    judge(page, "The tide comes back.")
    assert factories.newest().status is Status.PUBLISHED
    assert recount.differences() == []


def test_a_new_moderator_comes_by_a_letter(app: Flask, opens: Opens, cast: Cast) -> None:
    with mailbox.opened(app) as box:
        ada = opens(cast.ada)
        ada.goto("/sites/gazette/members")
        ada.get_by_label("E-mail").fill("wren@example.com")
        ada.get_by_role("button", name="Invite").click()
        expect(ada.get_by_text("on its way to wren@example.com")).to_be_visible()
        expect(ada.get_by_role("button", name="Revoke wren@example.com")).to_be_visible()
        box.drain()
        link = box.link("http")
    wren = opens()
    wren.goto(link)
    expect(wren.get_by_text("Moderator: decides on comments")).to_be_visible()
    wren.get_by_role("link", name="Create an account").click()
    wren.get_by_label("Name").fill("Wren")
    wren.get_by_label("E-mail").fill("wren@example.com")
    wren.get_by_label("Password").fill(PASSWORD)
    wren.get_by_role("button", name="Create the account").click()
    wren.get_by_role("button", name="Accept as Wren").click()
    expect(wren.get_by_text("You work on Gazette now.")).to_be_visible()
    expect(wren.get_by_role("link", name="Moderation").first).to_be_visible()
    wren.goto("/account")
    expect(wren.get_by_text("confirmed", exact=True)).to_be_visible()
    ada.reload()
    expect(ada.get_by_role("button", name="Revoke wren@example.com")).to_have_count(0)
    ada.get_by_role("button", name="Remove Wren").click()
    expect(ada.get_by_text("The member is removed.")).to_be_visible()
    wren.goto("/sites/gazette/moderation")
    expect(wren.get_by_text("There is no such site.")).to_be_visible()


def test_a_guest_hears_by_letters_and_becomes_an_account(
    app: Flask,
    opens: Opens,
    publisher: Publisher,  # noqa: F811
    cast: Cast,
) -> None:
    factories.settle(cast.gazette, commenters="guests")
    url = publisher.page()
    with mailbox.opened(app) as box:
        wren = opens()
        wren.goto(url)
        reader.write(wren, "The tide is late.")
        wren.get_by_label("Your name").fill("Wren")
        wren.get_by_label("E-mail").fill("wren@example.com")
        wren.get_by_role("button", name="Post comment").click()
        expect(wren.locator(".state").get_by_text("Only you see this")).to_be_visible()
        box.drain()
        wren.goto(box.link(f"{publisher.service}/guest/"))
        expect(wren.get_by_text("wren@example.com")).to_be_visible()
        wren.get_by_role("button", name="Open my comments").click()
        expect(wren.get_by_text("Waiting")).to_be_visible()

        desk = opens(cast.mo)
        desk.goto("/moderation")
        judge(desk, "The tide is late.")
        rae = opens()
        reader.arrive(rae, url, cast.rae, cast.gazette)
        rae.get_by_role("link", name="Reply to Wren").click()
        rae.get_by_label("Your reply").fill("It was the wind.")
        rae.get_by_role("button", name="Post reply").click()
        expect(rae.locator(".comment", has_text="It was the wind.").first).to_be_visible()
        assert [letter["To"] for letter in deliver(box)] == ["wren@example.com"] * 2
        wren.goto(box.link(f"{publisher.service}/comments/{factories.newest().id}"))
    expect(wren.locator(f"#comment-{factories.newest().id}")).to_contain_text("It was the wind.")
    wren.get_by_role("link", name="Account").click()
    wren.get_by_role("link", name="Make an account").click()
    wren.get_by_label("Password").fill(PASSWORD)
    wren.get_by_role("button", name="Make the account").click()
    expect(wren.get_by_text("Everything you wrote is yours.")).to_be_visible()
    expect(wren.get_by_text("confirmed", exact=True)).to_be_visible()
    wren.goto("/mine")
    expect(wren.get_by_text("The tide is late.")).to_be_visible()
    wren.goto(url)
    expect(wren.get_by_text("Signed in as Wren").first).to_be_visible()
    assert recount.differences() == []

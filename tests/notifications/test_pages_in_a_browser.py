"""What people hear, and how often, in a real browser: narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page

from comments import clock
from comments.accounts.models import User
from comments.db import db
from comments.notifications import leaving, reviewing
from comments.sites import access
from comments.threads.models import Comment, Status
from tests import axe, factories, live
from tests.conftest import Cast
from tests.moderation import scene
from tests.moderation.acts import decide
from tests.notifications import acts

pytestmark = pytest.mark.browser

Goes = Callable[[User | None, str], Page]


@pytest.fixture
def goes(app: Flask, address: str, chromium: Browser) -> Iterator[Goes]:
    """One window, in which this person or nobody opens a page."""
    context = chromium.new_context(base_url=address)
    page = context.new_page()

    def go(user: User | None, path: str) -> Page:
        context.clear_cookies()
        if user is not None:
            live.sign_in(context, app, address, user)
        page.goto(path)
        return page

    yield go
    context.close()


@pytest.fixture
def told(cast: Cast, pushes: None) -> User:
    """Rae, who is answered, named, and read what was decided, and who follows a conversation."""
    article = scene.laid_out(cast)
    acts.follow(article, cast.rae)
    own = factories.comment(article, cast.rae, "What of the gauges?")
    factories.comment(article, cast.sam, scene.LONG, parent=own)
    factories.comment(article, factories.user("Ken"), f"As @rae said: {scene.ARABIC}")
    factories.comment(article, cast.sam, "Well.")
    held = factories.comment(article, cast.rae, "Pumps are cheap.", to=Status.PENDING)
    decide(held, "reject", cast.mo, reason="spam", note="No prices here, please.")
    acts.tell()
    return cast.rae


def test_pages_of_what_one_hears(goes: Goes, told: User) -> None:
    for path in ("", "/settings", "/settings/gazette"):
        assert axe.wherever(goes(told, f"/notifications{path}")) == []


def test_letters_are_ended_without_signing_in(goes: Goes, told: User, cast: Cast) -> None:
    page = goes(None, leaving.address(told, cast.gazette, "notifications"))
    assert axe.wherever(page) == []
    page.get_by_role("button", name="No more e-mails").click()
    page.get_by_text("No more e-mails come from here.").wait_for()
    assert axe.wherever(page) == []


def test_a_comment_is_decided_on_by_its_link(goes: Goes, told: User, cast: Cast) -> None:
    factories.settle(cast.gazette, mail_decisions=True)
    viewer = access.the_membership("gazette", cast.ada)
    of_rae = sa.select(Comment).where(
        Comment.status == Status.PENDING, Comment.author_id == told.id
    )
    page = goes(None, reviewing.address(viewer, db.session.scalars(of_rae).one(), clock.now()))
    assert axe.wherever(page) == []
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("alert").wait_for()
    assert axe.wherever(page) == []
    page.get_by_label("Spam or advertising").check()
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("heading", name="Done.").wait_for()
    assert axe.wherever(page) == []

"""Every letter, as a mail program shows it: narrow, light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, template_rendered
from playwright.sync_api import Browser

from comments import clock, resources
from comments.accounts import letters
from comments.accounts.models import User
from comments.db import transaction
from comments.threads.models import Article
from tests import axe, factories
from tests.accounts.factors import phone
from tests.conftest import Cast
from tests.mailbox import Mailbox
from tests.notifications import acts

pytestmark = pytest.mark.browser

# A mail program has these around a letter, and the colours that it is told to use below it.
AROUND = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}
SCREEN = {"width": 360, "height": 800}
# Sentences without a space between them.
GLUED = re.compile(r"[a-z]\.[A-Z]\w*")
BELOW = "html { background: Canvas; }"


def claim(user: User, email: str) -> None:
    """Say that an address is one's own."""

    def act() -> None:
        user.email = user.email_key = email
        letters.ask_to_confirm(user, clock.now())

    transaction(act)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_can_be_read(
    app: Flask,
    chromium: Browser,
    cast: Cast,
    article: Article,
    box: Mailbox,
    scheme: Any,
) -> None:
    drawn: set[str] = set()
    acts.let_everything_be_written(cast, article)
    claim(factories.user("kim"), "kim@example.com")
    claim(factories.user("zoe"), "rae@example.com")
    phone.set_up(cast.mo)
    with template_rendered.connected_to(lambda _app, template, **_: drawn.add(template.name), app):
        acts.deliver(box)
    known = {f"mail/{path.name}" for path in Path(resources.TEMPLATES, "mail").glob("[!_]*.html")}
    assert known <= drawn
    with chromium.new_context(color_scheme=scheme, viewport=SCREEN) as context:
        page = context.new_page()
        for letter in box.letters:
            page.set_content(letter.get_body(("html",)).get_content())
            page.add_style_tag(content=BELOW)
            assert axe.violations(page, rules=AROUND) == [], letter["Subject"]
            assert axe.undecided(page, rules=AROUND) == [], letter["Subject"]
            assert GLUED.findall(page.inner_text("body")) == []
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

"""Every letter as HTML, in a real browser: narrow and wide, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from comments import mail
from tests import axe, letters
from tests.conftest import Cast

pytestmark = pytest.mark.browser

# A letter stands within a page of the mail program, which has the landmarks.
OF_THE_PROGRAM = {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}
ITS_PAPER = ":root { background: Canvas; color: CanvasText }"
TWO_SENTENCES = re.compile(r"[a-z]\.[A-Z].*")


def test_letters_can_be_read_by_everybody(cast: Cast, chromium: Browser, frozen: object) -> None:
    made = letters.made(cast)
    assert made.keys() == {*mail.composers, letters.STRANGERS}
    page = chromium.new_page()
    wrong = {}
    for kind, letter in made.items():
        page.set_content(letters.part(letter, "html"))
        page.add_style_tag(content=ITS_PAPER)
        wrong[kind] = axe.wherever(page, rules={**axe.OPTIONS["rules"], **OF_THE_PROGRAM})
        wrong[kind] += axe.undecided(page, **axe.COLOURS)
        wrong[kind] += TWO_SENTENCES.findall(page.inner_text("body"))
    page.close()
    assert {kind: found for kind, found in wrong.items() if found} == {}

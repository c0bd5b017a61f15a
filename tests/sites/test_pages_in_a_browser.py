from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests import axe, live
from tests.conftest import Cast

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_fault_that_axe_finds(
    app: Flask, address: str, chromium: Browser, cast: Cast, scheme: str, width: int
) -> None:
    context = chromium.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": 800},  # type: ignore[arg-type]
    )
    live.sign_in(context, app, address, cast.rae)
    page = context.new_page()
    page.goto(f"{address}/no-such-page")
    assert "Signed in as rae" in page.inner_text("header")
    assert axe.violations(page) == []
    context.close()

"""What axe finds wrong on a page, as lines to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS: dict[str, Any] = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
}
# What another colour scheme may change.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def violations(page: Page, **options: object) -> list[str]:
    return _lines(page, "violations", **options)


def undecided(page: Page, **options: object) -> list[str]:
    """What axe leaves to people to judge."""
    return _lines(page, "incomplete", **options)


def by_day_and_night(page: Page, look: Callable[..., list[str]] = violations) -> list[str]:
    """What is wrong with a page in light, and what dark makes wrong with it."""
    found = look(page)
    page.emulate_media(color_scheme="dark")
    found += look(page, **COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def wherever(page: Page, **options: object) -> list[str]:
    """What is wrong with a page, loaded once, in a narrow window and a wide one, light and dark."""
    found = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light")
        found += [f"{width} light {line}" for line in violations(page, **options)]
        page.emulate_media(color_scheme="dark")
        found += [f"{width} dark {line}" for line in violations(page, **COLOURS)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width} too wide: {page.url}")
    return found


def _lines(page: Page, outcome: str, **options: object) -> list[str]:
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    asked = {**OPTIONS, "resultTypes": [outcome], **options}
    found = page.evaluate("options => axe.run(options)", asked)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found[outcome]
        for node in rule["nodes"]
    ]

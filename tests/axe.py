"""What axe finds wrong on a page, as lines to read."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
}


def violations(page: Page, **options: object) -> list[str]:
    return _lines(page, "violations", **options)


def undecided(page: Page, **options: object) -> list[str]:
    """What axe leaves to people to judge."""
    return _lines(page, "incomplete", **options)


def _lines(page: Page, outcome: str, **options: object) -> list[str]:
    found = Axe().run(page, options={**OPTIONS, **options})
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found.response[outcome]
        for node in rule["nodes"]
    ]

"""Browsers that tell what ran on a page, what it asked for, and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Dialog, Frame, Page, Request


@dataclass(frozen=True)
class Seen:
    """What stands on a page: the HTML of texts, names, and everything that can be read."""

    texts: list[str]
    names: list[str]
    said: list[str]


@dataclass
class Watch:
    """One tab, whose every page must hold still; `found` says what did not."""

    context: BrowserContext
    origins: Sequence[str]
    found: list[str] = field(default_factory=list)
    went: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        ours = "|".join(re.escape(f"{origin}/") for origin in self.origins)
        self.context.route(re.compile(f"^(?!{ours})"), lambda route: route.abort())
        self.context.expose_binding("tellOfPage", lambda _page, what: self.found.append(what))
        self.context.add_init_script(path=Path(__file__).with_suffix(".js"))
        self.context.on("request", self._asked)
        self.context.on("dialog", self._stopped)
        self.context.on("weberror", lambda error: self.found.append(f"threw {error.error}"))
        self.page: Page = self.context.new_page()
        self.context.on("page", lambda page: self.found.append(f"opened {page.url}"))
        self.page.on("framenavigated", self._navigated)

    def visit(self, url: str, until: str = "body") -> Seen:
        """Open a page, and judge it once this is on it."""
        self.went.clear()
        self.page.goto(url)
        self.page.locator(until).first.wait_for(state="attached")
        return self.look()

    def send(self, button: str, **fields: str) -> Seen:
        """Fill in the form on the page and send it, and judge the page that answers."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]:visible").fill(value)
        self.went.clear()
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button).click()
        return self.look()

    def look(self) -> Seen:
        """Judge the page as it is now."""
        seen = self.page.evaluate("(origins) => inert.look(origins)", list(self.origins))
        self.found += seen.pop("found")
        if len(self.went) > 1:
            self.found.append(f"went {self.went}")
        return Seen(**seen)

    def parsed(self, htmls: Sequence[str]) -> list[str]:
        """The same HTML as the browser writes it."""
        parsed: list[str] = self.page.evaluate("(htmls) => htmls.map(inert.parsed)", list(htmls))
        return parsed

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(tuple(f"{origin}/" for origin in self.origins)):
            self.found.append(f"asked for {request.url}")

    def _stopped(self, dialog: Dialog) -> None:
        self.found.append(f"said {dialog.message}")
        dialog.dismiss()

    def _navigated(self, frame: Frame) -> None:
        self.went.append(frame.url)

"""`comments doctor`: says what is wrong, and what to do."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa
from pydantic import SecretStr

from comments import health, settings
from comments.console import app_context, nothing_at
from comments.db import db
from comments.doctor import embeds, installation, pages
from comments.doctor.findings import Finding, Level, fail, ok
from comments.serving import BEHIND
from comments.settings import Settings, WrongSettings
from comments.sites.models import Site


@click.command()
@click.option("--page", metavar="URL", help="Look at the comments of this page instead.")
def doctor(page: str | None) -> None:
    """Say what is wrong with this installation, or with a page that shows comments."""
    findings = list(_found(page))
    for finding in findings:
        click.echo(finding)
    if any(finding.level is Level.FAIL for finding in findings):
        sys.exit(1)


def _found(page: str | None) -> Iterable[Finding]:
    try:
        given = settings.read()
    except WrongSettings as error:
        return [fail("settings", str(error))]
    if given.is_new:
        return [fail("instance", f"there is {nothing_at(given)}")]
    with _looking(given):
        return list(_page(page, given.url) if page else _installation(given))


@contextmanager
def _looking(given: Settings) -> Iterator[None]:
    """The app, without the secret that a first start makes: whoever looks makes nothing."""
    unkept = {"secret_key": SecretStr(secrets.token_urlsafe(48))}
    with app_context(given.model_copy(update=unkept)):
        yield


def _installation(given: Settings) -> Iterable[Finding]:
    yield ok("settings", "every COMMENTS_… variable can be read")
    yield from installation.examine(given)


def _page(url: str, service: str) -> Iterable[Finding]:
    if not health.is_migrated():
        return [fail("database", BEHIND)]
    try:
        page = pages.fetch(url)
    except pages.CannotFetch as error:
        return [fail("page", f"{url} can't be looked at: {error}")]
    sites = {site.key: site.addresses for site in db.session.scalars(sa.select(Site))}
    return [ok("page", page.url), *embeds.examine(page, service, sites)]

"""`comments doctor`: says what is wrong, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click
import sqlalchemy as sa
from flask import current_app

from comments import settings
from comments.console import app_context, in_app
from comments.db import db
from comments.doctor import embeds, installation, pages
from comments.doctor.findings import Finding, Level, fail, ok
from comments.settings import WrongSettings
from comments.sites.models import Site


@click.command()
@click.option("--page", metavar="URL", help="Look at the comments of this page instead.")
def doctor(page: str | None) -> None:
    """Say what is wrong with this installation, or with a page that shows comments."""
    findings = list(_page(page) if page else _installation())
    for finding in findings:
        click.echo(finding)
    if any(finding.level is Level.FAIL for finding in findings):
        sys.exit(1)


def _installation() -> Iterable[Finding]:
    try:
        with app_context() as app:
            found = installation.examine(settings.current_of(app))
            return [ok("settings", "every COMMENTS_… variable can be read"), *found]
    except WrongSettings as error:
        return [fail("settings", str(error))]


@in_app
def _page(url: str) -> Iterable[Finding]:
    try:
        page = pages.fetch(url)
    except pages.CannotFetch as error:
        return [fail("page", f"{url} can't be looked at: {error}")]
    sites = {site.key: site.addresses for site in db.session.scalars(sa.select(Site))}
    service = settings.current_of(current_app).url
    return [ok("page", page.url), *embeds.examine(page, service, sites)]

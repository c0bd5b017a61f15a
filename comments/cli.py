"""The `comments` command: everything that an operator does."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from comments import __version__, serving, settings
from comments.commands.hooks import hook
from comments.commands.mail import mailing, work
from comments.commands.push import push
from comments.commands.setup import setup
from comments.commands.sites import site
from comments.commands.users import user
from comments.console import Commands, app_context, migrated
from comments.demo.commands import demo
from comments.doctor.commands import doctor
from comments.imports.commands import importing


@click.group(cls=Commands)
@click.version_option(__version__)
def main() -> None:
    """Comments and moderation for publishers, on your own machine."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="The port to listen on; that of COMMENTS_URL if it is on this machine, else 8000.",
)
@click.option("--workers", type=click.IntRange(1), default=1, help="Processes; PostgreSQL only.")
def serve(host: str, port: int | None, workers: int) -> None:
    """Serve until stopped."""
    serving.serve(serving.Place(host, port or _usual_port(), workers))


def _usual_port() -> int:
    given = settings.read()
    return urlsplit(given.url).port or 8000 if given.is_local else 8000


@main.command()
def migrate() -> None:
    """Bring the database up to date; doing it twice changes nothing."""
    with app_context():
        migrated()
    click.echo("The database is up to date.")


site.add_command(hook)
for each in (setup, work, site, user, mailing, push, importing, doctor, demo):
    main.add_command(each)

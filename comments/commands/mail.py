"""`comments work` and `comments mail`: what is sent, what could not be, and whether it would be."""

from __future__ import annotations

import secrets
import signal
import sys
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import click
from dns.resolver import Resolver
from flask import current_app

from comments import clock, mail, outbox, settings
from comments.commands.users import KnownEmail
from comments.console import in_app
from comments.db import db, transaction
from comments.doctor import letters
from comments.doctor.findings import Finding, Level
from comments.errors import NotFound
from comments.forms import parse
from comments.outbox import Outgoing
from comments.working import Crew

LISTED = 50


@click.command()
@in_app
def work() -> None:
    """Send mail, and whatever else is done beside the requests, until stopped.

    `comments serve` does so too, and several at once are safe.
    """
    crew = Crew(current_app._get_current_object())  # type: ignore[attr-defined]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_of_it: crew.stop())
    crew.start()
    crew.wait()


@click.group("mail")
def mailing() -> None:
    """Letters: which could not be sent, and why; send them again."""


@mailing.command()
@click.argument("address")
@in_app
def test(address: str) -> None:
    """Send a letter to ADDRESS, and tell what each step answered."""
    to = parse(KnownEmail, {"email": address}).email
    given = settings.current()
    message_id = f"<{secrets.token_hex(16)}@{urlsplit(given.url).hostname}>"
    findings = list(told(letters.trial(given, to, message_id)))
    told_too = list(told(letters.records(given, Resolver())))
    if any(finding.level is Level.FAIL for finding in findings + told_too):
        sys.exit(1)


def told(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        click.echo(finding)
        yield finding


@mailing.command("list")
@in_app
def dead() -> None:
    """Tell of the letters that could not be sent, the last first."""
    page = outbox.page(outbox.dead(mail.QUEUE), None, LISTED)
    for row in page.rows:
        click.echo(f"{row.id}  {row.died_at:%Y-%m-%d %H:%M}  {row.kind}  {row.words}")
    if page.after:
        click.echo("... and more.")
    elif not page.rows:
        click.echo("None.")


@mailing.command()
@click.argument("id", type=int)
@in_app
def again(id: int) -> None:
    """Try once more to send the letter of this number."""
    row = db.session.scalar(outbox.dead(mail.QUEUE).where(Outgoing.id == id))
    if row is None:
        raise NotFound(f"No letter {id} failed.")
    transaction(lambda: outbox.again(row, clock.now()))
    click.echo("It is sent soon.")

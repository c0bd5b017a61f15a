"""`comments site hook`: what owners and admins do on the page of webhooks."""

from __future__ import annotations

import click

from comments import clock
from comments.commands.sites import KEY
from comments.console import in_app
from comments.db import db, transaction
from comments.forms import parse
from comments.hooks import configuring, queries, queueing
from comments.hooks.forms import FIELDS, NewHook
from comments.hooks.models import Format, Hook
from comments.sites.queries import by_key

ID = click.argument("id", type=int)


@click.group()
def hook() -> None:
    """Webhooks: servers that are told what happens on a site."""


@hook.command("list")
@KEY
@in_app
def show_all(key: str) -> None:
    """Print each receiver with its number, its events, and whether it is stopped."""
    for each in db.session.scalars(queries.of(by_key(key))):
        stopped = "\tstopped" if each.stopped_at else ""
        click.echo(f"{each.id}\t{each.host}\t{each.format.value}\t{' '.join(each.events)}{stopped}")


@hook.command()
@KEY
@click.argument("url")
@click.option(
    "--event",
    "events",
    type=click.Choice([event.value for event in FIELDS.values()]),
    multiple=True,
    required=True,
    help="What it is told of; may be given more than once.",
)
@click.option("--slack", is_flag=True, help="Messages for a chat instead of signed JSON.")
@in_app
def add(key: str, url: str, events: tuple[str, ...], slack: bool) -> None:
    """Tell URL what happens on a site. Prints its secret, which is shown once."""
    chosen = {name: True for name, event in FIELDS.items() if event.value in events}
    given = {"url": url, "format": Format.SLACK if slack else Format.JSON, **chosen}
    site, form = by_key(key), parse(NewHook, given)
    made, secret = transaction(lambda: configuring.add(site, form, None, clock.now()))
    click.echo(secret or f"{made.id} is set up.")


@hook.command()
@KEY
@ID
@in_app
def remove(key: str, id: int) -> None:
    """Tell the receiver with this number nothing more."""
    found = _found(key, id)
    transaction(lambda: configuring.remove(found, None, clock.now()))
    click.echo("It is removed.")


@hook.command()
@KEY
@ID
@in_app
def secret(key: str, id: int) -> None:
    """Print a fresh secret. Until the older one is retired, both sign."""
    found = _found(key, id)
    click.echo(transaction(lambda: configuring.make_secret(found, None, clock.now())))


@hook.command()
@KEY
@ID
@in_app
def retire(key: str, id: int) -> None:
    """Sign with the fresh secret alone."""
    found = _found(key, id)
    transaction(lambda: configuring.retire_secret(found, None, clock.now()))
    click.echo("The fresh secret signs alone.")


@hook.command()
@KEY
@ID
@in_app
def start(key: str, id: int) -> None:
    """Tell a receiver again that had said it is gone."""
    found = _found(key, id)
    transaction(lambda: configuring.start(found, None, clock.now()))
    click.echo("It is told again of what happens from now on.")


@hook.command()
@KEY
@ID
@in_app
def test(key: str, id: int) -> None:
    """Let a worker send an event that says nothing."""
    found = _found(key, id)
    transaction(lambda: queueing.test(found, None, clock.now()))
    click.echo("It is sent soon.")


def _found(key: str, id: int) -> Hook:
    return queries.the_hook(by_key(key), id)

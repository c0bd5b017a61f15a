"""`comments push`: what it takes to tell people in their browsers."""

from __future__ import annotations

import click

from comments import vapid


@click.group()
def push() -> None:
    """Notifications in browsers (web push)."""


@push.command()
def key() -> None:
    """Make a key, by which push services know this service, as a line of its settings.

    Another key ends all that people have set up in their browsers.
    """
    click.echo(f"COMMENTS_PUSH_KEY={vapid.new_key()}")

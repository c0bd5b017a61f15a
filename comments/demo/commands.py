"""`comments demo`: the made-up publisher, and the service that it uses."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from comments import serving, settings
from comments.console import app_context, migrated, progress
from comments.demo import large, world
from comments.demo.large import World
from comments.demo.publisher import create_publisher
from comments.demo.story import story

HOST, PUBLISHER_HOST = "127.0.0.1", "localhost"
# Comments on an article of a newspaper.
USUAL = 65

WELCOME = """
  A publisher      http://localhost:{publisher}/
    a lively thread     /articles/tidal-clock-2041
    no comments yet     /articles/marsh-meteors
    closed              /articles/lantern-route
    several threads     /articles/two-threads
  Another          http://localhost:{publisher}/field-notes/
  The service      {service}/
    the moderators' desk /moderation

  Sign in as Ada (owner), Mo (moderator), Rae (reader) or Sam (moderator of Field Notes),
  each with the password: {password}
"""


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    envvar="PORT",
    default=8000,
    show_default=True,
    help="The service's port; the publisher takes the next.",
)
@click.option("--serve", "serves", is_flag=True, help="Then serve both until stopped.")
@click.option(
    "--comments",
    type=click.IntRange(1),
    help="Make so many comments instead, to measure in: a site of its own, in the database of "
    "COMMENTS_DATABASE_URL if that is set, else in the demo's.",
)
@click.option("--articles", type=click.IntRange(1), help="On so many articles, if not the usual.")
@click.option("--seed", default=1, show_default=True, help="Other comments for another number.")
def demo(port: int, serves: bool, comments: int | None, articles: int | None, seed: int) -> None:
    """Load a made-up publisher and its readers into a database of their own."""
    if comments is None:
        if articles:
            raise click.UsageError("Say how many comments, too: --comments NUMBER")
        _show(port, serves)
    elif serves:
        raise click.UsageError("Make the comments first, then serve: comments demo --serve")
    else:
        _enlarge(port, World(articles or max(1, comments // USUAL), comments, seed))


def _show(port: int, serves: bool) -> None:
    service, publisher = _addresses(port)
    _set_aside(service)
    with app_context():
        migrated()
        as_of = world.told_at() or _told(publisher)
        world.admit(publisher)
    click.echo(WELCOME.format(service=service, publisher=port + 1, password=world.PASSWORD))
    if serves:
        with _published(create_publisher(service, as_of=as_of), port + 1):
            serving.serve(serving.Place(HOST, port))


def _enlarge(port: int, wanted: World) -> None:
    service, publisher = _addresses(port)
    if not os.environ.get("COMMENTS_DATABASE_URL"):
        _set_aside(service)
    with app_context():
        migrated()
        site = large.opened([publisher])
        with progress() as bar:
            task = bar.add_task("Making comments", total=wanted.comments)
            made = large.fill(site, wanted, lambda done: bar.advance(task, done))
        click.echo(f"{made:,} comments made, {wanted.comments - made:,} were there already.")
        for article in large.longest(site):
            key = quote(article.key)
            click.echo(f"{article.published}\t{service}/thread?site={large.KEY}&article={key}")


def _addresses(port: int) -> tuple[str, str]:
    return f"http://{HOST}:{port}", f"http://{PUBLISHER_HOST}:{port + 1}"


def _set_aside(service: str) -> None:
    """Whatever else is configured, the demo has its own database and knows its own address."""
    database = settings.read().instance / "demo.db"
    os.environ["COMMENTS_DATABASE_URL"] = f"sqlite:///{database}"
    os.environ["COMMENTS_URL"] = service


def _told(publisher: str) -> datetime:
    with click.progressbar(length=len(story()), label="Loading the demo") as bar:
        return world.tell(publisher, lambda: bar.update(1))


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def _published(publisher: Flask, port: int) -> Iterator[None]:
    """Let the publisher answer beside the service. Raises CannotServe for a taken port."""
    try:
        listening = socket.create_server((PUBLISHER_HOST, port))
    except OSError as error:
        raise serving.CannotServe(
            f"Can't listen on {PUBLISHER_HOST} port {port} ({error.strerror}); "
            "stop what does, or choose others: --port NUMBER, or make run PORT=NUMBER"
        ) from None
    server = make_server(
        PUBLISHER_HOST,
        port,
        publisher,
        threaded=True,
        request_handler=_Quiet,
        fd=listening.fileno(),
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        listening.close()

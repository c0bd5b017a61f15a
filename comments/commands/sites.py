"""`comments site`: what owners do on the settings page, and what only an operator does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import sqlalchemy as sa
from flask import current_app

from comments import clock, settings
from comments.commands.users import named
from comments.console import in_app
from comments.db import db, transaction
from comments.errors import NotFound
from comments.forms import Form, parse
from comments.sites import embedding, keys, managing
from comments.sites.forms import EditedSite, Key, Name, NewKey, Origins
from comments.sites.invitations import inviting, letters
from comments.sites.invitations.forms import NewInvitation
from comments.sites.models import Role, Site, SiteKey
from comments.sites.queries import by_key

KEY = click.argument("key")


class NewSite(Form):
    key: Key
    name: Name
    origins: Origins


def new_site(key: str, name: str | None, origins: tuple[str, ...]) -> NewSite:
    """Raises Invalid. A site without a name is called after its key."""
    name = name or key.replace("-", " ").title()
    return parse(NewSite, {"key": key, "name": name, "origins": list(origins)})


@click.group()
def site() -> None:
    """Sites: addresses, settings, keys, invitations, and the code to embed."""


@site.command("list")
@in_app
def show_all() -> None:
    """Print each site with its name and its addresses."""
    for each in db.session.scalars(sa.select(Site).order_by(Site.key)):
        click.echo(f"{each.key}\t{each.name}\t{' '.join(each.addresses)}")


@site.command()
@KEY
@click.option("--origin", "origins", metavar="URL", multiple=True, required=True, help="Where.")
@click.option("--owner", metavar="NAME", required=True, help="Who owns it; somebody known here.")
@click.option("--name", help="What it is called; its key if nothing is said.")
@in_app
def add(key: str, origins: tuple[str, ...], owner: str, name: str | None) -> None:
    """Make another site."""
    form, person = new_site(key, name, origins), named(owner)
    transaction(lambda: managing.create(form.key, form.name, form.origins, person, clock.now()))
    click.echo(embed_code(form.key))


@site.command("set")
@KEY
@click.argument("changes", nargs=-1, metavar="NAME=VALUE...")
@in_app
def change(key: str, changes: tuple[str, ...]) -> None:
    """Change settings of a site; without any, print those in force."""
    found = by_key(key)
    if changes:
        _change(found, dict(_pair(each) for each in changes))
    for name, value in _in_force(found).items():
        click.echo(f"{name}={value}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text} is no setting; write it like hold_first=2.")
    return name, value


def _in_force(site: Site) -> dict[str, Any]:
    return {"name": site.name, **site.settings.model_dump()}


def _change(site: Site, changes: dict[str, Any]) -> None:
    now_in_force = {**_in_force(site), "origins": site.addresses, "seen": managing.seen(site)}
    form = parse(EditedSite, {**now_in_force, **changes})
    transaction(lambda: managing.change(site, form, None, clock.now()))


@site.group()
def origin() -> None:
    """Web addresses where a site's comments may appear."""


@origin.command("add")
@KEY
@click.argument("url")
@in_app
def add_origin(key: str, url: str) -> None:
    """Let the comments of a site appear on URL."""
    found = by_key(key)
    _change(found, {"origins": [*found.addresses, url]})
    click.echo(" ".join(found.addresses))


@origin.command("remove")
@KEY
@click.argument("url")
@in_app
def remove_origin(key: str, url: str) -> None:
    """Let the comments of a site appear on URL no more; readers are signed out there."""
    found = by_key(key)
    if url not in found.addresses:
        raise NotFound(f"{url} is none of {' '.join(found.addresses)}.")
    _change(found, {"origins": [each for each in found.addresses if each != url]})
    click.echo(" ".join(found.addresses))


@site.group("key")
def site_key() -> None:
    """Keys with which a publisher's programs describe articles."""


@site_key.command("add")
@KEY
@click.argument("name")
@in_app
def add_key(key: str, name: str) -> None:
    """Print a new key, called NAME. It is shown once and kept nowhere."""
    found, form = by_key(key), parse(NewKey, {"name": name})
    click.echo(transaction(lambda: keys.make(found, form.name, None, clock.now())))


@site_key.command("revoke")
@KEY
@click.argument("name")
@in_app
def revoke_key(key: str, name: str) -> None:
    """End every key called NAME."""
    found = by_key(key)
    called = db.session.scalars(keys.of(found).where(SiteKey.name == name)).all()
    if not called:
        raise NotFound(f"{found.key} has no key called {name}.")
    transaction(lambda: _revoke(called))
    click.echo(f"{len(called)} ended.")


def _revoke(gone: Sequence[SiteKey]) -> None:
    for each in gone:
        keys.revoke(each, None, clock.now())


@site.command()
@KEY
@click.argument("role", type=click.Choice([*map(str, Role)]))
@click.option("--mail", "email", metavar="EMAIL", help="Mail the link there; else it is printed.")
@in_app
def invite(key: str, role: str, email: str | None) -> None:
    """Make a link by which one person gets a ROLE on a site, within a week."""
    found = by_key(key)
    form = parse(NewInvitation, {"email": email, "invited_as": role})
    token = transaction(lambda: inviting.invite(found, form, None, clock.now()))
    click.echo(f"A letter is on its way to {email}." if email else letters.link(token))


@site.command()
@KEY
@in_app
def embed(key: str) -> None:
    """Print what to paste into the publisher's pages."""
    click.echo(embed_code(by_key(key).key))


def embed_code(key: str) -> str:
    return embedding.code(key, settings.current_of(current_app).url).rstrip()

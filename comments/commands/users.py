"""`comments user`: links, addresses, tokens, second factors, roles and rights of people."""

from __future__ import annotations

import json

import click
from flask import current_app

from comments import audit, clock, settings
from comments.accounts import closing, copies, links, queries, registration, sessions, vouched
from comments.accounts.factors import keeping
from comments.accounts.forms import Email, Texts
from comments.accounts.models import Kind, User
from comments.accounts.sessions import Scope
from comments.console import in_app
from comments.db import db, transaction
from comments.errors import NotFound
from comments.forms import Form, parse
from comments.sites import access, members
from comments.sites.models import Role, Site
from comments.sites.queries import by_key

NONE = "none"
OF_SITE = click.option(
    "--site", "key", metavar="KEY", help="NAME is what this site calls a reader whom it signs in."
)


class KnownEmail(Form):
    email: Email


@click.group()
def user() -> None:
    """People: sign-in links, addresses, tokens, second factors, roles, copies, deletion."""


@user.command()
@click.argument("name")
@in_app
def link(name: str) -> None:
    """Print a link that signs NAME in once, within half an hour."""
    click.echo(sign_in_link(named(name)))


@user.command()
@click.argument("name")
@click.argument("email")
@in_app
def confirm(name: str, email: str) -> None:
    """Say that EMAIL is NAME's, who may then sign in by it."""
    person, address = named(name), parse(KnownEmail, {"email": email}).email
    transaction(lambda: registration.confirm_email(person, address, clock.now()))
    click.echo(f"{person.name} may sign in by {address}.")


@user.command()
@click.argument("name")
@in_app
def token(name: str) -> None:
    """Print a token with which a program does what NAME may do, until NAME ends it."""
    person = named(name)
    click.echo(transaction(lambda: _api_token(person)))


def _api_token(person: User) -> str:
    now = clock.now()
    audit.record("api-token", now=now, by_id=None, person=person.id)
    return sessions.begin(person, Scope(Kind.API, label="comments user token"), now)


@user.command()
@click.argument("name")
@in_app
def reset_factors(name: str) -> None:
    """Take away NAME's app, passkeys and recovery codes, so that a password is enough again.

    Be sure that whoever asks for this is NAME. They are told by a letter.
    """
    person = named(name)
    transaction(lambda: _without_factors(person))
    click.echo(f"{person.name} signs in without a second factor.")


def _without_factors(person: User) -> None:
    now = clock.now()
    closing.held(person)
    audit.record("factors-reset", now=now, by_id=None, person=person.id)
    keeping.reset(person, now)


@user.command()
@click.argument("name")
@click.argument("role", type=click.Choice([*map(str, Role), NONE]))
@click.option("--site", "key", metavar="KEY", required=True, help="Where.")
@in_app
def role(name: str, role: str, key: str) -> None:
    """Make NAME a member of a site, in another ROLE, or no member any more."""
    site, person = by_key(key), named(name)
    transaction(lambda: _give_role(site, person, None if role == NONE else Role(role)))
    click.echo(f"{person.name} has the role {role} on {site.key}.")


def _give_role(site: Site, person: User, role: Role | None) -> None:
    member, now = access.membership(site, person), clock.now()
    if role is None and member is not None:
        members.remove(member, None, now)
    elif role is not None and member is not None:
        members.change_role(member, role, None, now)
    elif role is not None:
        members.add(site, person, role, None, now)


@user.command()
@click.argument("name")
@OF_SITE
@in_app
def export(name: str, key: str | None) -> None:
    """Print a copy of everything that is kept about NAME, as JSON."""
    copy = copies.of(_whom(name, key), clock.now())
    click.echo(json.dumps(copy, indent=2, ensure_ascii=False))


@user.command()
@click.argument("name")
@OF_SITE
@click.option("--texts", type=click.Choice([*map(str, Texts)]), required=True, help="Theirs.")
@in_app
def delete(name: str, key: str | None, texts: str) -> None:
    """Delete NAME's account; what they wrote stays without a name, or is erased."""
    person, erase = _whom(name, key), texts == Texts.ERASE
    transaction(lambda: _delete(person, erase))
    click.echo(f"The account of {name} is deleted.")


def _delete(person: User, erase: bool) -> None:
    now = clock.now()
    audit.record("account-deleted", now=now, by_id=None, person=person.id, erase=erase)
    closing.close(person, erase=erase, now=now)


def _whom(name: str, key: str | None) -> User:
    """Somebody by their name here, or by what a publisher calls its reader. Raises NotFound."""
    if key is None:
        return named(name)
    person = vouched.known(by_key(key).id, name)
    if person is None:
        raise NotFound(f"{key} signed in nobody whom it calls {name}.")
    return person


def named(name: str) -> User:
    """The person of this name, or of this confirmed address. Raises NotFound."""
    person = db.session.scalar(queries.called(name))
    if person is None:
        raise NotFound(f"There is nobody called {name}.")
    return person


def sign_in_link(person: User) -> str:
    """An address that signs this person in once."""
    made = transaction(lambda: links.make(person, clock.now()))
    return f"{settings.current_of(current_app).url}/link/{made}"

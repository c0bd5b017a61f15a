"""`comments user`: handing out links and tokens."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask import current_app

from comments import audit, clock, names, settings
from comments.accounts import links, registration, sessions
from comments.accounts.forms import Email, email_key
from comments.accounts.models import Kind, User
from comments.accounts.sessions import Scope
from comments.console import in_app
from comments.db import db, transaction
from comments.errors import NotFound
from comments.forms import Form, parse


class KnownEmail(Form):
    email: Email


@click.group()
def user() -> None:
    """People: sign-in links, confirmed addresses, tokens."""


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
    """Print a token with which a program does what NAME may do, until it is ended."""
    person = named(name)
    click.echo(transaction(lambda: _api_token(person)))


def _api_token(person: User) -> str:
    now = clock.now()
    audit.record("api-token", now=now, by_id=None, person=person.id)
    return sessions.begin(person, Scope(Kind.API, label="comments user token"), now)


def named(name: str) -> User:
    """The person of this name, or of this confirmed address. Raises NotFound."""
    is_it = User.name_key == names.key(name)
    if "@" in name:
        is_it = sa.and_(User.email_key == email_key(name), User.email_confirmed_at.is_not(None))
    person = db.session.scalar(
        sa.select(User).where(is_it, User.site_id.is_(None), User.closed_at.is_(None))
    )
    if person is None:
        raise NotFound(f"There is nobody called {name}.")
    return person


def sign_in_link(person: User) -> str:
    """An address that signs this person in once."""
    made = transaction(lambda: links.make(person, clock.now()))
    return f"{settings.current_of(current_app).url}/link/{made}"

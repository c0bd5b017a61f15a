"""`comments setup`: from nothing to a site that can be embedded."""

from __future__ import annotations

from datetime import datetime

import click
import sqlalchemy as sa

from comments import clock
from comments.accounts import registration
from comments.accounts.models import User
from comments.commands.sites import NewSite, embed_code, new_site
from comments.commands.users import KnownEmail, sign_in_link
from comments.console import Refused, app_context, migrated
from comments.db import db, transaction
from comments.forms import parse
from comments.sites import access, managing
from comments.sites.models import Role, Site

DONE = """\
{words}

{owner} signs in once, within half an hour, at

  {link}

and sets a password there. Paste this where the comments of an article shall be, with the
article's own id in place of ARTICLE-ID:

{code}

Unless the service runs already, start it with: comments serve
"""


@click.command()
@click.option("--site", "key", metavar="KEY", required=True, help="A short name, like my-paper.")
@click.option(
    "--origin",
    "origins",
    metavar="URL",
    multiple=True,
    required=True,
    help="A web address where its comments may appear; may be given several times.",
)
@click.option("--owner", "email", metavar="EMAIL", required=True, help="Whose site it is.")
@click.option("--name", help="What the site is called; its key if nothing is said.")
def setup(key: str, origins: tuple[str, ...], email: str, name: str | None) -> None:
    """Make the database, a site and its owner; print a sign-in link and the embed code.

    Doing it again changes nothing, and prints them again.
    """
    with app_context():
        migrated()
        form, address = new_site(key, name, origins), parse(KnownEmail, {"email": email}).email
        words, owner = transaction(lambda: _set_up(form, address, clock.now()))
        code = "\n".join(f"  {line}" for line in embed_code(key).splitlines())
        said = DONE.format(words=words, owner=owner.name, link=sign_in_link(owner), code=code)
    click.echo(said, nl=False)


def _set_up(form: NewSite, email: str, now: datetime) -> tuple[str, User]:
    """What was done, and for whom."""
    owner = registration.invite(email, now)
    site = db.session.scalar(sa.select(Site).where(Site.key == form.key))
    if site is None:
        site = managing.create(form.key, form.name, form.origins, owner, now)
        return f"{site.name} is set up for {' '.join(site.addresses)}.", owner
    if access.role_on(site, owner) is not Role.OWNER:
        raise Refused(f"There is a site {site.key} already, and it is not {email}'s.")
    return f"{site.name} was set up before, for {' '.join(site.addresses)}.", owner

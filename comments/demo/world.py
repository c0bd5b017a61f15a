"""The demo's world in its database: loaded once, whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from comments import clock
from comments.accounts import passwords, registration
from comments.accounts.forms import SignUp
from comments.accounts.models import User
from comments.db import db, transaction
from comments.demo import large
from comments.demo.articles import ARTICLES, PAPERS
from comments.demo.publisher import FIELD_NOTES, GAZETTE
from comments.demo.story import CAST, World, resettle, story
from comments.sites import managing, members
from comments.sites.models import Role, Site
from comments.threads.models import Article

PASSWORD = "tide clock 1931"  # noqa: S105 - printed to whoever runs the demo
RULES = "Argue with what was said, never with who said it. Nobody's private details. Stay near."
NOTICED = {"rules": "house-rules", "privacy": "privacy"}
# The sites were set up so long ago.
OPENED = timedelta(days=200)


def told_at() -> datetime | None:
    """When the story was told into this database: the age of an article says it."""
    known = next(iter(ARTICLES.values()))
    published = db.session.scalar(
        sa.select(Article.published_at)
        .join(Article.site)
        .where(Site.key == known.paper, Article.key == known.id)
    )
    return published + known.ago if published else None


def tell(publisher: str, progress: Callable[[], object]) -> datetime:
    """Tell the story into an empty database; the moment that everything is dated back from.

    `progress` hears of each step.
    """
    now = clock.now()
    secret, nobodys = passwords.hashed(PASSWORD), passwords.hashed(secrets.token_urlsafe())

    def act() -> None:
        world = _opened(publisher, secret, nobodys, now - OPENED)
        for ago, happens in story():
            happens(world, now - ago)
            progress()

    transaction(act)
    return now


def _opened(publisher: str, secret: str, nobodys: str, now: datetime) -> World:
    """The two sites and their people, before anybody has said anything."""
    people = {name: _person(name, secret, now) for name in CAST}
    gazette = _site(GAZETTE, publisher, people["Ada"], now)
    notes = _site(FIELD_NOTES, publisher, _person("Wren of Field Notes", nobodys, now), now)
    members.add(gazette, people["Mo"], Role.MODERATOR, None, now)
    members.add(notes, people["Sam"], Role.MODERATOR, None, now)
    return World(publisher, nobodys, {GAZETTE: gazette, FIELD_NOTES: notes}, people)


def _person(name: str, secret: str, now: datetime) -> User:
    return registration.sign_up(SignUp(name=name, password=PASSWORD), secret, now)


def _site(key: str, publisher: str, owner: User, now: datetime) -> Site:
    site = managing.create(key, PAPERS[key].name, [publisher], owner, now)
    pages = {f"{name}_url": f"{publisher}/about/{id}" for name, id in NOTICED.items()}
    resettle(site, owner, now, rules=RULES, contact=f"editors@{key}.example", **pages)
    return site


def admit(publisher: str) -> None:
    """Let the comments appear there: the publisher may stand at another port than the last time."""

    def act() -> None:
        for site in db.session.scalars(sa.select(Site).where(Site.key.in_([*PAPERS, large.KEY]))):
            if not site.allows(publisher):
                resettle(site, None, clock.now(), origins=[*site.addresses, publisher])

    transaction(act)

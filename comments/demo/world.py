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
from comments.demo.articles import ARTICLES, PAPERS, Paper
from comments.demo.publisher import FIELD_NOTES, GAZETTE
from comments.demo.story import CAST, World, story
from comments.sites.models import Membership, Origin, Role, Site
from comments.threads.models import Article

PASSWORD = "tide clock 1931"  # noqa: S105 - printed to whoever runs the demo
MEMBERS = {
    GAZETTE: {"Ada": Role.OWNER, "Mo": Role.MODERATOR},
    FIELD_NOTES: {"Sam": Role.MODERATOR},
}
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
    people = {
        name: registration.sign_up(SignUp(name=name, password=PASSWORD), secret, now)
        for name in CAST
    }
    sites = {paper.key: _site(paper, people, now) for paper in PAPERS.values()}
    return World(publisher, nobodys, sites, people)


def _site(paper: Paper, people: dict[str, User], now: datetime) -> Site:
    site = Site(key=paper.key, name=paper.name, values={}, created_at=now)
    db.session.add(site)
    db.session.flush()
    for name, role in MEMBERS[paper.key].items():
        person = people[name].id
        db.session.add(Membership(site_id=site.id, user_id=person, role=role, created_at=now))
    return site


def admit(publisher: str) -> None:
    """Let the comments appear there: the publisher may stand at another port than the last time."""

    def act() -> None:
        for site in db.session.scalars(sa.select(Site).where(Site.key.in_(PAPERS))):
            if not site.allows(publisher):
                site.origins.append(Origin(address=publisher))
                site.version += 1

    transaction(act)

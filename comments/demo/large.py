"""A site with as much talk as is asked for, to measure in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp, log
from random import Random

import sqlalchemy as sa

from comments import clock, names
from comments.accounts import passwords, registration
from comments.accounts.forms import SignUp
from comments.accounts.models import User
from comments.db import db, transaction
from comments.demo import bulk, loading, shapes, voices
from comments.demo.articles import ARTICLES
from comments.demo.bulk import Pool, Talk
from comments.sites import managing
from comments.sites.models import Membership, Role, Site
from comments.threads.models import Article

KEY, NAME = "large", "The Large Gazette"
KEEPER = "Keeper of the Large Gazette"
LINES, LENGTH, SPREAD, LONGEST = 500, 180, 0.9, 3000
# One person for so many comments.
EACH = 30
# The articles are from so long before the site was made.
PAST = timedelta(days=300)
FIRST = "Ada,Ben,Cleo,Dev,Edda,Femi,Greta,Hugo,Ines,Jonas,Kaja,Liam,Mona,Nils,Olga,Pavel,Rosa,Stig"
LAST = "Abara,Birch,Calder,Dorn,Ekholm,Farkas,Grau,Holt,Jansen,Kovac,Lund,Moss,Nagy,Perez,Tran,Xu"
HEADLINES = [article.headline for article in ARTICLES.values()]


@dataclass(frozen=True, slots=True)
class World:
    """What is asked for; the same again is the same world."""

    articles: int
    comments: int
    seed: int

    def key(self, number: int | str) -> str:
        """The id of an article, which says what world it belongs to."""
        return f"{self.articles}-{self.comments}-{self.seed}-{number}"


def opened(origins: Sequence[str]) -> Site:
    """The site, made when it is not there yet."""
    secret = passwords.hashed(secrets.token_urlsafe())

    def act() -> Site:
        known = db.session.scalar(sa.select(Site).where(Site.key == KEY))
        if known:
            return known
        now = clock.now()
        keeper = registration.sign_up(SignUp(name=KEEPER, password=secret), secret, now)
        return managing.create(KEY, NAME, origins, keeper, now)

    return transaction(act)


def fill(site: Site, world: World, progress: Callable[[int], object]) -> int:
    """Make what is not there yet of this world; how many comments that was.

    `progress` hears of each lot, and of what was there before.
    """
    sizes = shapes.sizes(world.articles, world.comments, shapes.dice(world.seed))
    new = dict(enumerate(sizes, 1))
    for number in _known(site, world):
        progress(new.pop(number))
    if not new:
        return 0
    said = pool(site, people=max(20, world.comments // EACH), seed=world.seed)
    for lot in _lots(_talk(site, world.key(number), size) for number, size in new.items()):
        bulk.store(site, lot, said)
        progress(sum(len(talk.plan) for talk in lot))
    loading.analyse()
    return sum(new.values())


def thread(site: Site, key: str, plan: shapes.Plan, said: Pool) -> Article:
    """One article of this site with what is said under it, which begins when it was planned."""
    begun = clock.now() - timedelta(seconds=1 + max((each.seconds for each in plan), default=0))
    bulk.store(site, [Talk(key, begun, plan)], said)
    return db.session.scalars(
        sa.select(Article).where(Article.site_id == site.id, Article.key == key)
    ).one()


def pool(site: Site, *, people: int = 50, seed: int = 1, texts: Sequence[str] = ()) -> Pool:
    """What can be said on a site, by made-up people who belong to it: these, or many texts of many
    lengths."""
    lines = [bulk.line(text) for text in texts or _texts(shapes.dice(seed))]
    return Pool(lines, _people(site, people), _moderator(site))


def longest(site: Site) -> Sequence[Article]:
    """The articles with the most comments."""
    select = sa.select(Article).where(Article.site_id == site.id)
    return db.session.scalars(select.order_by(Article.published.desc(), Article.id).limit(5)).all()


def _moderator(site: Site) -> int:
    return db.session.scalars(
        sa.select(Membership.user_id)
        .where(Membership.site_id == site.id, Membership.role == Role.OWNER)
        .order_by(Membership.user_id)
        .limit(1)
    ).one()


def _people(site: Site, number: int) -> list[int]:
    """The ids of so many made-up people, made when they are not there yet."""
    ids = sa.select(User.id).where(User.site_id == site.id).order_by(User.id).limit(number)

    def act() -> list[int]:
        known = len(db.session.scalars(ids).all())
        new = [_person(site, place) for place in range(known, number)]
        if new:
            db.session.execute(sa.insert(User), new)
        return list(db.session.scalars(ids))

    return transaction(act)


def _person(site: Site, place: int) -> dict[str, object]:
    first, last = FIRST.split(","), LAST.split(",")
    round, name = divmod(place, len(first) * len(last))
    called = f"{first[name % len(first)]} {last[name // len(first)]} {round or ''}".rstrip()
    return {
        "site_id": site.id,
        "name": called,
        "name_key": names.key(called),
        "created_at": site.created_at - PAST,
    }


def _texts(dice: Random) -> Iterator[str]:
    """Of what the voices of the demo say, as many sentences as people take."""
    said = [sentence for voice in voices.conversations() for sentence in _sentences(voice.text)]
    for _ in range(LINES):
        length = min(LONGEST, exp(dice.gauss(log(LENGTH), SPREAD)))
        text = ""
        while len(text) < length:
            text += dice.choice(said) + dice.choice((" ", " ", " ", "\n\n"))
        yield text


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text.strip())


def _known(site: Site, world: World) -> list[int]:
    """The numbers of the articles that were made before."""
    start = world.key("")
    named = sa.select(Article.key).where(
        Article.site_id == site.id, Article.key.startswith(start, autoescape=True)
    )
    return [int(key.removeprefix(start)) for key in db.session.scalars(named)]


def _talk(site: Site, key: str, size: int) -> Talk:
    dice = shapes.dice(key)
    begun = site.created_at - PAST * dice.random()
    plan = shapes.talk(size, dice)
    _hurry(plan, (site.created_at - begun).total_seconds())
    return Talk(key, begun, plan, dice.choice(HEADLINES))


def _hurry(plan: shapes.Plan, seconds: float) -> None:
    """Let everything be said in so long a time."""
    if plan and plan[-1].seconds > seconds:
        pace = seconds / plan[-1].seconds
        for each in plan:
            each.seconds *= pace


def _lots(talks: Iterator[Talk]) -> Iterator[list[Talk]]:
    """Threads that are stored together."""
    lot: list[Talk] = []
    size = 0
    for talk in talks:
        lot.append(talk)
        size += len(talk.plan)
        if size >= bulk.BATCH:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot

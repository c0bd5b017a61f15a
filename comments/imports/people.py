"""The authors of imported comments: people of one site, who can't sign in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from comments import markup, names
from comments.accounts.models import Identity, User, Way
from comments.db import db
from comments.sites.models import Site

LONGEST_NAME = 60
LONGEST_SUBJECT = 300
UNNAMED = "Anonymous"
FROM = {Way.DISQUS: "Disqus", Way.WORDPRESS: "WordPress"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the foreign system knows them: same subject, same person."""

    subject: str
    name: str


# Whoever wrote what may not be shown: one empty person for all of them.
NOBODY = Person("nobody", "")


def person(subject: str | None, name: str, place: str) -> Person:
    """Somebody without an account is the same person only below one article."""
    shown = _shown(name)
    if subject:
        return Person(_short("user:" + subject), shown)
    return Person("guest:" + _hashed(f"{place}\n{name}"), shown)


def found_or_made(site: Site, way: Way, people: set[Person], now: datetime) -> dict[str, User]:
    """Everybody's row by their subject, made for those who are new."""
    known = _known(site, way, {person.subject for person in people})
    new = [person for person in people if person.subject not in known]
    taken = _taken({names.key(person.name) for person in new})
    made = {}
    for person in new:
        is_taken = names.key(person.name) in taken
        made[person.subject] = _user(site, person, way if is_taken else None, now)
    db.session.add_all(made.values())
    db.session.flush()
    db.session.add_all(
        Identity(user_id=user.id, site_id=site.id, way=way, subject=subject, created_at=now)
        for subject, user in made.items()
    )
    return known | made


def _known(site: Site, way: Way, subjects: set[str]) -> dict[str, User]:
    rows = db.session.execute(
        sa.select(Identity.subject, User)
        .join(User, User.id == Identity.user_id)
        .where(Identity.site_id == site.id, Identity.way == way, Identity.subject.in_(subjects))
    )
    return {str(subject): user for subject, user in rows}


def _taken(keys: set[str]) -> set[str]:
    """The names among these that a local account has; staff have one, too."""
    found = db.session.scalars(
        sa.select(User.name_key).where(User.name_key.in_(keys), User.site_id.is_(None))
    )
    return {key for key in found if key}


def _user(site: Site, person: Person, told_apart: Way | None, now: datetime) -> User:
    name = f"{person.name} ({FROM[told_apart]})" if told_apart else person.name
    return User(
        site_id=site.id,
        name=name,
        name_key=names.key(name) or None,
        created_at=now,
        closed_at=now if person == NOBODY else None,
    )


def _shown(name: str) -> str:
    name = " ".join(markup.normalise(name).split())[:LONGEST_NAME].rstrip()
    return UNNAMED if markup.is_blank(name) else name


def _short(subject: str) -> str:
    return subject if len(subject) <= LONGEST_SUBJECT else _hashed(subject)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

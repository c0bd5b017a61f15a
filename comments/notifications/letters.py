"""The letter that tells of what happened, made when it is sent from what is true by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from comments import mail
from comments.accounts.models import User
from comments.db import db
from comments.mail import Letter
from comments.notifications import bundling, leaving, places, queries, words
from comments.notifications.models import USUAL, Kind, Notification, Preference, When
from comments.notifications.queries import MOST_TOLD, Bundle, Told
from comments.sites import sanctions
from comments.sites.models import Measure, Site

# So many are shown of what was bundled; the page has all of them.
SHOWN = 20


def connect() -> None:
    mail.composers[bundling.KIND] = _compose


def _compose(facts: dict[str, Any], now: datetime) -> Letter | None:
    person, site = db.session.get(User, facts["person"]), db.session.get(Site, facts["site"])
    if person is None or site is None or person.email is None or not person.email_confirmed_at:
        return None
    if any(row.measure is Measure.BAN for row in sanctions.all_in_force(site, person, now)):
        return None
    at, wanted = datetime.fromisoformat(facts["at"]), _wanted(person, site)
    bundle = queries.of_bundle(person, site.id, Notification.mailed_at == at, wanted, SHOWN)
    if not bundle.told:
        return None
    return _letter(bundle, person, site, places.of(person, person.email, now))


def _letter(bundle: Bundle, person: User, site: Site, there: places.Places) -> Letter:
    told = [_unlinked(each) for each in bundle.told]
    name = mail.unlinked(site.name)
    leave = leaving.address(person, site, bundling.KIND)
    more = bundle.number - len(told)
    values = {
        "site": name,
        "items": [_item(each, there.of(each)) for each in told],
        "more": more,
        "counted": words.counted(more, MOST_TOLD - SHOWN),
        "all": there.all,
        "is_private": there.is_private,
        "leave": leave,
    }
    subject = " ".join(words.headline(told[0], bundle.number, name).split())
    return Letter(str(person.email), subject, "notifications", values, leave)


def _wanted(person: User, site: Site) -> list[Kind]:
    chosen = db.session.get(Preference, (person.id, site.id))
    return [kind for kind in Kind if (chosen.of(kind) if chosen else USUAL[kind]) != When.NEVER]


def _unlinked(told: Told) -> Told:
    """With nothing in it of which a mail program makes a link of its own."""
    return replace(
        told,
        name=mail.unlinked(told.name),
        title=mail.unlinked(told.title),
        excerpt=mail.unlinked(told.excerpt),
        note=mail.unlinked(told.note or ""),
    )


def _item(told: Told, url: str | None) -> dict[str, str | None]:
    return {
        "line": words.line(told),
        "why": words.why(told),
        "title": told.title,
        "excerpt": told.excerpt,
        "url": url,
    }

"""The letter that tells of what happened, made when it is sent from what is true by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import ngettext

from comments import mail, settings
from comments.accounts.models import User
from comments.db import db
from comments.mail import Letter
from comments.notifications import bundling, leaving, queries, words
from comments.notifications.models import USUAL, Kind, Preference, When
from comments.notifications.queries import Told
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
    told = [_unlinked(each) for each in queries.of_letter(person, site.id, at, wanted)]
    if not told:
        return None
    base = settings.current().url
    leave = leaving.address(person, site, bundling.KIND)
    values = {
        "site": mail.unlinked(site.name),
        "items": [_item(each, base) for each in told[:SHOWN]],
        "more": max(len(told) - SHOWN, 0),
        "all": f"{base}/notifications",
        "leave": leave,
    }
    subject = " ".join(_subject(told, mail.unlinked(site.name)).split())
    return Letter(person.email, subject, "notifications", values, leave)


def _wanted(person: User, site: Site) -> list[Kind]:
    chosen = db.session.get(Preference, (person.id, site.id))
    return [kind for kind in Kind if (chosen.of(kind) if chosen else USUAL[kind]) != When.NEVER]


def _subject(told: list[Told], site: str) -> str:
    if len(told) == 1:
        return f"{words.line(told[0])} · {site}"
    return ngettext(
        "%(num)d notification from %(site)s",
        "%(num)d notifications from %(site)s",
        len(told),
        site=site,
    )


def _unlinked(told: Told) -> Told:
    """With nothing in it of which a mail program makes a link of its own."""
    return replace(
        told,
        name=mail.unlinked(told.name),
        title=mail.unlinked(told.title),
        excerpt=mail.unlinked(told.excerpt),
        note=mail.unlinked(told.note or ""),
    )


def _item(told: Told, base: str) -> dict[str, str]:
    return {
        "line": words.line(told),
        "why": words.why(told),
        "title": told.title,
        "excerpt": told.excerpt,
        "url": f"{base}/comments/{told.comment_id}" if told.is_public else f"{base}/mine",
    }

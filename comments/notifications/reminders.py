"""The letter to a moderator about what waits, made when it is sent from what waits by then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from comments import i18n, mail, settings
from comments.accounts.models import User
from comments.db import db
from comments.mail import Letter
from comments.moderation import desk, words
from comments.moderation.cards import Card
from comments.moderation.forms import Queue, View
from comments.moderation.queries import Counts
from comments.notifications import leaving, queries, reviewing, waiting
from comments.notifications.models import When
from comments.sites.models import Membership, Site

SHOWN = 10


def connect() -> None:
    mail.composers[waiting.KIND] = _compose


def _compose(facts: dict[str, Any], now: datetime) -> Letter | None:
    person, site = db.session.get(User, facts["person"]), db.session.get(Site, facts["site"])
    if person is None or site is None or person.email is None or not person.email_confirmed_at:
        return None
    viewer = db.session.get(Membership, (site.id, person.id))
    if viewer is None or not _hears(viewer):
        return None
    lists = [desk.page(viewer, Queue(view=view), now) for view in (View.WAITING, View.REPORTED)]
    # One that waits may have been reported as well.
    cards = {card.id: card for each in lists for card in each.cards}
    if not cards:
        return None
    name = mail.unlinked(site.name)
    leave = leaving.address(person, site, waiting.KIND)
    values: dict[str, Any] = {
        "site": name,
        "items": [_item(viewer, card, now) for card in list(cards.values())[:SHOWN]],
        "desk": _desk(viewer),
        "leave": leave,
    }
    return Letter(person.email, _subject(name, lists[0].counts), "waiting", values, leave)


def _hears(viewer: Membership) -> bool:
    wanted = waiting.chosen(viewer.user_id, viewer.site_id) is not When.NEVER
    decides = viewer.user.site_id is None or viewer.site.settings.decides_by_mail
    return viewer.role.moderates and wanted and decides


def _desk(viewer: Membership) -> str | None:
    """Whom the publisher signs in has none, and decides by the links of the letter alone."""
    if viewer.user.site_id is not None:
        return None
    return f"{settings.current().url}/sites/{viewer.site.key}/moderation"


def _subject(site: str, counts: Counts) -> str:
    waiting, reported = words.count(counts.waiting), words.count(counts.reported)
    if not counts.reported:
        return _("%(site)s: %(waiting)s waiting", site=site, waiting=waiting)
    if not counts.waiting:
        return _("%(site)s: %(reported)s reported", site=site, reported=reported)
    return _(
        "%(site)s: %(waiting)s waiting, %(reported)s reported",
        site=site,
        waiting=waiting,
        reported=reported,
    )


def _item(viewer: Membership, card: Card, now: datetime) -> dict[str, str]:
    return {
        "name": mail.unlinked(card.author.name),
        "age": i18n.age(card.comment.created_at),
        "title": mail.unlinked(card.article.title or card.article.key),
        "excerpt": mail.unlinked(queries.excerpt(card.html)),
        "found": " ".join(found.words for found in card.findings),
        "url": reviewing.address(viewer, card.comment, now),
    }

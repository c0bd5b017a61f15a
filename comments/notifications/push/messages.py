"""What a browser shows, made when it is sent from what is true by then, and readable only there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale

from comments import settings, vapid
from comments.accounts.models import User
from comments.db import db
from comments.notifications import queries, words
from comments.notifications.models import (
    USUAL,
    Kind,
    Notification,
    Preference,
    PushSubscription,
    When,
)
from comments.notifications.queries import Bundle
from comments.outbox import Claimed
from comments.sites import sanctions
from comments.sites.models import Measure, Site

# What is older is no news, and no push service keeps it for longer.
LIFE = timedelta(days=1)
# Push services take 4 KiB.
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a push service, and to which address."""

    endpoint: str
    headers: dict[str, str]
    body: bytes


def compose(claimed: Claimed, now: datetime) -> Message | None:
    """What one browser is told, or None where nobody wants it any more."""
    facts = claimed.facts
    browser = db.session.get(PushSubscription, facts["browser"])
    person, site = db.session.get(User, facts["person"]), db.session.get(Site, facts["site"])
    if browser is None or person is None or site is None or browser.user_id != person.id:
        return None
    at = datetime.fromisoformat(facts["at"])
    bundle = _bundle(person, site, at, now) if now - at < LIFE else None
    if bundle is None or not bundle.told:
        return None
    with force_locale(facts["language"]):
        shown = {**_shown(bundle, site.name), "tag": claimed.uid, "lang": facts["language"]}
    return _sealed(browser, claimed.uid, shown, now)


def _bundle(person: User, site: Site, at: datetime, now: datetime) -> Bundle | None:
    if any(row.measure is Measure.BAN for row in sanctions.all_in_force(site, person, now)):
        return None
    chosen = db.session.get(Preference, (person.id, site.id))
    wanted = [kind for kind in Kind if (chosen.of(kind) if chosen else USUAL[kind]) is When.AT_ONCE]
    # What came while no key was set may be older than the message.
    fresh = sa.and_(Notification.pushed_at == at, Notification.created_at > now - LIFE)
    return queries.of_bundle(person, site.id, fresh, wanted, 1)


def _shown(bundle: Bundle, site: str) -> dict[str, str]:
    """The words as plain text, and where a click leads."""
    (first,), base = bundle.told, settings.current().url
    is_one = bundle.number == 1
    return {
        "title": _short(words.headline(first, bundle.number, site)),
        "body": _short(first.title if is_one else words.line(first)),
        "url": base + (first.path if is_one else "/notifications"),
    }


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST].rstrip()}…"


def _sealed(
    browser: PushSubscription, uid: str, shown: dict[str, Any], now: datetime
) -> Message | None:
    from pywebpush import WebPusher  # at last: it brings two clients, and nobody else needs it

    given = settings.current()
    if given.push_key is None:
        return None
    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    pusher = WebPusher({"endpoint": browser.endpoint, "keys": keys})
    secret = given.push_key.get_secret_value()
    headers = {
        "Authorization": vapid.authorization(secret, given.push_contact, browser.endpoint, now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": f"{LIFE.total_seconds():.0f}",
        # What is sent twice while a browser sleeps is there once.
        "Topic": uid,
    }
    return Message(browser.endpoint, headers, pusher.encode(json.dumps(shown).encode())["body"])

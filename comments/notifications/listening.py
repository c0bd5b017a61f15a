"""What follows for notifications when somebody leaves, or wants a copy of what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from comments import signals
from comments.accounts.models import User
from comments.db import db, table
from comments.notifications.models import (
    CHOICE_OF,
    FeedKey,
    Notification,
    Preference,
    PushSubscription,
    Subscription,
    Watch,
)
from comments.notifications.push import browsers
from comments.sites.models import Site
from comments.threads.models import Article


def connect() -> None:
    signals.account_closed.connect(_forget)
    signals.data_wanted.connect(_kept)


def _forget(user: User, *, erase: bool, now: datetime) -> None:
    for model in (Notification, Subscription, Preference, Watch, FeedKey, PushSubscription):
        db.session.execute(sa.delete(model).where(model.user_id == user.id))


def _kept(user: User) -> dict[str, Any]:
    return {
        "notifications": [_notification(*row) for row in _rows(Notification, user)],
        "follows": [_followed(*row) for row in _follows(user)],
        "letters": [_chosen(*row) for row in _rows(Preference, user)],
        "moderation_letters": [_watched(*row) for row in _rows(Watch, user)],
        "browsers": [_browser(row) for row in db.session.scalars(browsers.of(user))],
        "reply_feed_since": _since(db.session.get(FeedKey, user.id)),
    }


def _since(key: FeedKey | None) -> str | None:
    return key.created_at.isoformat() if key else None


def _rows(model: type[Any], user: User) -> Sequence[Any]:
    """Somebody's records of a kind, each with the key of its site."""
    return db.session.execute(
        sa.select(model, Site.key)
        .join(Site, Site.id == model.site_id)
        .where(model.user_id == user.id)
        .order_by(*table(model).primary_key)
    ).all()


def _notification(row: Notification, site: str) -> dict[str, Any]:
    return {
        "site": site,
        "comment": str(row.comment_id),
        "kind": row.kind.value,
        "at": row.created_at.isoformat(),
        "seen_at": row.seen_at.isoformat() if row.seen_at else None,
    }


def _follows(user: User) -> Sequence[Any]:
    return db.session.execute(
        sa.select(Subscription, Article.key, Site.key)
        .join(Article, Article.id == Subscription.article_id)
        .join(Site, Site.id == Subscription.site_id)
        .where(Subscription.user_id == user.id)
        .order_by(Subscription.article_id)
    ).all()


def _followed(row: Subscription, article: str, site: str) -> dict[str, Any]:
    return {"site": site, "article": article, "since": row.created_at.isoformat()}


def _chosen(row: Preference, site: str) -> dict[str, Any]:
    chosen = {choice.key: row.of(kind).value for kind, choice in CHOICE_OF.items()}
    return {"site": site, "language": row.language, **chosen}


def _browser(row: PushSubscription) -> dict[str, Any]:
    since = row.failing_since.isoformat() if row.failing_since else None
    return {"endpoint": row.endpoint, "since": row.created_at.isoformat(), "failing_since": since}


def _watched(row: Watch, site: str) -> dict[str, Any]:
    return {"site": site, "waiting": row.waiting.value}

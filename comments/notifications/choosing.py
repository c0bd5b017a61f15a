"""Choosing what one hears: following a thread, and how soon letters come."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from comments.accounts import closing
from comments.accounts.models import User
from comments.db import db, upsert
from comments.notifications import waiting
from comments.notifications.forms import Choices
from comments.notifications.models import (
    CHOICE_OF,
    Kind,
    Notification,
    Preference,
    Subscription,
    When,
)
from comments.sites.models import Site
from comments.threads.models import Article


def follow(article: Article, by: User, now: datetime) -> None:
    """Let somebody hear of everything that is published here; twice changes nothing.

    Raises NotSignedIn for who has left meanwhile.
    """
    closing.held(by)
    row = upsert(Subscription).values(
        article_id=article.id, user_id=by.id, site_id=article.site_id, created_at=now
    )
    db.session.execute(row.on_conflict_do_nothing())


def unfollow(article_id: int, by: User) -> None:
    db.session.execute(
        sa.delete(Subscription).where(
            Subscription.article_id == article_id, Subscription.user_id == by.id
        )
    )


def choose(site: Site, form: Choices, by: User) -> None:
    """Let letters of this site come so. Raises NotSignedIn for who has left meanwhile."""
    closing.held(by)
    chosen = preference(by.id, site.id)
    for name, value in form.model_dump(exclude={"waiting"}).items():
        setattr(chosen, name, value)
    if form.waiting is not None:
        waiting.choose(by.id, site.id, form.waiting)
    db.session.flush()
    _forget_unwanted(chosen)


def silence(user_id: int, site_id: int) -> None:
    """No more letters from this site to this person, those on their way included."""
    chosen = preference(user_id, site_id)
    for choice in CHOICE_OF.values():
        setattr(chosen, choice.key, When.NEVER)
    db.session.flush()
    _forget_unwanted(chosen)


def preference(user_id: int, site_id: int) -> Preference:
    """What somebody chose on a site, held; made with the defaults where they chose nothing."""
    made = upsert(Preference).values(user_id=user_id, site_id=site_id)
    db.session.execute(made.on_conflict_do_nothing())
    return db.session.get_one(
        Preference, (user_id, site_id), populate_existing=True, with_for_update=True
    )


def _forget_unwanted(chosen: Preference) -> None:
    unmailed = [kind for kind in Kind if chosen.of(kind) is When.NEVER]
    unpushed = [kind for kind in Kind if chosen.of(kind) is not When.AT_ONCE]
    for due, unwanted in ((Notification.due_at, unmailed), (Notification.push_at, unpushed)):
        db.session.execute(
            sa.update(Notification)
            .where(
                Notification.user_id == chosen.user_id,
                Notification.site_id == chosen.site_id,
                due.is_not(None),
                Notification.kind.in_(unwanted),
            )
            .values({due: None})
        )

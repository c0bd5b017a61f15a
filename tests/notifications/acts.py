"""What people choose and hear, in one line each."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from flask import current_app

from comments import clock, events
from comments.accounts import letters, registration
from comments.accounts.models import User
from comments.db import db, transaction
from comments.notifications import bundling, choosing, waiting
from comments.notifications.forms import Choices
from comments.notifications.models import Notification
from comments.sites.guests import coming
from comments.sites.guests.forms import NewGuest
from comments.sites.models import Commenters, Site
from comments.threads.models import Article, Status
from tests import factories
from tests.conftest import Cast
from tests.mailbox import Mailbox

Heard = list[tuple[str, int]]


def deliver(box: Mailbox) -> list[EmailMessage]:
    """Let workers tell, make letters and send them; all that arrived so far."""
    tell()
    with current_app.app_context():
        bundling.bundle(lambda: False)
    box.drain()
    db.session.rollback()
    db.session.expire_all()
    return box.letters


def let_everything_be_written(cast: Cast, article: Article) -> None:
    """A letter of every kind that is written for a site, and a link to sign in by."""
    confirm(cast.rae, cast.mo)
    choose(cast.gazette, cast.mo, waiting="at-once")
    factories.settle(cast.gazette, commenters=Commenters.GUESTS)
    wren = NewGuest(site="gazette", name="Wren", email="wren@example.com")
    transaction(lambda: coming.come(cast.gazette, wren, "192.0.2.1", clock.now()))
    factories.invite(cast.gazette, email="lou@example.com")
    transaction(lambda: letters.ask_for_link("rae", "192.0.2.1", clock.now()))
    root = factories.comment(article, cast.rae)
    factories.comment(article, cast.sam, parent=root)
    factories.comment(article, cast.sam, to=Status.PENDING)
    tell()
    with current_app.app_context():
        waiting.remind(lambda: False)


def tell() -> None:
    """Let a worker tell of everything that happened."""
    with current_app.app_context():
        events.tell(lambda: False)
    db.session.rollback()
    db.session.expire_all()


def heard(person: User) -> Heard:
    """What this person hears of, told by now: why, and of which comment."""
    tell()
    rows = db.session.scalars(
        sa.select(Notification).where(Notification.user_id == person.id).order_by(Notification.id)
    )
    return [(row.kind.value, row.comment_id) for row in rows]


def follow(article: Article, by: User) -> None:
    transaction(lambda: choosing.follow(article, by, clock.now()))


def choose(site: Site, by: User, **choices: Any) -> None:
    usual = {"replies": "at-once", "mentions": "at-once", "threads": "hourly", "language": "en"}
    form = Choices.model_validate({**usual, "decisions": "at-once", **choices})
    transaction(lambda: choosing.choose(site, form, by))


def confirm(*people: User) -> None:
    """Each at an address that bears their name."""
    for person in people:
        email = f"{person.name.replace(' ', '.')}@example.com"
        transaction(
            lambda person=person, email=email: registration.confirm_email(
                person, email, clock.now()
            )
        )

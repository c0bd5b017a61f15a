"""Every letter that the service sends, as it is made of a world where everything happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

from flask import current_app

from comments import clock, mail, outbox
from comments.accounts import letters, registration
from comments.db import db, transaction
from comments.notifications import bundling, waiting
from comments.sites import access
from comments.sites.guests import coming
from comments.sites.guests.forms import NewGuest
from comments.sites.invitations import inviting
from comments.sites.invitations.forms import NewInvitation
from comments.sites.models import Role
from comments.threads.models import Status
from tests import factories
from tests.accounts.factors import phone
from tests.conftest import Cast
from tests.moderation import scene
from tests.moderation.acts import decide, report
from tests.notifications import acts

# Goes to the owner of an address that a stranger claims.
STRANGERS = "claimed"
KIM, NOTE = "kim@example.com", "No prices here, please."


def made(cast: Cast, language: str = "en") -> dict[str, EmailMessage]:
    """One of each kind in this language, and of both that answer who claims an address."""
    factories.settle(cast.gazette, commenters="guests")
    acts.confirm(cast.ada, cast.mo, cast.rae)
    _about_accounts(cast)
    _about_comments(cast)
    found = {}
    while claimed := transaction(lambda: outbox.claim(mail.QUEUE, clock.now())):
        spoken = replace(claimed, facts={**claimed.facts, "language": language})
        letter = transaction(lambda spoken=spoken: mail.compose(spoken, clock.now()))
        assert letter is not None
        is_strangers = claimed.kind == letters.CONFIRM and letter["To"] != KIM
        found[STRANGERS if is_strangers else claimed.kind] = letter
    return found


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def _about_accounts(cast: Cast) -> None:
    now = clock.now()
    kim, lee = factories.user("kim"), factories.user("lee")
    phone.set_up(cast.rae)
    by = access.the_membership("gazette", cast.ada)
    guest = NewGuest(site="gazette", name="Wren", email="wren@example.com")
    invited = NewInvitation(email="lou@example.com", invited_as=Role.MODERATOR)

    def act() -> None:
        letters.ask_for_link("rae", "192.0.2.1", now)
        registration.change_email(kim, KIM, now)
        registration.change_email(lee, "rae@example.com", now)
        coming.come(cast.gazette, guest, "192.0.2.1", now)
        inviting.invite(cast.gazette, invited, by, now)

    transaction(act)


def _about_comments(cast: Cast) -> None:
    """Rae hears more than a letter shows, mo of what waits and of what was reported."""
    article = scene.laid_out(cast)
    acts.choose(cast.gazette, cast.mo, waiting="at-once")
    acts.follow(article, cast.rae)
    acts.choose(cast.gazette, cast.rae, threads="at-once")
    own = factories.comment(article, cast.rae, "What of the gauges?")
    factories.comment(article, cast.sam, f"Aa{'a' * 300}rgh.")
    factories.many(article, cast.sam, 19, parent=own)
    factories.comment(article, cast.sam, scene.LONG, parent=own)
    factories.comment(article, cast.sam, f"As @rae said: {scene.ARABIC}")
    held = factories.comment(article, cast.rae, "Pumps are cheap.", to=Status.PENDING)
    decide(held, "reject", cast.mo, reason="spam", note=NOTE)
    report(own, cast.sam, text="Rude.")
    acts.tell()
    clock.freeze(clock.now() + timedelta(hours=1))
    with current_app.app_context():
        bundling.bundle(lambda: False)
        waiting.remind(lambda: False)
    db.session.rollback()
    db.session.expire_all()

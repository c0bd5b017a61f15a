"""Letters about one's account: a link that signs in, and whether an address is one's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer

from comments import i18n, limits, mail, names, outbox, settings
from comments.accounts import guests, links, queries
from comments.accounts.forms import email_key
from comments.accounts.models import User
from comments.db import db
from comments.errors import NotFound
from comments.mail import Letter

SIGN_IN, CONFIRM = "sign-in", "confirm-email"
# A guest's private link, which confirms the address as well; `sites/guests` knows of where.
GUEST = "private-link"
# How long somebody may take to confirm an address.
CONFIRM_WITHIN = timedelta(days=3)
ASKED = limits.Limit("mailed-link", times=3, seconds=3600)
ASKED_HERE = limits.Limit("mailed-links-here", times=20, seconds=3600)
# Whoever gives other people's addresses fills nobody's mailbox.
ASKED_TO_CONFIRM = limits.Limit("asked-to-confirm", times=3, seconds=86400)


def connect() -> None:
    mail.composers[SIGN_IN] = _sign_in
    mail.composers[CONFIRM] = _confirm


def ask_for_link(login: str, network: str, now: datetime) -> None:
    """Mail a link that signs in to whom this name or confirmed e-mail is, if to anybody.

    Who that is, only the letter's maker looks up: here nothing differs. Raises TooMany.
    """
    limits.hit(ASKED, queries.key_of(login), now)
    limits.hit(ASKED_HERE, network, now)
    mail.add(SIGN_IN, {"login": login, "language": i18n.language()}, None, now)


def forget(user: User) -> None:
    """Mail no link, and keep no word, of what somebody asked for by a name, or a confirmed address,
    of who leaves. Those of one site sign in by neither: both may be somebody else's."""
    email = user.email_key if user.email_confirmed_at else None

    def is_theirs(facts: dict[str, Any]) -> bool:
        login: str = facts["login"]
        return email_key(login) == email if "@" in login else names.key(login) == user.name_key

    if user.site_id is None:
        outbox.forget_those(mail.QUEUE, SIGN_IN, is_theirs)


def ask_to_confirm(user: User, now: datetime) -> None:
    """Ask at the address that a person claims whether it is theirs.

    Beyond its limit nothing is sent, and nothing tells so: others may have asked there as well.
    """
    if user.email and limits.counted(ASKED_TO_CONFIRM, email_key(user.email), now):
        facts = {"person": user.id, "email": user.email, "language": i18n.language()}
        if guests.is_guest(user):
            mail.add(GUEST, facts, user.id, now, site_id=user.site_id)
        else:
            mail.add(CONFIRM, facts, user.id, now)


def confirmation(user: User, email: str, now: datetime) -> str:
    """The token of a link by which somebody says that this person's address is theirs."""
    until = int((now + CONFIRM_WITHIN).timestamp())
    signed: str = _signer().dumps([user.id, email, until])
    return signed


def claim_of(token: str, now: datetime) -> tuple[User, str]:
    """Who claims which address by this link. Raises NotFound when that is over."""
    try:
        person_id, email, until = _signer().loads(token)
    except BadData:
        raise over() from None
    user = db.session.get(User, person_id)
    if user is None or user.is_closed or user.email != email or now.timestamp() > until:
        raise over()
    return user, email


def over() -> NotFound:
    """What is said of a link that confirms nothing any more."""
    return NotFound(_("This link is too old, or another address has been given since."))


def _sign_in(facts: dict[str, Any], now: datetime) -> Letter | None:
    user = db.session.scalar(queries.called(facts["login"]))
    if user is None or user.email is None or user.email_confirmed_at is None:
        return None
    url = f"{settings.current().url}/link/{links.make(user, now)}"
    values = {
        "name": mail.unlinked(user.name),
        "url": url,
        "minutes": int(links.LIFE.total_seconds() // 60),
    }
    return Letter(user.email, _("Sign in"), "sign_in", values)


def _confirm(facts: dict[str, Any], now: datetime) -> Letter | None:
    user, email = db.session.get(User, facts["person"]), facts["email"]
    if user is None or user.email != email or user.email_confirmed_at is not None:
        return None
    owner = db.session.scalar(queries.called(email))
    if owner is not None:
        subject = _("Somebody gave your address as theirs")
        return Letter(email, subject, "claimed", {"name": mail.unlinked(user.name)})
    url = f"{settings.current().url}/confirm/{confirmation(user, email, now)}"
    values = {"name": mail.unlinked(user.name), "url": url, "days": CONFIRM_WITHIN.days}
    return Letter(email, _("Is this your address?"), "confirm", values)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="confirm-email")

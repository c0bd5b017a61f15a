"""What people are told, in the language of whoever reads it."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext, pgettext

from comments.notifications.models import Kind, When
from comments.notifications.queries import MOST_COUNTED, MOST_TOLD, Told
from comments.screening import words as screening
from comments.threads.models import Status


def line(told: Told) -> str:
    """Who did what, or what became of one's own comment."""
    name = told.name or _("Former reader")
    if told.kind is Kind.DECISION:
        return outcome(told)
    return {
        Kind.REPLY: _("%(name)s answered you", name=name),
        Kind.MENTION: _("%(name)s mentioned you", name=name),
        Kind.THREAD: _("%(name)s wrote in a conversation you follow", name=name),
    }[told.kind]


def headline(first: Told, number: int, site: str) -> str:
    """All that somebody is told of a site at once, in one line."""
    if number == 1:
        return f"{line(first)} · {site}"
    return ngettext(
        "%(number)s notification from %(site)s",
        "%(number)s notifications from %(site)s",
        number,
        number=counted(number, MOST_TOLD),
        site=site,
    )


def outcome(told: Told) -> str:
    """What moderators made of one's comment."""
    if told.after is Status.REJECTED:
        if told.before is Status.PUBLISHED:
            return _("Your comment was removed")
        return _("Your comment was not published")
    if told.before is Status.REJECTED:
        return _("Your comment is published after all")
    return _("Your comment is published")


def why(told: Told) -> str:
    """The reason of a rejection, with what the moderator said about it."""
    if told.kind is not Kind.DECISION or told.after is not Status.REJECTED:
        return ""
    reason = screening.reason(told.reason)
    return f"{reason} — {told.note}" if told.note else reason


def unseen(number: int) -> str:
    return counted(number, MOST_COUNTED)


def counted(number: int, most: int) -> str:
    """A number that was counted to just beyond the most."""
    return f"{most}+" if number > most else str(number)


def kinds(*, moderates: bool) -> dict[str, str]:
    """What one may hear of, by the name of the choice."""
    found = {
        "replies": _("Replies to what I wrote"),
        "mentions": _("Comments that name me by @name"),
        "threads": _("Conversations that I follow"),
        "decisions": _("What moderators decided about my comments"),
    }
    return found | {"waiting": _("What waits or is reported, to moderate")} if moderates else found


def whens() -> list[tuple[str, str]]:
    """How soon letters come."""
    return [
        (When.AT_ONCE.value, pgettext("e-mails", "At once")),
        (When.HOURLY.value, pgettext("e-mails", "Once an hour")),
        (When.DAILY.value, pgettext("e-mails", "Once a day")),
        (When.NEVER.value, pgettext("e-mails", "Never")),
    ]

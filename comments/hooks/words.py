"""Events, and what became of them, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from comments.hooks.models import Delivery, Event, Format, State

FAILURES = {
    "address": lazy_gettext("This is no https address that could be asked."),
    "name": lazy_gettext("No server of this name was found."),
    "private": lazy_gettext("This address lies in a private network, where nothing is sent."),
    "silent": lazy_gettext("The server did not answer, or not in HTTP."),
    "slow": lazy_gettext("The answer took more than 10 seconds."),
    "certificate": lazy_gettext("The server's certificate is not good for this name."),
    "sealed": lazy_gettext(
        "The address or the secret can't be read: the secret key of the service was changed. "
        "Set this receiver up anew."
    ),
    "unmade": lazy_gettext("Something went wrong on our side. It has been noted."),
    "stopped": lazy_gettext("The receiver had said that it is gone."),
    "rested": lazy_gettext("The receiver could not be reached for two days."),
}


def events() -> dict[Event, str]:
    return {
        Event.PUBLISHED: _("A comment is published"),
        Event.REJECTED: _("A comment is rejected"),
        Event.REPORTED: _("A comment is reported"),
        Event.DECIDED: _("Every change of a comment: posted, edited, approved, rejected, deleted"),
        Event.ACCOUNT_DELETED: _("An account is deleted"),
    }


def event(event: Event) -> str:
    """In a few words, for a list."""
    return {
        Event.PUBLISHED: _("Published"),
        Event.REJECTED: _("Rejected"),
        Event.REPORTED: _("Reported"),
        Event.DECIDED: _("Every change"),
        Event.ACCOUNT_DELETED: _("Account deleted"),
        Event.TEST: _("Test"),
    }[event]


def formats() -> dict[Format, str]:
    return {
        Format.JSON: _("Signed JSON, for a program of yours"),
        Format.SLACK: _("A message for a chat: Slack, or one that takes the same"),
    }


def state(state: State) -> str:
    return {
        State.WAITING: _("Waits"),
        State.RETRYING: _("Tried again later"),
        State.DELIVERED: _("Delivered"),
        State.DEAD: _("Given up"),
    }[state]


def outcome(delivery: Delivery) -> str:
    """Why the last try was in vain, if the receiver did not say so itself."""
    if delivery.failure:
        return str(FAILURES[delivery.failure])
    if delivery.status is not None and 300 <= delivery.status < 400:
        return _("The server leads elsewhere, and redirects are not followed.")
    return ""

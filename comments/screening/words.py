"""Findings and reasons in the reader's language, drawn when they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from comments.i18n import moment

Params = Mapping[str, Any]


def _links(params: Params) -> str:
    count = int(params.get("count", 0))
    return ngettext("Holds one link.", "Holds %(num)d links.", count)


def _newcomer(params: Params) -> str:
    published = int(params.get("published", 0))
    if not published:
        return _("Nothing by this person has been published here yet.")
    return ngettext(
        "Only one comment by this person has been published here so far.",
        "Only %(num)d comments by this person have been published here so far.",
        published,
    )


# For moderators: what was found in a comment.
FINDINGS: dict[str, Callable[[Params], str]] = {
    "closed": lambda _p: _("The article takes no more comments."),
    "banned": lambda _p: _("The author is banned."),
    "suspended": lambda _p: _("The author is suspended."),
    "nobody-may": lambda _p: _("Only staff may comment here."),
    "subscribers-only": lambda _p: _("The author is no subscriber."),
    "confirmed-only": lambda _p: _("The author has not confirmed an e-mail address."),
    "other-site": lambda _p: _("The author belongs to another site."),
    "members-only": lambda _p: _("The author has no account."),
    "empty": lambda _p: _("Holds nothing that can be seen."),
    "too-long": lambda _p: _("Is too long."),
    "too-fast": lambda _p: _("Came very soon after the one before."),
    "trap": lambda _p: _("Filled a field that people can't see."),
    "repeated": lambda _p: _("Says the same as an earlier comment of this person."),
    "links": _links,
    "guest": lambda _p: _("By a guest, of whom nothing has been published here yet."),
    "newcomer": _newcomer,
    "premoderation": lambda _p: _("This site reads everything first."),
}


def finding(kept: Mapping[str, Any]) -> str:
    """A kept finding in words; one of a later release is shown by its code."""
    say = FINDINGS.get(str(kept["code"]))
    return say(kept.get("params") or {}) if say else str(kept["code"])


def _until(params: Params) -> str:
    until, reason = params.get("until"), params.get("reason") or ""
    if until:
        day = moment(datetime.fromisoformat(until))
        return _("You can't write here until %(until)s. %(reason)s", until=day, reason=reason)
    return _("You can't write here any more. %(reason)s", reason=reason)


# For authors: why something was not taken.
REFUSALS: dict[str, Callable[[Params], str]] = {
    "closed": lambda _p: _("Comments on this article are closed."),
    "banned": _until,
    "suspended": _until,
    "nobody-may": lambda _p: _("Comments are closed."),
    "subscribers-only": lambda _p: _("Only subscribers can comment here."),
    "confirmed-only": lambda _p: _(
        "Only people with a confirmed e-mail address can comment here. "
        "Confirm yours in your account."
    ),
    "other-site": lambda _p: _("You are signed in for another site."),
    "members-only": lambda _p: _(
        "Guests can't comment here any more. Make an account of what you wrote: "
        "your private link leads there."
    ),
    "empty": lambda _p: _("Write something first."),
    "too-long": lambda p: _(
        "This is %(length)s characters long; %(most)s is the most.",
        length=p.get("length"),
        most=p.get("most"),
    ),
    "too-fast": lambda p: ngettext(
        "That was quick. Please wait one second.",
        "That was quick. Please wait %(num)d seconds.",
        int(p.get("seconds", 1)),
    ),
    "trap": lambda _p: _("This looks like it was sent by a machine."),
}


def refusal(code: str, params: Params) -> str:
    return REFUSALS[code](params).strip()


# Reasons a moderator may give; `rejected` is what the author reads.
def reasons() -> dict[str, str]:
    return {
        "spam": _("Spam or advertising"),
        "abuse": _("Insults or harassment"),
        "hate": _("Hatred against a group"),
        "private": _("Somebody's private details"),
        "offtopic": _("Not about the article"),
        "illegal": _("Against the law"),
        "other": _("Another reason"),
        "trap": _("Sent by a machine"),
        "sanction": _("Its author was suspended or banned"),
    }


def reason(code: str | None) -> str:
    return reasons().get(code or "", _("Another reason"))

"""The words that the script says itself, in the language of the fragment that carries them."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _
from flask_babel import ngettext, pgettext

from comments.moderation.models import Complaint
from comments.screening.words import reasons
from comments.threads import seeing

# A number of each category that languages distinguish (CLDR), to ask gettext for its form.
_SAMPLES = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}


def script_words() -> dict[str, str | dict[str, str]]:
    return {
        "new": _forms(lambda n: ngettext("%(num)d new comment", "%(num)d new comments", n)),
        "unread": _forms(lambda n: ngettext("%(num)d unread", "%(num)d unread", n)),
        "manyUnread": _("More than %(num)s unread", num=seeing.MOST),
        "next": _("Next unread"),
        "isNew": pgettext("comment", "New"),
        "replies": _forms(lambda n: ngettext("%(num)d new reply", "%(num)d new replies", n)),
        "left": _forms(lambda n: ngettext("%(num)d character left", "%(num)d characters left", n)),
        "over": _forms(
            lambda n: ngettext("%(num)d character too many", "%(num)d characters too many", n)
        ),
        "show": _forms(lambda n: ngettext("Show one reply", "Show %(num)d replies", n)),
        "hide": _("Hide replies"),
        "reply": _("Your reply"),
        "postReply": _("Post reply"),
        "signInToPost": _("Sign in and post"),
        "save": _("Save"),
        "edit": _("Edit"),
        "delete": _("Delete"),
        "moderate": _("Moderate"),
        "signedIn": _("Signed in as {name}"),
        "comeIn": _("Sign in or sign up"),
        "signIn": _("Sign in"),
        "signOut": _("Sign out"),
        "signedOut": _("You are signed out."),
        "window": _("Go on in the window that has opened."),
        "noWindow": _("You are not signed in yet. Nothing you typed is lost."),
        "instead": _("Sign in on this page instead"),
        "expired": _("Your sign-in has ended. Nothing you typed is lost; please sign in again."),
        "failed": _("That could not be sent. Nothing you typed is lost; please try again."),
        "deleted": _("Comment deleted."),
        "reported": _("Thank you. A moderator will look at it."),
        "linked": _("The link to this comment is copied."),
        "byHand": _("Your browser lets nobody copy this for you. It is marked: copy it yourself."),
        "lost": _("The comment of this link is not here, or not any more."),
        "reason": _("Choose what is wrong first."),
    }


def _forms(say: Callable[[int], str]) -> dict[str, str]:
    """A counted phrase in each form that differs, with {n} for the number."""
    said = {name: say(number).replace(str(number), "{n}") for name, number in _SAMPLES.items()}
    return {name: words for name, words in said.items() if words != said["other"]} | {
        "other": said["other"]
    }


def complaints() -> list[tuple[str, str]]:
    """What a reader may say is wrong with a comment: the value that is sent, and words for it."""
    words = reasons()
    return [(complaint.value, words[complaint]) for complaint in Complaint]

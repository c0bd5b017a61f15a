"""The same as a message for a chat: what an incoming webhook of Slack shows, and others like it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from comments import settings
from comments.hooks.models import Event
from comments.mail import unlinked
from comments.moderation import words as moderation
from comments.moderation.models import Complaint
from comments.screening import words as screening
from comments.threads.models import Act

# Escaped, each of them may take five times as much; a block holds 3,000 characters.
LONGEST_TEXT = 500
LONGEST_TITLE = 100


def message(event: Event, body: dict[str, Any]) -> dict[str, Any]:
    """What is shown for a composed event, in the language in force."""
    data = body["data"]
    head = _head(event, data)
    blocks = [_section(head)]
    if "comment" in data:
        if data["comment"]["text"]:
            blocks.append(_section(_quoted(data["comment"]["text"])))
        blocks.append(_section(_link(event, data["comment"])))
    return {"text": head, "blocks": blocks}


def _head(event: Event, data: dict[str, Any]) -> str:
    if event is Event.TEST:
        return _("A test from the comments of %(site)s. Nothing happened.", site=data["site"])
    if event is Event.ACCOUNT_DELETED:
        return _left(data)
    names = {"name": _author(data["comment"]), "title": _title(data["comment"]["article"])}
    if event is Event.PUBLISHED:
        return _("%(name)s commented on %(title)s", **names)
    if event is Event.REJECTED:
        return _("A comment by %(name)s on %(title)s was rejected", **names) + _reason(data)
    if event is Event.REPORTED:
        why = moderation.complaints()[Complaint(data["report"]["reason"])]
        head = _("Somebody reported a comment by %(name)s on %(title)s", **names)
        return f"{head}: {why}"
    return _decided(data, names)


def _left(data: dict[str, Any]) -> str:
    if data["texts"] == "erased":
        return _("A reader of %(site)s deleted their account and their comments", site=data["site"])
    return _(
        "A reader of %(site)s deleted their account; their comments stay without a name",
        site=data["site"],
    )


def _decided(data: dict[str, Any], names: dict[str, str]) -> str:
    by = {
        Act.POST: _("%(name)s wrote a comment on %(title)s", **names),
        Act.EDIT: _("%(name)s edited a comment on %(title)s", **names),
        Act.WITHDRAW: _("%(name)s deleted a comment on %(title)s", **names),
        Act.APPROVE: _("A moderator approved a comment by %(name)s on %(title)s", **names),
        Act.REJECT: _("A moderator rejected a comment by %(name)s on %(title)s", **names),
        Act.IMPORT: "",
    }
    now = {
        "pending": _("it waits for a moderator"),
        "published": _("it is published"),
        "rejected": _("it is not published"),
        "withdrawn": _("it is gone"),
    }
    decision = data["decision"]
    return f"{by[Act(decision['act'])]}: {now[decision['to']]}{_reason(data)}"


def _reason(data: dict[str, Any]) -> str:
    reason = data["decision"]["reason"]
    return f" ({escaped(screening.reason(reason))})" if reason else ""


def _author(comment: dict[str, Any]) -> str:
    return escaped(comment["author"]["name"] or _("a former reader"))


def _title(article: dict[str, Any]) -> str:
    title = article["title"] or article["url"] or article["id"]
    return _("“%(title)s”", title=escaped(_cut(title, LONGEST_TITLE)))


def _quoted(text: str) -> str:
    return f"> {escaped(_cut(text, LONGEST_TEXT))}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _link(event: Event, comment: dict[str, Any]) -> str:
    if event is Event.PUBLISHED:
        return f"<{comment['url']}|{_('Open the comment')}>"
    card = f"{settings.current().url}/moderation/comments/{comment['id']}"
    return f"<{card}|{_('Open it in moderation')}>"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def escaped(typed: str) -> str:
    """What somebody typed, of which no chat makes a link, a mention or a channel."""
    text = unlinked(typed.replace("\n", " "))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

"""What a receiver reads: made when it is sent, of what is true by then.

The text of a comment is sent only while everybody may read it on the page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from markupsafe import Markup

from comments import settings
from comments.accounts.models import User
from comments.db import db
from comments.hooks.models import Delivery, Event
from comments.moderation.models import Report
from comments.sites.models import Site
from comments.threads.models import Article, Comment, Decision, Revision, State, Status

TYPES = {Event.ACCOUNT_DELETED: "account.deleted", Event.TEST: "test"}


def type_of(event: Event) -> str:
    return TYPES.get(event, f"comment.{event.value}")


def compose(delivery: Delivery) -> dict[str, Any]:
    site = db.session.get_one(Site, delivery.site_id)
    return {
        "id": delivery.message,
        "type": type_of(delivery.event),
        "timestamp": delivery.created_at.isoformat(),
        "data": {"site": site.key, **_data(delivery.facts)},
    }


def _data(facts: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "comment" in facts:
        found["comment"] = _comment(db.session.get_one(Comment, facts["comment"]))
    if "decision" in facts:
        found["decision"] = _decision(db.session.get_one(Decision, facts["decision"]))
    if "report" in facts:
        report = db.session.get_one(Report, facts["report"])
        found["report"] = {
            "id": str(report.id),
            "reason": report.reason.value,
            "at": report.created_at.isoformat(),
        }
    if "person" in facts:
        found["person"] = {"id": str(facts["person"]), "subject": facts["subject"]}
        found["texts"] = facts["texts"]
    return found


def _comment(comment: Comment) -> dict[str, Any]:
    article = db.session.get_one(Article, comment.article_id)
    is_public = comment.status is Status.PUBLISHED and article.state is not State.HIDDEN
    html = db.session.get_one(Revision, (comment.id, comment.revision)).html if is_public else None
    return {
        "id": str(comment.id),
        "url": f"{settings.current().url}/comments/{comment.id}",
        "article": {"id": article.key, "url": article.url, "title": article.title},
        "parent": None if comment.parent_id is None else str(comment.parent_id),
        "status": comment.status.value,
        "author": _person(comment.author_id),
        "html": html,
        "text": None if html is None else Markup(html).striptags(),  # noqa: S704 - made by markup.py
        "created_at": comment.created_at.isoformat(),
        "edited_at": _moment(comment.edited_at),
    }


def _person(id: int) -> dict[str, Any]:
    person = db.session.get_one(User, id)
    return {"id": str(id), "name": person.name or None}


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "id": str(decision.id),
        "act": decision.act.value,
        "from": decision.from_status.value if decision.from_status else None,
        "to": decision.to_status.value,
        "reason": decision.reason,
        "rule": decision.rule,
        "by": None if decision.by_id is None else {"id": str(decision.by_id)},
        "at": decision.created_at.isoformat(),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

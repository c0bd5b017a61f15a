"""A thread as schema.org data, for search engines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from comments.threads.drawing import Drawn, Thread


def page(thread: Thread, address: str) -> dict[str, Any]:
    """The JSON-LD of a page of a thread: what is drawn on it, and nothing else."""
    about: dict[str, Any] = {"@type": "WebPage", "identifier": thread.key}
    if thread.url:
        about["url"] = thread.url
    if thread.title:
        about["headline"] = thread.title
    return {
        "@context": "https://schema.org",
        **about,
        "commentCount": thread.count,
        "discussionUrl": address,
        "comment": _comments(thread.roots),
    }


def _comments(drawn: Iterable[Drawn]) -> list[dict[str, Any]]:
    return [entry for comment in drawn for entry in _comment(comment)]


def _comment(comment: Drawn) -> list[dict[str, Any]]:
    """One comment with its replies; where only a place is kept, the replies alone."""
    below = _comments(comment.children)
    if comment.html is None:
        return below
    entry: dict[str, Any] = {
        "@type": "Comment",
        "identifier": comment.id,
        "dateCreated": comment.created_at.isoformat(),
        "author": {"@type": "Person", "name": comment.author},
        "text": comment.html.striptags(),
    }
    if comment.edited_at:
        entry["dateModified"] = comment.edited_at.isoformat()
    if below:
        entry["comment"] = below
    return [entry]

"""A text on its way into the record: rendered, rowed, placed in its tree."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from comments import markup
from comments.accounts.models import User
from comments.db import known
from comments.forms import MESSAGES, refuse
from comments.prepared import insert, stored
from comments.screening.draft import Draft, Standing
from comments.screening.policy import Verdict
from comments.threads.models import DEEPEST, STEP, Article, Comment, Revision, Status

MARKDOWN, HTML = "markdown", "html"


@dataclass(frozen=True)
class Written:
    """A text, normalised and rendered before the write lock is taken."""

    source: str
    rendered: markup.Rendered
    is_blank: bool
    source_format: str = MARKDOWN

    @cached_property
    def fingerprint(self) -> str:
        """The same for texts that differ only in case and spacing."""
        return hashlib.sha256(" ".join(self.source.casefold().split()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment goes and who says it."""

    article: Article
    parent: Comment | None
    author: User


def written(body: str) -> Written:
    """What was typed, ready to be judged. Raises Invalid for characters that can't be kept."""
    try:
        source = markup.normalise(body)
    except markup.Unusable:
        raise refuse("body", "characters", str(MESSAGES["characters"])) from None
    rendered = markup.render(source[: markup.MAX_SOURCE])
    return Written(source, rendered, markup.is_blank(rendered.text))


def draft(text: Written, standing: Standing, **facts: bool) -> Draft:
    return Draft(
        source=text.source,
        length=len(text.source),
        is_blank=text.is_blank,
        links=text.rendered.links,
        standing=standing,
        **facts,
    )


def add(
    place: Place, text: Written, to: Status, now: datetime, import_key: str | None = None
) -> Comment:
    """A new comment on its way to a status. Only `status.move` makes it so: it gives the row its
    place in the tree and counts it."""
    parent = place.parent
    comment = stored(
        Comment,
        site_id=place.article.site_id,
        article_id=place.article.id,
        parent_id=parent.id if parent else None,
        author_id=place.author.id,
        status=to,
        depth=parent.depth + 1 if parent else 0,
        fingerprint=text.fingerprint,
        import_key=import_key,
        created_at=now,
    )
    known(
        comment,
        root_id=parent.root_id if parent else comment.id,
        path=path_below(parent.path if parent else "", comment.id),
    )
    return comment


def path_below(parent: str, id: int) -> str:
    """Below the deepest level that is drawn, replies hang at that level; `parent_id` stays true."""
    return parent[: STEP * (DEEPEST - 1)] + _base36(id).rjust(STEP, "0")


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def add_revision(
    comment: Comment, text: Written, draft: Draft, verdict: Verdict, now: datetime
) -> None:
    insert(
        Revision,
        site_id=comment.site_id,
        comment_id=comment.id,
        number=comment.revision,
        source=text.source,
        source_format=text.source_format,
        html=text.rendered.html,
        renderer=text.rendered.renderer,
        facts=draft.facts(),
        findings=[finding.kept() for finding in verdict.findings],
        created_at=now,
    )

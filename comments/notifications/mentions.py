"""Who is named in a text by `@name`: people of the same thread only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

import sqlalchemy as sa

from comments import names
from comments.accounts.models import User
from comments.db import db
from comments.threads.models import Comment, Status

# So many signs are looked behind; a text that names everybody names nobody.
MOST = 10
# A sign within a word or an address names nobody.
_SIGN = re.compile(r"(?<![\w@/.\-:=&?#%+])@(?=\w)")


def people(site_id: int, article_id: int, source: str) -> set[int]:
    """The ids of those whom this text names and who have published in this thread."""
    spelled = [keys_at(source, at) for at in places(source)]
    known = _known(site_id, article_id, {key for keys in spelled for key in keys})
    found = set[int]()
    for keys in spelled:
        # The longest, or Rae Miller would never be named where there is a Rae.
        found |= next((known[key] for key in keys if key in known), set())
    return found


def places(source: str) -> list[int]:
    """Where names begin, behind the first signs of a text."""
    return [match.end() for _n, match in zip(range(MOST), _SIGN.finditer(source), strict=False)]


def keys_at(source: str, at: int) -> list[str]:
    """The keys of what may be a name here, the longest first."""
    rest = source[at : at + names.LONGEST + 1].partition("\n")[0] + "\n"
    ends = [
        end
        for end in range(1, min(len(rest), names.LONGEST + 1))
        if _is_of_a_word(rest[end - 1]) and not _is_of_a_word(rest[end])
    ]
    return [key for end in reversed(ends) if (key := names.key(rest[:end]))]


def _is_of_a_word(char: str) -> bool:
    return char.isalnum() or category(char) in ("Mn", "Mc")


def _known(site_id: int, article_id: int, keys: set[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for key, id in _of_the_thread(site_id, article_id, keys) if keys else ():
        found.setdefault(key, set()).add(id)
    return found


def _of_the_thread(site_id: int, article_id: int, keys: set[str]) -> Iterator[tuple[str, int]]:
    """Accounts of the service and of the site by each of these keys."""
    has_published = sa.exists().where(
        Comment.author_id == User.id,
        Comment.site_id == site_id,
        Comment.article_id == article_id,
        Comment.status == Status.PUBLISHED,
    )
    for here in (User.site_id.is_(None), User.site_id == site_id):
        rows = db.session.execute(
            sa.select(User.name_key, User.id).where(here, User.name_key.in_(keys), has_published)
        )
        yield from ((row.name_key, row.id) for row in rows)

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from comments import clock, signals
from comments.accounts import copies
from comments.db import db, transaction
from comments.moderation.models import Report
from tests import factories
from tests.conftest import NOW, Cast
from tests.moderation.acts import report


def test_a_copy_of_ones_data_holds_the_reports_one_made(cast: Cast, frozen: Any) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    report(comment, cast.sam, "hate", "See the end.")
    assert copies.of(cast.sam, clock.now())["reports"] == [
        {
            "site": "gazette",
            "comment": str(comment.id),
            "reason": "hate",
            "text": "See the end.",
            "created_at": NOW.isoformat(),
            "outcome": None,
        }
    ]
    assert copies.of(cast.rae, clock.now())["reports"] == []


def test_who_leaves_and_erases_takes_their_words_to_moderators_along(
    cast: Cast, frozen: Any
) -> None:
    comment = factories.comment(factories.article(cast.gazette, "a1"), cast.rae)
    report(comment, cast.sam, text="I am her neighbour.")
    transaction(lambda: signals.account_closed.send(cast.sam, erase=True, now=NOW))
    row = db.session.scalars(sa.select(Report)).one()
    assert row.text == ""
    assert comment.open_reports == 1

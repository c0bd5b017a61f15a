"""What the demo's database holds once the story was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa

from comments import clock, create_app
from comments.accounts import passwords
from comments.accounts.models import User
from comments.db import db
from comments.demo import voices, world
from comments.demo.articles import ARTICLES
from comments.demo.publisher import FIELD_NOTES, GAZETTE
from comments.demo.story import story
from comments.moderation.models import Report
from comments.settings import Settings
from comments.sites import access, queries
from comments.sites.models import Role
from comments.threads.models import Act, Article, Comment, Decision, Revision, State, Status
from tests import recount

AS_OF = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
HOME = "http://localhost:8001"


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """The steps of the telling, into a database that the tests below only look at."""
    app = create_app(Settings(instance=Path(tmp_path_factory.mktemp("demo"))))
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
        taken: list[int] = []
        clock.freeze(AS_OF)
        world.tell(HOME, lambda: taken.append(1))
        clock.freeze(None)
        world.admit(HOME)
        yield taken
        db.session.remove()
        db.engine.dispose()


pytestmark = pytest.mark.usefixtures("steps")


def article(key: str) -> Article:
    return db.session.scalars(sa.select(Article).where(Article.key == key)).one()


def person(name: str) -> User:
    return db.session.scalars(sa.select(User).where(User.name == name)).one()


def comments(**having: object) -> list[Comment]:
    return list(db.session.scalars(sa.select(Comment).filter_by(**having).order_by(Comment.id)))


def last_revision(comment: Comment) -> Revision:
    return db.session.get_one(Revision, (comment.id, comment.revision))


def test_every_step_is_told(steps: list[int]) -> None:
    assert len(steps) == len(story())


def test_it_says_when_it_was_told() -> None:
    assert world.told_at() == AS_OF


def test_the_cast_have_their_roles_and_their_password() -> None:
    gazette, notes = queries.by_key(GAZETTE), queries.by_key(FIELD_NOTES)
    assert access.role_on(gazette, person("Ada")) is Role.OWNER
    assert access.role_on(gazette, person("Mo")) is Role.MODERATOR
    assert access.role_on(gazette, person("Rae")) is None
    assert access.role_on(gazette, person("Sam")) is None
    assert access.role_on(notes, person("Sam")) is Role.MODERATOR
    assert passwords.fits(world.PASSWORD, passwords.secret_of(person("Rae")))
    assert not passwords.fits(world.PASSWORD, passwords.secret_of(person("Tomasz K")))


def test_the_lively_thread_is_long_and_deep() -> None:
    lively = comments(article_id=article("tidal-clock-2041").id, status=Status.PUBLISHED)
    assert len(lively) >= 120
    assert max(comment.depth for comment in lively) >= 8
    assert len({comment.author_id for comment in lively}) >= 25
    texts = [last_revision(comment).source for comment in lively]
    assert sum(1_800 < len(text) < 2_500 for text in texts) >= 2
    assert any("אל תתקנו" in text for text in texts)
    assert any("الساعة" in text for text in texts)
    assert any("钟楼" in text for text in texts)


def test_there_is_a_tombstone_with_replies_below() -> None:
    (gone,) = comments(status=Status.WITHDRAWN)
    assert gone.shown
    assert gone.replies >= 3


def test_there_is_an_edit() -> None:
    edited = [comment for comment in comments(status=Status.PUBLISHED) if comment.edited_at]
    assert [comment.revision for comment in edited] == [2]


def test_twelve_wait_for_the_reasons_that_they_were_written_for() -> None:
    waiting = comments(status=Status.PENDING)
    found = {
        last_revision(comment).source: {kept["code"] for kept in last_revision(comment).findings}
        for comment in waiting
    }
    assert len(waiting) == 12
    assert {voice.edited or voice.text: set(voice.found) for voice in voices.waiting()}.items() <= (
        found.items()
    )


def test_three_are_reported() -> None:
    reported = [comment for comment in comments() if comment.open_reports]
    assert len(reported) == 3
    assert len(set(db.session.scalars(sa.select(Report.reason)))) == 3


def test_some_were_rejected_by_people_and_one_by_the_service() -> None:
    rejections = db.session.execute(
        sa.select(Decision.by_id, Decision.reason).where(Decision.to_status == Status.REJECTED)
    ).all()
    mo = person("Mo").id
    assert {(mo, "abuse"), (mo, "private"), (None, "trap")} == {tuple(row) for row in rejections}


def test_newcomers_were_approved_by_a_moderator() -> None:
    approvals = db.session.scalars(
        sa.select(Decision.by_id).where(Decision.act == Act.APPROVE).distinct()
    )
    assert set(approvals) == {person("Mo").id, person("Sam").id}


def test_one_article_is_closed_and_one_has_no_comments() -> None:
    closed = db.session.scalars(sa.select(Article.key).where(Article.state == State.CLOSED)).all()
    assert closed == ["lantern-route"]
    assert article("lantern-route").published > 5
    empty = article("marsh-meteors")
    assert (empty.published, empty.pending, empty.state) == (0, 0, State.OPEN)


def test_the_live_page_has_talk_under_each_heading() -> None:
    topics = ARTICLES["two-threads"].topics
    assert all(article(topic).published >= 5 for topic in topics)


def test_articles_are_dated_and_found_on_the_publisher() -> None:
    clock_article = article("tidal-clock-2041")
    assert clock_article.url == f"{HOME}/articles/tidal-clock-2041"
    assert clock_article.published_at == AS_OF - timedelta(hours=13)


def test_nothing_lies_in_the_future() -> None:
    latest = db.session.scalar(sa.select(sa.func.max(Decision.created_at)))
    assert latest is not None
    assert latest < AS_OF


def test_every_counter_is_right() -> None:
    assert recount.differences() == []


def test_the_gazette_no_longer_reads_everything_first() -> None:
    assert not queries.by_key(GAZETTE).settings.premoderation

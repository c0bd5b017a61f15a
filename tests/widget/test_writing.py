"""Writing, on a publisher's page: what is typed arrives, or is not lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from comments import clock
from comments.db import db
from comments.moderation.models import Report
from comments.threads.models import Article, Comment, State, Status
from tests import factories
from tests.conftest import Cast
from tests.widget import reader
from tests.widget.conftest import Asked
from tests.widget.publisher import Publisher, slot

pytestmark = pytest.mark.browser


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides")


@pytest.fixture
def rae(page: Page, publisher: Publisher, cast: Cast, article: Article) -> Page:
    """The page of somebody who is signed in."""
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    return page


def comments() -> list[Comment]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Comment).order_by(Comment.id)))


def test_a_comment_appears_where_it_was_written(rae: Page) -> None:
    reader.post(rae, "A *plain* thought.")
    comment = rae.locator(".comment", has_text="A plain thought.")
    expect(comment).to_be_focused()
    expect(rae.get_by_role("status").first).to_have_text("Your comment is published.")
    expect(rae.get_by_role("heading", name="1 comment")).to_be_visible()
    expect(rae.get_by_role("link", name="Write a comment")).to_be_visible()
    expect(comment.get_by_role("link", name="Edit")).to_be_visible()
    expect(comment.get_by_role("link", name="Report")).not_to_be_visible()
    (stored,) = comments()
    assert stored.status is Status.PUBLISHED


def test_the_first_post_fills_in_what_the_page_says_of_its_article(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    embed = slot("fresh", data_title="Low water", data_section="Coast", data_published="2026-03-01")
    reader.arrive(page, publisher.page(embed), cast.rae, cast.gazette)
    reader.post(page, "First.")
    expect(page.locator(".comment")).to_contain_text("First.")
    db.session.rollback()
    made = db.session.scalars(sa.select(Article)).one()
    assert (made.key, made.title, made.section) == ("fresh", "Low water", "Coast")
    assert made.url == f"{publisher.url}/tides"
    assert made.published_at
    assert made.published_at.date().isoformat() == "2026-03-01"


def test_what_a_page_says_wrongly_keeps_nobody_from_posting(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    embed = slot("fresh", data_published="last spring", data_title="x" * 900, data_url="no address")
    reader.arrive(page, publisher.page(embed), cast.rae, cast.gazette)
    reader.post(page, "All the same.")
    expect(page.locator(".comment")).to_contain_text("All the same.")


def test_a_comment_that_waits_says_so_to_its_author_alone(
    rae: Page, publisher: Publisher, cast: Cast
) -> None:
    factories.settle(cast.gazette, premoderation=True)
    reader.post(rae, "Is this fine?")
    promise = "Only you see this until a moderator has looked."
    expect(rae.locator(".comment").get_by_text(promise)).to_be_visible()
    rae.reload()
    expect(rae.locator(".comment").get_by_text(promise)).to_be_visible()
    rae.get_by_role("button", name="Sign out").click()
    expect(rae.get_by_text("Is this fine?")).to_have_count(0)


def test_a_refusal_is_told_beside_the_form(rae: Page) -> None:
    reader.post(rae, "   ")
    expect(reader.alert(rae)).to_have_text("Write something first.")
    expect(rae.get_by_label("Your comment")).to_have_value("   ")
    rae.get_by_label("Your comment").fill("Words, then.")
    rae.get_by_role("button", name="Post comment").click()
    expect(rae.locator(".comment")).to_contain_text("Words, then.")


def test_a_text_for_machines_is_not_published_and_its_author_reads_why(rae: Page) -> None:
    reader.write(rae, "Buy this.")
    rae.locator("input[name=website]").evaluate("field => field.value = 'https://spam.example'")
    rae.get_by_role("button", name="Post comment").click()
    expect(reader.alert(rae)).to_contain_text("not published")
    rae.reload()
    expect(rae.locator(".comment")).to_contain_text("Not published: Sent by a machine.")


def test_a_reply_stands_below_what_it_answers(
    page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    root = factories.comment(article, cast.mo, "What do you think?")
    factories.comment(article, cast.mo, "Something else.")
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    page.get_by_role("link", name="Reply to mo").last.click()
    expect(page.get_by_label("Your reply")).to_be_focused()
    page.keyboard.type("This.")
    page.keyboard.press("Control+Enter")
    reply = page.locator(f"li:has(> #comment-{root.id}) > .below .comment")
    expect(reply).to_contain_text("This.")
    expect(reply).to_be_focused()
    assert comments()[-1].parent_id == root.id


def test_a_preview_shows_the_text_as_it_will_be(rae: Page) -> None:
    reader.write(rae, "So **bold** <b>of me</b>.")
    rae.get_by_role("button", name="Preview").click()
    seen = rae.locator("[data-seen]")
    expect(seen.locator("strong")).to_have_text("bold")
    expect(seen).to_contain_text("<b>of me</b>")
    assert comments() == []
    rae.get_by_label("Your comment").press("End")
    rae.keyboard.type(" More.")
    expect(seen).not_to_be_visible()


def test_characters_are_counted_near_the_limit(
    page: Page, publisher: Publisher, cast: Cast
) -> None:
    factories.settle(cast.gazette, length=300)
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    reader.write(page, "x" * 99)
    expect(page.locator("[data-left]")).to_be_empty()
    page.get_by_label("Your comment").fill("🐙" * 299)
    expect(page.locator("[data-left]")).to_have_text("1 character left")
    page.get_by_label("Your comment").fill("x" * 302)
    expect(page.locator("[data-left]")).to_have_text("2 characters too many")
    page.get_by_role("button", name="Post comment").click()
    expect(reader.alert(page)).to_have_text("This is 302 characters long; 300 is the most.")


def test_the_field_grows_with_the_text(rae: Page) -> None:
    reader.write(rae, "One line.")
    field = rae.get_by_label("Your comment")
    before = field.bounding_box()
    field.fill("line\n" * 12)
    after = field.bounding_box()
    assert before
    assert after
    assert after["height"] > before["height"] + 100


def test_a_draft_survives_a_reload(
    page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    root = factories.comment(article, cast.mo, "What do you think?")
    page.goto(publisher.page())
    reader.write(page, "Half a thou")
    page.get_by_role("link", name="Reply to mo").click()
    page.get_by_label("Your reply").fill("Half an ans")
    page.reload()
    expect(page.get_by_label("Your comment")).to_have_value("Half a thou")
    expect(page.get_by_label("Your reply")).to_have_value("Half an ans")
    assert page.locator(f"li:has(> #comment-{root.id}) > form").count() == 1


def test_a_form_put_away_stays_away_and_keeps_its_text(page: Page, publisher: Publisher) -> None:
    page.goto(publisher.page())
    reader.write(page, "Not now.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Write a comment")).to_be_focused()
    page.reload()
    expect(page.get_by_label("Your comment")).to_have_count(0)
    page.get_by_role("link", name="Write a comment").click()
    expect(page.get_by_label("Your comment")).to_have_value("Not now.")
    page.get_by_label("Your comment").fill("")
    assert page.evaluate("localStorage.length") == 0


@pytest.fixture
def lossy(rae: Page) -> Callable[[], None]:
    """Lose the answer to the next post on its way, once the service has stored it."""
    to_lose = []

    def handle(route: Route) -> None:
        if not to_lose or route.request.method != "POST":
            return route.continue_()
        to_lose.pop()
        route.fetch()
        return route.abort()

    rae.route("**/api/v1/comments*", handle)
    return lambda: to_lose.append("one")


def test_a_post_whose_answer_was_lost_is_stored_once(
    rae: Page, lossy: Callable[[], None], asked: list[Asked]
) -> None:
    reader.write(rae, "Only once, please.")
    lossy()
    rae.get_by_role("button", name="Post comment").click()
    expect(reader.alert(rae)).to_contain_text("Nothing you typed is lost")
    expect(rae.get_by_label("Your comment")).to_have_value("Only once, please.")
    rae.get_by_role("button", name="Post comment").click()
    expect(rae.locator(".comment")).to_contain_text("Only once, please.")
    assert len(comments()) == 1
    keys = {r.headers["Idempotency-Key"] for r in asked if "Idempotency-Key" in r.headers}
    assert len(keys) == 1


def test_another_text_after_a_lost_answer_is_another_comment(
    rae: Page, lossy: Callable[[], None]
) -> None:
    reader.write(rae, "First version.")
    lossy()
    rae.get_by_role("button", name="Post comment").click()
    expect(reader.alert(rae)).to_contain_text("Nothing you typed is lost")
    clock.freeze(clock.now() + timedelta(minutes=1))
    rae.get_by_label("Your comment").fill("Second version.")
    rae.get_by_role("button", name="Post comment").click()
    expect(rae.locator(".comment").first).to_contain_text("Second version.")
    assert len(comments()) == 2


def test_an_author_edits(rae: Page) -> None:
    reader.post(rae, "Teh tide.")
    rae.get_by_role("link", name="Edit").click()
    field = rae.get_by_label("Your comment")
    expect(field).to_have_value("Teh tide.")
    expect(field).to_be_focused()
    field.fill("The tide.")
    rae.get_by_role("button", name="Save").click()
    comment = rae.locator(".comment")
    expect(comment.locator("> .body")).to_have_text("The tide.")
    expect(comment.get_by_text("edited")).to_be_visible()
    expect(comment).to_be_focused()
    (stored,) = comments()
    assert stored.revision == 2


def test_an_edit_that_is_given_up_changes_nothing(rae: Page) -> None:
    reader.post(rae, "As it is.")
    rae.get_by_role("link", name="Edit").click()
    rae.get_by_label("Your comment").fill("Otherwise.")
    rae.get_by_role("button", name="Cancel").click()
    expect(rae.locator(".comment .body")).to_have_text("As it is.")
    expect(rae.get_by_role("link", name="Edit")).to_be_focused()


def test_an_edit_that_comes_too_late_is_refused_and_kept(rae: Page) -> None:
    reader.post(rae, "As it is.")
    rae.get_by_role("link", name="Edit").click()
    rae.get_by_label("Your comment").fill("Too late.")
    clock.freeze(clock.now() + timedelta(minutes=16))
    rae.get_by_role("button", name="Save").click()
    expect(reader.alert(rae)).to_have_text("This comment can't be edited any more.")
    expect(rae.get_by_label("Your comment")).to_have_value("Too late.")


def test_an_author_deletes_after_a_question(rae: Page) -> None:
    reader.post(rae, "Better not.")
    rae.get_by_role("link", name="Delete").click()
    expect(rae.get_by_role("button", name="Delete")).to_be_focused()
    rae.get_by_role("button", name="Keep it").click()
    expect(rae.get_by_role("link", name="Delete")).to_be_focused()
    rae.get_by_role("link", name="Delete").click()
    rae.get_by_role("button", name="Delete").click()
    expect(rae.get_by_text("Better not.")).to_have_count(0)
    expect(rae.get_by_role("heading", name="No comments yet")).to_be_focused()
    expect(rae.get_by_role("status").first).to_have_text("Comment deleted.")


def test_a_deleted_comment_keeps_the_place_of_its_replies(
    page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    root = factories.comment(article, cast.rae, "I take this back.")
    factories.comment(article, cast.mo, "But I answered.", parent=root)
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This comment was deleted by its author.")).to_be_visible()
    expect(page.get_by_text("I take this back.")).to_have_count(0)
    expect(page.get_by_text("But I answered.")).to_be_visible()
    expect(page.locator(f"#comment-{root.id}")).to_be_focused()


def test_a_reader_reports(page: Page, publisher: Publisher, cast: Cast, article: Article) -> None:
    comment = factories.comment(article, cast.mo, "Buy my boat.")
    reader.arrive(page, publisher.page(), cast.rae, cast.gazette)
    page.get_by_role("link", name="Report").click()
    expect(page.get_by_label("Spam or advertising")).to_be_focused()
    page.get_by_role("button", name="Report").click()
    expect(reader.alert(page)).to_have_text("Choose what is wrong first.")
    page.get_by_label("Spam or advertising").check()
    page.get_by_label("More about it").fill("Third time today.")
    page.get_by_role("button", name="Report").click()
    expect(page.locator(".comment")).to_contain_text("Thank you. A moderator will look at it.")
    expect(page.locator(".comment")).to_be_focused()
    db.session.rollback()
    report = db.session.scalars(sa.select(Report)).one()
    assert (report.comment_id, report.reason, report.text) == (
        comment.id,
        "spam",
        "Third time today.",
    )


def test_moderators_find_their_way_to_the_desk(
    page: Page, publisher: Publisher, cast: Cast, article: Article
) -> None:
    comment = factories.comment(article, cast.rae, "Hm.")
    reader.arrive(page, publisher.page(), cast.mo, cast.gazette)
    link = page.get_by_role("link", name="Moderate")
    expect(link).to_have_attribute("href", f"{publisher.service}/moderation/comments/{comment.id}")
    expect(link).to_have_attribute("target", "_blank")
    page.get_by_role("button", name="Sign out").click()
    expect(link).to_have_count(0)


def test_an_article_that_closed_meanwhile_says_so(rae: Page, cast: Cast, article: Article) -> None:
    reader.write(rae, "Just in time?")
    factories.set_state(article, State.CLOSED, cast.ada)
    rae.get_by_role("button", name="Post comment").click()
    expect(reader.alert(rae)).to_have_text("Comments on this article are closed.")
    expect(rae.get_by_label("Your comment")).to_have_value("Just in time?")

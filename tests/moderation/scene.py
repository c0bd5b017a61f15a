"""A gazette with something of everything for the desk to show."""

from __future__ import annotations

from datetime import timedelta

from comments import clock
from comments.accounts.models import User
from comments.screening.findings import Finding
from comments.sites.models import Role
from comments.threads.models import Article, Comment, Status
from tests import factories
from tests.conftest import Cast
from tests.moderation.acts import decide, report, sanction

LONG = (
    "I have lived on this river for forty years, and every spring somebody in an office finds "
    "out that water goes downhill.\n\nTwo things would help:\n\n- read the old gauges, *all* of "
    "them;\n- talk to the people who empty the cellars.\n\n> But the model says otherwise.\n\n"
    "The model has never owned a pump."
)
ADVERT = "Best **watches** at http://watches.example/cheap?x=1 and http://more.example today!"
ARABIC = "النهر يرتفع كل ربيع، ولا أحد يستمع إلى من يعيش على ضفته."


def laid_out(cast: Cast) -> Article:
    """One article with comments in every state, reports, findings and a person who is banned."""
    article = factories.article(
        cast.gazette, "floods", title="The river is rising again, and nobody has read the gauges"
    )
    nora = factories.user("nora")
    root = factories.comment(article, nora, LONG, at=ago(days=2))
    _waiting(article, cast, root)
    _reported(article, cast, root)
    _decided(article, cast, root)
    return article


def ago(**by: float):
    return clock.now() - timedelta(**by)


def _waiting(article: Article, cast: Cast, root: Comment) -> None:
    at = ADVERT.index("http")
    links = Finding("links", {"count": 2, "allowed": 1}, (at, ADVERT.index(" and")))
    new = Finding("newcomer", {"published": 0, "first": 3})
    wait = {"to": Status.PENDING}
    factories.comment(
        article, cast.rae, ADVERT, parent=root, findings=(links, new), at=ago(hours=13), **wait
    )
    factories.comment(
        article, factories.user("أمينة"), ARABIC, findings=(new,), at=ago(hours=3), **wait
    )
    factories.comment(article, cast.ada, "A word of mine.", at=ago(minutes=30), **wait)
    factories.comment(article, cast.mo, "And of mine.", at=ago(minutes=20), **wait)


def _reported(article: Article, cast: Cast, root: Comment) -> None:
    rude = factories.comment(article, cast.rae, "Go and drown, then.", parent=root, at=ago(hours=9))
    for person, text in ((cast.sam, "He means it, look at his others."), (cast.mo, "")):
        report(rude, person, "abuse", text)


def _decided(article: Article, cast: Cast, root: Comment) -> None:
    gone: User = factories.user("Bartholomew-Maximilian Featherstonehaugh")
    removed = factories.comment(article, gone, "Rubbish, all of it.", parent=root, at=ago(hours=8))
    decide(removed, "reject", cast.ada, reason="abuse", note="We talk about the river here.")
    factories.comment(article, gone, "x" * 300, to=Status.WITHDRAWN, at=ago(hours=7))
    sanction(removed, cast.mo, term="ban", reason="Insults, after two warnings.")
    stan = factories.user("stan")
    factories.member(cast.gazette, stan, Role.STAFF)
    factories.comment(article, stan, "Thank you all for writing.", at=ago(minutes=5))

"""What happens in the demo's world, in its order, each through the product's own rule."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from comments.accounts import registration
from comments.accounts.forms import SignUp
from comments.accounts.models import User
from comments.demo import voices
from comments.demo.articles import ARTICLES, Article
from comments.demo.publisher import FIELD_NOTES, GAZETTE
from comments.demo.voices import Complaint, Voice
from comments.moderation import deciding, reporting
from comments.moderation.forms import Action, Complained, Judgement, Reason
from comments.moderation.models import Complaint as Grievance
from comments.sites import managing
from comments.sites.forms import EditedSite
from comments.sites.models import Site
from comments.threads import articles, posting, writing
from comments.threads.forms import ArticleFacts, Name, NewComment
from comments.threads.models import Comment, State, Status

CAST = ("Ada", "Mo", "Rae", "Sam")
MODERATOR = {GAZETTE: "Mo", FIELD_NOTES: "Sam"}

# People sign up so long before they first say something; moderators take so long to look.
SIGNED_UP = timedelta(minutes=4)
USUAL_WAIT = timedelta(minutes=1)
CLOSED = {"lantern-route": timedelta(days=1, hours=20)}
# On a stormy night the Gazette read everything first, for five minutes.
PREMODERATED = {True: timedelta(minutes=9), False: timedelta(minutes=4)}


@dataclass(frozen=True, slots=True)
class World:
    """What there is so far. `nobodys` is the hash of a password that nobody knows."""

    publisher: str
    nobodys: str
    sites: dict[str, Site]
    people: dict[str, User]
    said: dict[tuple[str, str], Comment] = field(default_factory=dict)

    def site_of(self, article: str) -> Site:
        return self.sites[ARTICLES[article].paper]

    def moderator_of(self, article: str) -> User:
        return self.people[MODERATOR[ARTICLES[article].paper]]


Happening = Callable[[World, datetime], object]


def story() -> list[tuple[timedelta, Happening]]:
    """Everything that happens, with how long ago, in its order."""
    said = voices.conversations()
    happenings: list[tuple[timedelta, Happening]] = [
        *_arrivals(said),
        *((article.ago, partial(_print, article)) for article in ARTICLES.values()),
        *(happening for voice in said for happening in _life(voice)),
        *((each.ago, partial(_complain, each)) for each in voices.complaints()),
        *((ago, partial(_close, ARTICLES[id])) for id, ago in CLOSED.items()),
        *((ago, partial(_premoderate, on)) for on, ago in PREMODERATED.items()),
    ]
    return sorted(happenings, key=lambda happening: -happening[0])


def _arrivals(said: Iterable[Voice]) -> Iterator[tuple[timedelta, Happening]]:
    known = set(CAST)
    for voice in said:
        if voice.by not in known:
            known.add(voice.by)
            yield voice.ago + SIGNED_UP, partial(_arrive, voice.by)


def _life(voice: Voice) -> Iterator[tuple[timedelta, Happening]]:
    """What becomes of one comment."""
    yield voice.ago, partial(_say, voice)
    if voice.rejected:
        yield voice.ago - USUAL_WAIT, partial(_reject, voice)
    if voice.edited:
        yield voice.ago - voice.edited_after, partial(_edit, voice)
    if voice.withdrawn_after:
        yield voice.ago - voice.withdrawn_after, partial(_withdraw, voice)


def _arrive(name: str, world: World, now: datetime) -> None:
    world.people[name] = registration.sign_up(
        SignUp(name=name, password=secrets.token_urlsafe()), world.nobodys, now
    )


def _print(article: Article, world: World, now: datetime) -> None:
    facts = ArticleFacts(
        site=article.paper,
        url=world.publisher + article.path,
        title=article.headline,
        section=article.section,
        language="en",
        published_at=now,
    )
    articles.describe(world.sites[article.paper], article.id, facts, None, now)


def _close(article: Article, world: World, now: datetime) -> None:
    found = articles.find(world.sites[article.paper], Name(article.id))
    assert found is not None
    articles.set_state(found, State.CLOSED, world.moderator_of(article.id), now)


def _say(voice: Voice, world: World, now: datetime) -> None:
    site = world.site_of(voice.article)
    answered = world.said[voice.article, voice.answers] if voice.answers else None
    form = NewComment(
        site=site.key,
        article=voice.article,
        body=voice.text,
        parent=answered.id if answered else None,
        website=voice.website,
    )
    text = writing.written(voice.text)
    posted = posting.post(site, world.people[voice.by], form, text, now)
    world.said[voice.article, voice.at] = posted.comment
    if posted.status is Status.PENDING and not (voice.waits or voice.rejected):
        _decide(voice, Action.APPROVE, world, now + USUAL_WAIT)


def _edit(voice: Voice, world: World, now: datetime) -> None:
    comment = world.said[voice.article, voice.at]
    site = world.site_of(voice.article)
    assert voice.edited is not None
    posting.edit(site, comment, world.people[voice.by], writing.written(voice.edited), now)


def _withdraw(voice: Voice, world: World, now: datetime) -> None:
    posting.withdraw(world.said[voice.article, voice.at], world.people[voice.by], now)


def _reject(voice: Voice, world: World, now: datetime) -> None:
    _decide(voice, Action.REJECT, world, now)


def _decide(voice: Voice, action: Action, world: World, now: datetime) -> None:
    comment = world.said[voice.article, voice.at]
    judgement = Judgement(
        action=action,
        reason=Reason(voice.rejected) if voice.rejected else None,
        note=voice.note,
        revision=comment.revision,
        seen=None,
    )
    deciding.decide(comment, judgement, world.moderator_of(voice.article), now)


def _complain(complaint: Complaint, world: World, now: datetime) -> None:
    comment = world.said[complaint.article, complaint.at]
    form = Complained(reason=Grievance(complaint.reason), text=complaint.text)
    reporting.report(comment, form, world.people[complaint.by], now)


def _premoderate(on: bool, world: World, now: datetime) -> None:
    resettle(world.sites[GAZETTE], world.people["Ada"], now, premoderation=on)


def resettle(site: Site, by: User | None, now: datetime, **changes: Any) -> None:
    """Change these of a site's settings and leave the others."""
    shown = {"name": site.name, "origins": site.addresses, **site.settings.model_dump()}
    form = EditedSite(seen=managing.seen(site), **{**shown, **changes})
    managing.change(site, form, by, now)

"""The desk on pages that need no script, and the form by which readers report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from comments import clock, forms, i18n
from comments.accounts.login import check_proved, the_user
from comments.accounts.models import User
from comments.answers import again
from comments.db import db, transaction
from comments.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from comments.forms import Filled
from comments.moderation import cards, deciding, queries, reporting, sanctioning, words
from comments.moderation import desk as desks
from comments.moderation.forms import Complained, Judgement, Penalty, Queue, Reason
from comments.screening import words as screening
from comments.sites import access
from comments.sites.models import Membership
from comments.threads.models import Comment

moderation = Blueprint("moderation", __name__)
moderation.add_app_template_filter(words.count, "counted")

Page = str | Response | tuple[str, int]
# What is told on the page where it was sent, with everything that was typed.
REFUSALS = (Invalid, Conflict, Forbidden)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent from a comment's page and not taken: what was typed, and why not."""

    judgement: Filled = field(default_factory=Filled)
    penalty: Filled = field(default_factory=lambda: Filled({"reject_waiting": "true"}))
    error: DomainError | None = None


@moderation.get("/moderation")
def desk() -> Response:
    """To the desk of the first site that one moderates."""
    desks_of_mine = _desks(the_user())
    if not desks_of_mine:
        raise NotFound(_("You moderate no site."))
    return redirect(url_for("moderation.queue", key=desks_of_mine[0].site.key))


@moderation.get("/sites/<key>/moderation")
def queue(key: str) -> str:
    user = the_user()
    viewer = access.the_membership(key, user)
    asked = {name: value for name, value in request.args.items() if name != "locale"}
    queue = forms.parse(Queue, asked)
    return render_template(
        "moderation/queue.html",
        site=viewer.site,
        desks=_desks(user),
        queue=queue,
        desk=desks.page(viewer, queue, clock.now()),
        back=urlencode(queue.address(after=queue.after)),
        reasons=_reasons(),
        sent=Sent(),
    )


@moderation.get("/moderation/comments/<int:id>")
def comment(id: int) -> Page:
    comment, viewer = queries.for_review(the_user(), id)
    return _file(comment, viewer, Sent())


@moderation.post("/moderation/comments/<int:id>/decisions")
def decide(id: int) -> Page:
    user = the_user()
    comment, viewer = queries.for_review(user, id)
    sent = _sent()
    try:
        form = forms.parse(Judgement, sent)
        decided = transaction(lambda: deciding.decide(comment, form, user, clock.now()))
    except REFUSALS as error:
        return _file(comment, viewer, Sent(judgement=_filled(sent, error), error=error))
    flash(words.done(decided.decision, _author(comment)))
    return redirect(_back(viewer) or url_for("moderation.comment", id=id), 303)


@moderation.post("/moderation/comments/<int:id>/sanctions")
def sanction(id: int) -> Page:
    user = the_user()
    comment, viewer = queries.for_review(user, id)
    sent = _sent()
    try:
        penalty = forms.parse(Penalty, sent)
        if penalty.reject_waiting:
            check_proved()
        rejected = _sanctioned(comment, penalty, user)
    except REFUSALS as error:
        return _file(comment, viewer, Sent(penalty=_filled(sent, error), error=error))
    flash(_("%(name)s can't write here any more.", name=_author(comment)))
    if rejected:
        flash(
            ngettext(
                "%(num)d that waited is rejected.", "%(num)d that waited are rejected.", rejected
            )
        )
    return redirect(url_for("moderation.comment", id=id), 303)


@moderation.get("/comments/<int:id>/report")
def report_form(id: int) -> Page:
    user = the_user()
    values = _reporting(_reportable(id), user)
    return render_template("moderation/report.html", form=Filled(), **values)


@moderation.post("/comments/<int:id>/report")
def report(id: int) -> Page:
    user = the_user()
    comment = _reportable(id)
    try:
        form = forms.parse(Complained, _sent())
        transaction(lambda: reporting.report(comment, form, user, clock.now()))
    except DomainError as error:
        return again(error, "moderation/report.html", **_reporting(_reportable(id), user))
    return redirect(url_for("moderation.report_form", id=id), 303)


def _desks(user: User) -> list[Membership]:
    """The sites that one moderates."""
    return [row for row in db.session.scalars(access.memberships_of(user)) if row.role.moderates]


def _file(comment: Comment, viewer: Membership, sent: Sent) -> Page:
    page = render_template(
        "moderation/comment.html",
        site=viewer.site,
        file=desks.file(viewer, comment, clock.now()),
        reasons=_reasons(),
        terms=words.terms(),
        sent=sent,
    )
    return page, sent.error.status if sent.error else 200


def _reportable(id: int) -> Comment:
    """A comment that may be reported; the answer speaks the language of its site."""
    comment = queries.reportable(id)
    i18n.prefer(comment.article.site.settings.language)
    return comment


def _reporting(comment: Comment, user: User) -> dict[str, Any]:
    """What is reported, and what this person may do about it."""
    facts = queries.one(comment)
    return {
        "site": comment.article.site,
        "comment": comment,
        "author": cards.called(facts.author.name),
        "html": cards.marked(facts.text.html),
        "known": reporting.made_by(user, comment),
        "is_own": comment.author_id == user.id,
        "complaints": words.complaints(),
    }


def _reasons() -> dict[str, str]:
    return {reason.value: screening.reason(reason) for reason in Reason}


def _sent() -> dict[str, str]:
    """The fields of the form, without those of the page around it."""
    return {name: value for name, value in forms.sent(request.form).items() if name != "back"}


def _filled(sent: dict[str, str], error: DomainError) -> Filled:
    return Filled(sent, error.faults if isinstance(error, Invalid) else ())


def _back(viewer: Membership) -> str | None:
    """The list from which a decision was made; it is read anew, so it leads nowhere else."""
    given = parse_qsl(request.form.get("back", ""))
    if not given:
        return None
    try:
        queue = forms.parse(Queue, dict(given))
    except Invalid:
        return None
    address: dict[str, Any] = queue.address(after=queue.after)
    return url_for("moderation.queue", key=viewer.site.key, **address)


def _sanctioned(comment: Comment, form: Penalty, by: User) -> int:
    """Impose, and reject what waits a batch at a time until none is left; how many that were."""
    now, rejected = clock.now(), 0
    while True:
        done = transaction(lambda: sanctioning.sanction(comment, form, by, now))
        rejected += done.rejected
        if not done.has_more:
            return rejected


def _author(comment: Comment) -> str:
    return cards.called(db.session.get_one(User, comment.author_id).name)

"""Pages about what one hears: the list, what one follows and chose, and ending letters."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from comments import clock, forms, i18n
from comments.accounts.login import signed_in, the_user
from comments.accounts.models import User
from comments.answers import again
from comments.db import db, transaction
from comments.errors import DomainError, Invalid, NotFound
from comments.forms import Filled, sent
from comments.moderation import cards, deciding, desk
from comments.moderation import words as moderation
from comments.moderation.forms import Judgement, Reason
from comments.notifications import (
    choosing,
    leaving,
    queries,
    reading,
    reviewing,
    waiting,
    words,
)
from comments.notifications.forms import Choices, Follow, ListQuery, Upto
from comments.notifications.models import When
from comments.notifications.reviewing import Review
from comments.screening import words as screening
from comments.sites import access
from comments.sites import queries as sites
from comments.sites.models import Site
from comments.threads import articles
from comments.threads.models import State

# What the form of a card holds besides what the link knows.
FIELDS = ("action", "reason", "note")

notifications = Blueprint("notifications", __name__)
notifications.add_app_template_filter(words.outcome, "outcome")
notifications.add_app_template_filter(words.why, "why")
notifications.add_app_template_filter(words.unseen, "unseen")


@notifications.app_context_processor
def _surroundings() -> dict[str, Any]:
    """Looked up where a page says it."""
    return {"unseen": _unseen, "is_followed": _is_followed}


@notifications.get("/notifications")
def inbox() -> str:
    query = forms.parse(ListQuery, {"after": request.args.get("after")})
    page = queries.page(the_user(), query.after)
    return render_template("notifications/inbox.html", page=page)


@notifications.post("/notifications/<int:id>")
def follow_up(id: int) -> Response:
    """Count it as read, and go there."""
    told = reading.the_notification(id, the_user())
    transaction(lambda: reading.see(told, clock.now()))
    if queries.has_place(told):
        return redirect(url_for("threads.permalink", id=told.comment_id), 303)
    return redirect(url_for("threads.mine"), 303)


@notifications.post("/notifications/read")
def read_all() -> Response:
    user, form = the_user(), forms.parse(Upto, sent(request.form))
    transaction(lambda: reading.see_all(user, form.upto, clock.now()))
    return redirect(url_for("notifications.inbox"), 303)


@notifications.get("/notifications/settings")
def choices() -> str:
    user = the_user()
    query = forms.parse(ListQuery, {"after": request.args.get("after")})
    return render_template(
        "notifications/choices.html",
        user=user,
        places=queries.places(user),
        page=queries.followed(user, query.after),
    )


@notifications.get("/notifications/settings/<key>")
def choices_here(key: str) -> str:
    user, site = the_user(), sites.by_key(key)
    return render_template("notifications/letters.html", **_letters_page(user, site))


@notifications.post("/notifications/settings/<key>")
def choose(key: str) -> Response:
    user, site = the_user(), sites.by_key(key)
    return _chosen(user, site, url_for("notifications.choices_here", key=key))


@notifications.post("/thread/follow")
def follow() -> Response:
    user, form = the_user(), forms.parse(Follow, sent(request.form))
    site = sites.by_key(form.site)
    article = articles.find(site, form.name)
    if article is None or article.state is State.HIDDEN:
        raise NotFound(_("There is no such article."))
    if form.follow:
        transaction(lambda: choosing.follow(article, user, clock.now()))
    else:
        transaction(lambda: choosing.unfollow(article.id, user))
    if request.args.get("back") == "choices":
        return redirect(url_for("notifications.choices"), 303)
    return redirect(url_for("threads.thread", site=site.key, article=article.key), 303)


@notifications.get("/unsubscribe/<token>")
def letters(token: str) -> Response:
    """Only shows: mail programs look at links before people do."""
    person, site, _kind = _of_letter(token)
    return _letters(token, person, site)


@notifications.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """A mail program may send this by itself, without a cookie (RFC 8058)."""
    person, site, kind = _of_letter(token)
    if kind == waiting.KIND:
        transaction(lambda: waiting.choose(person.id, site.id, When.NEVER))
    else:
        transaction(lambda: choosing.silence(person.id, site.id))
    return _letters(token, person, site, is_silent=True)


@notifications.post("/letters/<token>")
def change_letters(token: str) -> Response:
    person, site, _kind = _of_letter(token)
    return _chosen(person, site, url_for("notifications.letters", token=token), token=token)


@notifications.get("/review/<token>")
def review(token: str) -> Response:
    """The card of a comment that waits: here where the site allows it, else on the desk."""
    comment = reviewing.comment_of(token)
    if not db.session.get_one(Site, comment.site_id).settings.decides_by_mail:
        return redirect(url_for("moderation.comment", id=comment.id))
    return _review(reviewing.review(token, clock.now()), Filled())


@notifications.post("/review/<token>")
def decide(token: str) -> Response:
    """Decide as the owner of the link, on what it has shown."""
    found = reviewing.review(token, clock.now())
    seen = {"revision": str(found.comment.revision), "seen": str(found.comment.decided_id)}
    given = {name: request.form[name] for name in FIELDS if name in request.form}
    try:
        form = forms.parse(Judgement, {**given, **seen})
        decided = transaction(lambda: deciding.decide(found.comment, form, found.by, clock.now()))
    except Invalid as error:
        return _review(found, Filled(given, error.faults))
    author = cards.called(db.session.get_one(User, found.comment.author_id).name)
    said = moderation.done(decided.decision, author)
    return _unspoken(
        render_template("notifications/reviewed.html", site=found.viewer.site, said=said)
    )


def _review(found: Review, typed: Filled) -> Response:
    site = found.viewer.site
    i18n.prefer(queries.chosen(found.by, site).get("language") or site.settings.language)
    page = render_template(
        "notifications/review.html",
        site=site,
        person=found.by,
        card=desk.file(found.viewer, found.comment, clock.now()).card,
        reasons={reason.value: screening.reason(reason) for reason in Reason},
        typed=typed,
    )
    return _unspoken(page, 422 if typed.faults else 200)


def _unspoken(page: str, status: int = 200) -> Response:
    """A page whose address is a secret, which no other page is told."""
    headers = {"Referrer-Policy": "no-referrer"}
    return Response(page, status, mimetype="text/html", headers=headers)


def _chosen(person: User, site: Site, there: str, **page: Any) -> Response:
    try:
        form = forms.parse(Choices, sent(request.form))
        transaction(lambda: choosing.choose(site, form, person))
    except DomainError as error:
        values = {**_letters_page(person, site), **page}
        del values["form"]
        return again(error, "notifications/letters.html", **values)
    flash(_("E-mails come like this from now on."))
    return redirect(there, 303)


def _letters(token: str, person: User, site: Site, *, is_silent: bool = False) -> Response:
    values = {**_letters_page(person, site), "token": token, "is_silent": is_silent}
    return _unspoken(render_template("notifications/letters.html", **values))


def _letters_page(person: User, site: Site) -> dict[str, Any]:
    moderates = access.may_moderate(site, person)
    chosen = queries.chosen(person, site)
    if moderates:
        chosen["waiting"] = waiting.chosen(person.id, site.id).value
    return {
        "person": person,
        "site": site,
        "form": Filled({"language": i18n.language(), **chosen}),
        "kinds": words.kinds(moderates=moderates),
        "whens": words.whens(),
        "languages": i18n.LANGUAGES.items(),
    }


def _of_letter(token: str) -> tuple[User, Site, str]:
    """Whose letters, of which site and kind; the answer speaks their language."""
    person, site, kind = leaving.owner(token)
    i18n.prefer(queries.chosen(person, site).get("language") or site.settings.language)
    return person, site, kind


def _unseen() -> int:
    user = signed_in()
    return queries.unseen(user) if user else 0


def _is_followed(article_id: int | None) -> bool:
    user = signed_in()
    return user is not None and article_id is not None and queries.follows(user, article_id)

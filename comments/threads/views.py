"""The conversation on pages of our own, which need no script: read, post, edit, delete."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urldefrag

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from comments import clock, forms, i18n
from comments.accounts import login
from comments.accounts.login import signed_in, the_user
from comments.accounts.models import User
from comments.db import transaction
from comments.errors import DomainError
from comments.forms import Filled
from comments.screening import words
from comments.security import client_address
from comments.sites import access
from comments.sites import queries as sites
from comments.sites.guests.forms import NewGuest
from comments.sites.models import Commenters, Site
from comments.threads import (
    articles,
    pages,
    posting,
    queries,
    reading,
    seeing,
    visiting,
    voting,
    writing,
)
from comments.threads.forms import (
    ArticleState,
    Choice,
    EditedComment,
    ListQuery,
    NewComment,
    PageQuery,
    Seen,
)
from comments.threads.models import Article, Comment
from comments.threads.pages import GUEST, Composer
from comments.threads.repeats import Posted
from comments.threads.visiting import Visit
from comments.threads.words import role_name, said, status_name

ARTICLES = 50
# What a form of ours holds; anything else was not typed there.
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
# How long the keys of our forms are, and how the link of a guest is flashed.
FORM_KEY = 22
LINK = "private-link"

threads = Blueprint("threads", __name__)
threads.add_app_template_filter(status_name, "status")
threads.add_app_template_filter(role_name, "role")
threads.add_app_template_filter(words.reason, "reason")
threads.add_app_template_filter(words.finding, "finding")
threads.add_app_template_filter(lambda code: words.refusal(code, {}), "refusal")


@threads.get("/thread")
def thread() -> str | tuple[str, int]:
    query = forms.parse(PageQuery, request.args)
    is_guest = request.args.get("guest") == "1"
    return _page(query, Composer(str(query.reply) if query.reply else None, is_guest=is_guest))


@threads.post("/thread")
def post() -> Response | tuple[str, int]:
    sent = _sent("act", "key", *GUEST)
    query = forms.parse(PageQuery, sent)
    site = _site(query.site)
    author = _author(site)
    composer = Composer(
        *(sent.get("parent"), sent.get("body", ""), _key()),
        is_guest=author is None,
        guest=_typed_by_guest(),
    )
    try:
        form = forms.parse(NewComment, sent)
        text = writing.written(form.body)
        if request.form.get("act") == "preview":
            return _page(query, replace(composer, preview=_marked(text)))
        if author is None:
            posted = _visited(site, form, text, composer.key)
        else:
            key, now = composer.key or None, clock.now()
            posted = transaction(lambda: posting.post(site, author, form, text, now, key))
    except DomainError as error:
        return _page(query, composer.refused(error))
    flash(said(posted.status))
    place = _place(query.site, query.article, posted.comment)
    # The private link stands at the top, and must be seen.
    return redirect(place if author else urldefrag(place).url, 303)


@threads.post("/thread/seen")
def seen() -> Response:
    """Mark all as read that the page knew of."""
    reader, form, now = the_user(), forms.parse(Seen, _sent()), clock.now()
    if article := articles.find(_site(form.site), form.name):
        transaction(lambda: seeing.mark(article, form.upto, reader, now))
    return redirect(url_for("threads.thread", site=form.site, article=form.article), 303)


@threads.get("/comments/<int:id>")
def permalink(id: int) -> Response:
    comment = queries.shown(id)
    site, article = queries.place_of(comment)
    return redirect(_place(site.key, article.key, comment), 302)


@threads.get("/comments/<int:id>/edit")
def edit_form(id: int) -> str:
    comment = queries.written_by(the_user(), id)
    return _edit_page(comment, Composer(body=queries.source_of(comment)))


@threads.post("/comments/<int:id>/edit")
def edit(id: int) -> Response | str | tuple[str, int]:
    user = the_user()
    comment = queries.written_by(user, id)
    site, article = _home(comment)
    composer = Composer(body=request.form.get("body", ""))
    try:
        text = writing.written(forms.parse(EditedComment, _sent("act")).body)
        if request.form.get("act") == "preview":
            return _edit_page(comment, replace(composer, preview=_marked(text)))
        transaction(lambda: posting.edit(site, comment, user, text, clock.now()))
    except DomainError as error:
        return _edit_page(comment, replace(composer, error=error)), error.status
    flash(said(comment.status))
    return redirect(_place(site.key, article.key, comment), 303)


@threads.get("/comments/<int:id>/delete")
def delete_form(id: int) -> str:
    comment = queries.written_by(the_user(), id)
    site, article = _home(comment)
    return render_template("threads/delete.html", comment=comment, site=site, article=article)


@threads.post("/comments/<int:id>/delete")
def delete(id: int) -> Response:
    user = the_user()
    comment = queries.written_by(user, id)
    site, article = _home(comment)
    transaction(lambda: posting.withdraw(comment, user, clock.now()))
    flash(said(comment.status))
    return redirect(url_for("threads.thread", site=site.key, article=article.key), 303)


@threads.get("/comments/<int:id>/vote")
def vote_form(id: int) -> str:
    user, comment = the_user(), queries.published(id)
    site, article = _home(comment)
    return render_template(
        "threads/vote.html",
        comment=comment,
        html=Markup(queries.one(id)[0].html),  # noqa: S704 - made by markup.py
        mine=queries.votes(article.id, user).get(str(id)),
        site=site,
        back=_place(site.key, article.key, comment),
    )


@threads.post("/comments/<int:id>/vote")
def vote(id: int) -> Response:
    user, comment = the_user(), queries.published(id)
    site, article = _home(comment)
    value = int(forms.parse(Choice, _sent()).value)
    transaction(lambda: voting.vote(comment, value, user, clock.now()))
    return redirect(_place(site.key, article.key, comment), 303)


@threads.get("/mine")
def mine() -> str:
    """Everything a person wrote, with what became of it and why."""
    query = forms.parse(ListQuery, request.args)
    page = reading.by_author(the_user(), query.after, clock.now())
    return render_template("threads/mine.html", page=page)


@threads.get("/sites/<key>/articles")
def article_list(key: str) -> str:
    site = access.the_membership(key, the_user()).site
    query = forms.parse(ListQuery, request.args)
    return render_template(
        "threads/articles.html", site=site, page=queries.articles_of(site, query.after, ARTICLES)
    )


@threads.post("/sites/<key>/articles/<int:id>")
def article_state(key: str, id: int) -> Response:
    user = the_user()
    site = access.the_membership(key, user).site
    form = forms.parse(ArticleState, _sent())
    article = queries.article_of(site, id)
    transaction(lambda: articles.set_state(article, form.state, user, clock.now()))
    flash(_("Done."))
    return redirect(url_for("threads.article_list", key=key), 303)


def _sent(*own: str) -> dict[str, str]:
    """The fields of the form, without those of the page itself and those left empty by a script."""
    return {name: value for name, value in request.form.items() if name not in ("csrf_token", *own)}


def _author(site: Site) -> User | None:
    """Who writes; nobody is a guest, where the site takes them. Raises NotSignedIn."""
    takes_guests = site.settings.commenters is Commenters.GUESTS
    return signed_in() if takes_guests else the_user()


def _typed_by_guest() -> Filled:
    return Filled({name: request.form.get(name, "") for name in GUEST})


def _visited(site: Site, form: NewComment, text: writing.Written, key: str) -> Posted:
    """A guest's first comment; they are signed in here from now on, and read their link once."""
    guest = forms.parse(NewGuest, {"site": site.key, **_typed_by_guest().values})
    key = key if len(key) >= FORM_KEY else ""
    visit, now = Visit(guest, client_address(), form, key), clock.now()
    posted, came = transaction(lambda: visiting.post(site, visit, text, now))
    login.sign_in(came.guest)
    flash(came.link, LINK)
    return posted


def _key() -> str:
    """The key that the form came with; one that no form of ours holds counts for nothing."""
    given = request.form.get("key", "")
    return given if _KEY.fullmatch(given) else ""


def _page(query: PageQuery, composer: Composer) -> tuple[str, int]:
    page = pages.thread(_site(query.site), query, composer, signed_in())
    return page, composer.error.status if composer.error else 200


def _site(key: str) -> Site:
    """The site of this key, whose language the answer speaks."""
    site = sites.by_key(key)
    i18n.prefer(site.settings.language)
    return site


def _home(comment: Comment) -> tuple[Site, Article]:
    """Where a comment was written; the answer speaks the language of its site."""
    site, article = queries.place_of(comment)
    i18n.prefer(site.settings.language)
    return site, article


def _edit_page(comment: Comment, composer: Composer) -> str:
    site, article = _home(comment)
    return render_template(
        "threads/edit.html", comment=comment, site=site, article=article, composer=composer
    )


def _marked(text: writing.Written) -> Markup:
    return Markup(text.rendered.html)  # noqa: S704 - made by markup.py


def _place(site: str, article: str, comment: Comment) -> str:
    """Where a comment stands on the hosted page; what nobody sees yet stands at the top."""
    shown = str(comment.id) if comment.shown else None
    address = url_for("threads.thread", site=site, article=article, comment=shown)
    return f"{address}#comment-{comment.id}"

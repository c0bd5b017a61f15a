"""Articles: found by the publisher's id or a known address, made at the first post."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from comments import addresses, audit, changes, limits
from comments.accounts.models import User
from comments.db import db, known
from comments.errors import Conflict
from comments.sites import access
from comments.sites.models import Site
from comments.threads import queries
from comments.threads.forms import ArticleFacts, Name, NewComment
from comments.threads.models import Alias, Article, State

NEW_ARTICLES = limits.Limit("new-articles", times=20, seconds=3600)
BLANKS = ("url", "title", "section", "published_at")


def find(site: Site, name: Name) -> Article | None:
    """The article of this id; failing that, the one that is known under this address."""
    return queries.article(site, name.key, urls_of(name))


def urls_of(name: Name) -> list[str]:
    """The addresses under which the article of this name may be known."""
    return [url for url in (name.url, _as_url(name.key)) if url]


def _as_url(key: str) -> str | None:
    """A slot without an id sends its address as the id."""
    try:
        return addresses.canonical(key) if key.startswith(("http://", "https://")) else None
    except ValueError:
        return None


def found_or_made(site: Site, form: NewComment, author: User, now: datetime) -> Article:
    """The article of a post, made if it is new, and held until the transaction ends.

    What the page says only fills blanks. Raises TooMany when this person began too many articles.
    """
    url = form.url if form.url and addresses.same_origin(form.url, site.addresses) else None
    name = Name(form.article, url)
    article = queries.article_held(site, name.key, urls_of(name))
    if article is None:
        limits.hit(NEW_ARTICLES, f"{site.id}:{author.id}", now)
        article = _made(site, form.article, now, author)
    elif article.key != form.article and not _as_url(form.article):
        _bind(article, form.article)
    known(article, site=site)
    if url or not form.url:
        _fill_blanks(article, form, url or _allowed_key(site, form.article))
    return article


def _allowed_key(site: Site, key: str) -> str | None:
    url = _as_url(key)
    return url if url and addresses.same_origin(url, site.addresses) else None


def _made(site: Site, key: str, now: datetime, author: User | None) -> Article:
    article = Article(
        site_id=site.id,
        key=_as_url(key) or key,
        state=State.OPEN,
        created_at=now,
        created_by_id=author.id if author else None,
    )
    db.session.add(article)
    db.session.flush()
    changes.article(article.id)
    return article


def _bind(article: Article, key: str) -> None:
    """An article that was only known by its address takes the publisher's id at the first post."""
    if _as_url(article.key):
        article.key = key


def _fill_blanks(article: Article, form: NewComment, url: str | None) -> None:
    for field in BLANKS:
        value = url if field == "url" else getattr(form, field)
        if value is not None and getattr(article, field) is None:
            setattr(article, field, value)
    if url:
        add_alias(article, url)


def add_alias(article: Article, url: str) -> bool:
    """Let this address find the article too; the first article of an address keeps it."""
    known = db.session.get(Alias, (article.site_id, url))
    if known is None:
        db.session.add(Alias(site_id=article.site_id, url=url, article_id=article.id))
        db.session.flush()
    return known is None or known.article_id == article.id


def describe(
    site: Site, key: str, facts: ArticleFacts, by_id: int | None, now: datetime
) -> Article:
    """What the publisher says of an article, made if it is new. Raises Conflict for a taken url."""
    article = _named(site, Name(_as_url(key) or key, facts.url)) or _made(site, key, now, None)
    db.session.refresh(article, with_for_update={"key_share": True})
    given = facts.model_dump(exclude={"site"}, exclude_unset=True)
    if given.get("state", article.state) is None:
        given.pop("state")
    if given.get("url") and not add_alias(article, given["url"]):
        raise Conflict(_("Another article has this address."), code="address-taken")
    _apply(article, given, by_id, now)
    return article


def _named(site: Site, name: Name) -> Article | None:
    """The article of this id, or the one that so far had its address instead of an id."""
    article = find(site, name)
    if article is None or article.key == name.key or _as_url(name.key):
        return article
    if not _as_url(article.key):
        return None
    article.key = name.key
    db.session.flush()
    return article


def set_state(article: Article, state: State, by: User, now: datetime) -> None:
    """Open, close or hide an article by hand. Raises Forbidden for who may not (any more)."""
    access.check(article.site_id, by)
    db.session.refresh(article, with_for_update={"key_share": True})
    _apply(article, {"state": state}, by.id, now)


def _apply(article: Article, given: dict[str, Any], by_id: int | None, now: datetime) -> None:
    before = {field: getattr(article, field) for field in given}
    changed = {field for field in given if before[field] != given[field]}
    if not changed:
        return
    for field in changed:
        setattr(article, field, given[field])
    article.version = Article.version + 1
    changes.article(article.id)
    audit.record(
        "article",
        now=now,
        by_id=by_id,
        site_id=article.site_id,
        article=article.id,
        changed=sorted(changed),
    )
    db.session.flush()
    db.session.refresh(article)

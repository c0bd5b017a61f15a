"""The made-up publisher's own web site: its pages, and the strict policy they are sent with."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, abort, current_app, render_template, url_for

from comments import clock, resources
from comments.demo.articles import (
    ARTICLES,
    NOTICES,
    PAPERS,
    Article,
    Paper,
    printed_by,
    related_to,
)

GAZETTE = "harbour-gazette"
FIELD_NOTES = "field-notes"

# As strict as a careful publisher's, so that the demo shows the comments working under it.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' {comments}",
        "connect-src {comments}",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action {comments}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)

pages = Blueprint("pages", __name__)


def create_publisher(
    comments_url: str, site: str = GAZETTE, as_of: datetime | None = None
) -> Flask:
    """The publisher; its Gazette talks on `site`, and its articles are dated back from `as_of`."""
    app = Flask(__name__, template_folder=resources.TEMPLATES)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.config["COMMENTS_URL"] = comments_url.rstrip("/")
    app.config["SITE_KEYS"] = {GAZETTE: site, FIELD_NOTES: FIELD_NOTES}
    app.config["AS_OF"] = as_of or clock.now()
    app.register_blueprint(pages)
    app.register_error_handler(404, _missing)
    app.after_request(_protect)
    app.add_template_filter(age)
    return app


@pages.get("/")
def front() -> str:
    return _front(PAPERS[GAZETTE])


@pages.get("/field-notes/")
def field_notes() -> str:
    return _front(PAPERS[FIELD_NOTES])


@pages.get("/sections/<section>")
def section(section: str) -> str:
    if section not in _sections(PAPERS[GAZETTE]):
        abort(404)
    return _front(PAPERS[GAZETTE], section)


@pages.get("/articles/<article_id>")
def article(article_id: str) -> str:
    return _article(GAZETTE, article_id)


@pages.get("/field-notes/<article_id>")
def field_note(article_id: str) -> str:
    return _article(FIELD_NOTES, article_id)


@pages.get("/about/<notice_id>")
def notice(notice_id: str) -> str:
    if notice_id not in NOTICES:
        abort(404)
    return render_template("demo/notice.html", notice=NOTICES[notice_id], **_page(PAPERS[GAZETTE]))


def published_at(article: Article) -> datetime:
    as_of: datetime = current_app.config["AS_OF"]
    return as_of - article.ago


def age(moment: datetime) -> str:
    """`13 hours ago`, in the one language that this publisher speaks."""
    minutes = max(1, int((clock.now() - moment).total_seconds() // 60))
    for unit, length in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            number = minutes // length
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    raise AssertionError


def full_address(article: Article) -> str:
    return url_for("pages.front", _external=True).rstrip("/") + article.path


def hosted(article: Article) -> str:
    """The service's own page for the article's comments, for browsers that run no script."""
    query = urlencode({"site": _site_key(article.paper), "article": article.id})
    return f"{current_app.config['COMMENTS_URL']}/thread?{query}"


def _front(paper: Paper, section: str | None = None) -> str:
    articles = [each for each in printed_by(paper) if section in (None, each.section)]
    return render_template("demo/front.html", articles=articles, section=section, **_page(paper))


def _article(paper_key: str, article_id: str) -> str:
    article = ARTICLES.get(article_id)
    if article is None or article.paper != paper_key:
        abort(404)
    topics = [ARTICLES[each] for each in article.topics]
    return render_template(
        "demo/article.html",
        article=article,
        topics=topics,
        related=related_to(article),
        **_page(PAPERS[paper_key]),
    )


def _missing(_error: Exception) -> tuple[str, int]:
    return render_template("demo/missing.html", **_page(PAPERS[GAZETTE])), 404


def _page(paper: Paper) -> dict[str, Any]:
    """What every page shows."""
    return {
        "paper": paper,
        "papers": PAPERS,
        "notices": NOTICES,
        "sections": _sections(paper),
        "site_key": _site_key(paper.key),
        "comments_url": current_app.config["COMMENTS_URL"],
        "full_address": full_address,
        "hosted": hosted,
        "published_at": published_at,
    }


def _sections(paper: Paper) -> list[str]:
    return list(dict.fromkeys(each.section for each in printed_by(paper)))


def _site_key(paper_key: str) -> str:
    keys: dict[str, str] = current_app.config["SITE_KEYS"]
    return keys[paper_key]


def _protect(response: Response) -> Response:
    policy = POLICY.format(comments=current_app.config["COMMENTS_URL"])
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response

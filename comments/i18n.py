"""Languages: the one that was asked for, else the site's, else the reader's browser's."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache

from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g, has_request_context, request
from flask_babel import (
    Babel,
    format_datetime,
    format_timedelta,
    get_locale,
    get_translations,
    refresh,
)
from flask_babel import gettext as _
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from comments import clock

# In the environment of a request.
CATALOGUE = "comments.catalogue"
# So many moments are remembered in words: a page that is drawn again has nearly the same.
MOMENTS = 10_000
# Browsers send one of a few lists of languages.
HEADERS = 1_000
LANGUAGES = {"en": "English", "de": "Deutsch"}

babel = Babel()


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=_selected, default_translation_directories="translations")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, number: _catalogue().ungettext(one, many, number),
        pgettext=lambda context, text: _catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, number: _catalogue().unpgettext(
            context, one, many, number
        ),
        newstyle=True,
    )
    app.jinja_env.globals.update(language=language, direction=direction)
    app.add_template_filter(moment)
    app.add_template_filter(age)


def prefer(code: str) -> None:
    """Speak this language, and not the browser's, unless the address asks for another."""
    g.preferred_language = code if code in LANGUAGES else "en"
    request.environ.pop(CATALOGUE, None)
    refresh()


def _catalogue() -> NullTranslations:
    """The words of the language in force, looked up once for all that a page says."""
    if not has_request_context():
        return get_translations()
    found = request.environ.get(CATALOGUE)
    if found is None:
        found = request.environ[CATALOGUE] = get_translations()
    return found


def language() -> str:
    """The language in force, as a tag for `lang=`."""
    return str(get_locale()).replace("_", "-")


def direction() -> str:
    locale = get_locale()
    return locale.text_direction if locale else "ltr"


def moment(when: datetime) -> str:
    """A date and time in words; in UTC, since a page without script knows no reader's zone."""
    return _moment(when, get_locale())


@lru_cache(maxsize=MOMENTS)
def _moment(when: datetime, _locale: Locale | None) -> str:
    return f"{format_datetime(when, 'medium')} UTC"


def age(when: datetime) -> str:
    """How long ago that was, in words; for pages that no cache keeps."""
    since = when - clock.now()
    if abs(since.total_seconds()) < 60:
        return _("just now")
    return str(format_timedelta(since, add_direction=True))


def _selected() -> Locale:
    return _locale(_chosen() if has_request_context() else "en")


_locale = cache(Locale.parse)


def _chosen() -> str:
    return (
        spoken(request.args.get("locale", ""))
        or g.get("preferred_language")
        or _accepted(request.headers.get("Accept-Language", ""))
        or "en"
    )


@lru_cache(maxsize=HEADERS)
def _accepted(header: str) -> str | None:
    return parse_accept_header(header, LanguageAccept).best_match(list(LANGUAGES))


def spoken(tag: str) -> str | None:
    """The language of ours that a tag names: for de-AT, it is de."""
    code = tag.replace("-", "_")
    return next((each for each in (code, code.partition("_")[0]) if each in LANGUAGES), None)

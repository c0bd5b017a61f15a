"""Languages: the one that was asked for, else the site's, else the reader's browser's."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, format_datetime, format_timedelta, get_locale
from flask_babel import gettext as _

from comments import clock

LANGUAGES = {"en": "English", "de": "Deutsch"}
# Not for people: English with every word marked, right to left, to see that nothing was missed.
PSEUDO = "ar_001"
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}

babel = Babel()


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=_selected, default_translation_directories="translations")
    app.jinja_env.globals.update(language=language, direction=direction)
    app.add_template_filter(moment)
    app.add_template_filter(age)


def prefer(code: str) -> None:
    """Speak this language for the rest of the request, unless the address asks for another."""
    if code in LANGUAGES or code == PSEUDO:
        g.preferred_language = code


def language() -> str:
    """The language in force, as a tag for `lang=`."""
    return str(get_locale()).replace("_", "-")


def direction() -> str:
    return "rtl" if str(get_locale()).partition("_")[0] in RIGHT_TO_LEFT else "ltr"


def moment(when: datetime) -> str:
    """A date and time in words; in UTC, since a page without script knows no reader's zone."""
    return f"{format_datetime(when, 'medium')} UTC"


def age(when: datetime) -> str:
    """How long ago that was, in words; for pages that no cache keeps."""
    since = when - clock.now()
    if abs(since.total_seconds()) < 60:
        return _("just now")
    return str(format_timedelta(since, add_direction=True))


def _selected() -> str:
    if not has_request_context():
        return "en"
    asked = request.args.get("locale", "")
    if asked in LANGUAGES or asked == PSEUDO:
        return asked
    if preferred := g.get("preferred_language"):
        return str(preferred)
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"

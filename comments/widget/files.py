"""What browsers load from us: the script, its style, and the release that names them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import orjson
from flask_babel import force_locale
from flask_babel import gettext as _

from comments.i18n import LANGUAGES

FOLDER = Path(__file__).parent / "static"

# Remarks on lines of their own, blank lines and indentation don't travel.
UNREAD_BY_BROWSERS = re.compile(r"^\s*/\*.*?\*/\n|^\s+", re.MULTILINE | re.DOTALL)

TEXTS = {
    path.name: UNREAD_BY_BROWSERS.sub("", path.read_text()) for path in sorted(FOLDER.iterdir())
}
# Styles in scripts: a page's policy may forbid to load one from us by itself.
TEXTS["articles-style.js"] = f"export default {orjson.dumps(TEXTS['articles.css']).decode()};\n"
# What act.js imports travels inside it: one answer, which also packs better than its parts. There
# they share one scope, so that no two of them may give a name to different things.
PARTS = (
    "kept.js",
    "page.js",
    "vouching.js",
    "weaving.js",
    "signing.js",
    "writing.js",
    "seen.js",
    "hearing.js",
)
IMPORT = re.compile(r'^import [^"]+"\./\w+\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ", re.MULTILINE)
TEXTS["act.js"] = IMPORT.sub(
    "",
    f"const style = {orjson.dumps(TEXTS['writing.css']).decode()};\n"
    + "".join(EXPORT.sub("", TEXTS.pop(name)) for name in PARTS)
    + TEXTS["act.js"],
)
MODULES = sorted(name for name in TEXTS if name.endswith(".js") and name != "embed.js")
RELEASE = hashlib.sha256("".join(TEXTS.values()).encode()).hexdigest()[:12]


@cache
def script() -> str:
    """embed.js with what it needs before its first answer: the style, and words for a failure."""
    given = {
        "release": RELEASE,
        "style": TEXTS["thread.css"],
        "words": {code: _failure(code) for code in LANGUAGES},
    }
    return TEXTS["embed.js"].replace('"GIVEN"', orjson.dumps(given).decode())


def _failure(language: str) -> list[str]:
    with force_locale(language):
        return [_("The comments could not be loaded."), _("Try again")]

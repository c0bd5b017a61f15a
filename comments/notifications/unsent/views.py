"""The page on which those who run a site see what did not arrive, and why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from comments import clock
from comments.accounts import login
from comments.answers import again
from comments.db import transaction
from comments.errors import DomainError
from comments.forms import Filled
from comments.notifications.unsent import queries, resending, words
from comments.outbox import DEAD_KEPT
from comments.sites import access
from comments.sites.models import ADMINS, Membership

PAGE = "notifications/unsent.html"

unsent = Blueprint("unsent", __name__)


@unsent.get("/sites/<key>/letters")
def letters(key: str) -> str:
    return render_template(PAGE, form=Filled({}), **_page(_own(key)))


@unsent.post("/sites/<key>/letters/<int:id>/again")
def send_again(key: str, id: int) -> Response:
    own = _own(key)
    try:
        transaction(lambda: resending.again(own.site, id, own.user, clock.now()))
    except DomainError as error:
        return again(error, PAGE, **_page(own))
    flash(_("It is tried again soon. If it fails once more, it is listed here again."))
    return redirect(url_for("unsent.letters", key=key), 303)


def _own(key: str) -> Membership:
    return access.the_membership(key, login.the_user(), ADMINS)


def _page(own: Membership) -> dict[str, Any]:
    return {
        "site": own.site,
        "letters": queries.page(own.site, request.args.get("after")),
        "days": DEAD_KEPT.days,
        "kind_in_words": words.kind,
        "masked": words.masked,
    }

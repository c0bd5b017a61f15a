"""What answers have in common: how refusals are told, and what is the same for everybody.

A refusal is a page for people, problem+json for programs, a line for the widget.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from comments import packing
from comments.errors import (
    Busy,
    DomainError,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    TooMany,
)
from comments.forms import Filled, sent
from comments.logs import log
from comments.security import is_cookieless

# What changes with every comment: kept for two seconds by what stands between, and asked about.
FRESH = "public, max-age=0, s-maxage=2, stale-while-revalidate=1"


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(CSRFError, _from_elsewhere)
    app.register_error_handler(ObjectDeletedError, _gone)
    app.register_error_handler(OperationalError, _from_database)
    app.register_error_handler(PoolTimeout, _from_database)
    app.register_error_handler(Exception, _unexpected)


def wants_html() -> bool:
    """Whether HTML was asked for by name; programs that say nothing get JSON."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def refused(error: DomainError) -> AnyResponse:
    """The answer to a refusal, in the manner of whoever asked."""
    if not is_cookieless() and not request.is_json:
        return _page(error)
    response = _fragment(error) if wants_html() else _problem(error)
    response.status_code = error.status
    _not_now(response, error)
    if isinstance(error, NotSignedIn) and is_cookieless():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem(error: DomainError) -> dict[str, Any]:
    """The body of an application/problem+json answer (RFC 9457)."""
    body: dict[str, Any] = {
        **error.details,
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
    }
    if isinstance(error, Invalid):
        body["faults"] = [
            {"field": fault.field, "code": fault.code, "message": str(fault.message)}
            for fault in error.faults
        ]
    return body


def again(error: DomainError, template: str, *, name: str = "form", **context: Any) -> Response:
    """The form once more, with everything typed but passwords, and every fault beside its field.

    `name` is what the template calls it.
    """
    faults = error.faults if isinstance(error, Invalid) else [Fault("", error.code, error.message)]
    form = Filled(sent(request.form), faults)
    page = render_template(template, **{**context, name: form})
    return _not_now(Response(page, error.status), error)


def kept(copy: dict[str, Any]) -> Response:
    """A copy of what is kept of somebody, as a file of theirs."""
    body = json.dumps(copy, indent=2, ensure_ascii=False, sort_keys=False)
    response = Response(body, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


def _problem(error: DomainError) -> Response:
    response = jsonify(problem(error))
    response.mimetype = "application/problem+json"
    return response


def _fragment(error: DomainError) -> Response:
    return Response(render_template("widget/fault.html", error=error), mimetype="text/html")


def _page(error: DomainError) -> AnyResponse:
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    return _not_now(Response(render_template("error.html", error=error), error.status), error)


def _not_now(response: Response, error: DomainError) -> Response:
    if isinstance(error, TooMany | Busy):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _from_http(error: HTTPException) -> AnyResponse:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, SecurityError):  # a host that is not ours: no page of ours can be built
        return Response(_("This is not the address of this service.") + "\n", 400)
    if error.code == 429:  # too many from one address, which are counted by the minute
        return refused(TooMany(_("Too many tries. Please wait a little."), retry_after=60))
    refusal = DomainError(_words(error.code), code=_code(error.code))
    refusal.status = error.code
    response = refused(refusal)
    if allowed := error.get_response().headers.get("Allow"):
        response.headers["Allow"] = allowed
    return response


def _from_elsewhere(_error: CSRFError) -> AnyResponse:
    words = _("This form is too old, or your browser keeps no cookies. Go back and load it again.")
    return refused(Forbidden(words, code="csrf"))


def _words(code: int) -> str:
    return {
        400: _("This request could not be understood."),
        404: _("There is nothing here."),
        405: _("This can't be done here."),
        413: _("That is too much at once."),
        415: _("This kind of content is not understood here."),
    }.get(code, _("This request was refused."))


def _code(code: int) -> str:
    return {404: "not-found", 413: "too-large"}.get(
        code, HTTPStatus(code).phrase.lower().replace(" ", "-")
    )


def _gone(_error: ObjectDeletedError) -> AnyResponse:
    """What was found at first went before it was acted upon, such as the role of whoever asks."""
    return refused(NotFound(_words(404)))


def _from_database(error: Exception) -> AnyResponse:
    log.warning("database unavailable", error=type(error).__name__)
    return refused(Busy(_("The service is busy. Nothing was stored; please try again.")))


def _unexpected(error: Exception) -> AnyResponse:
    log.exception("unexpected", error=type(error).__name__)
    failure = DomainError(
        _("Something went wrong on our side. It has been noted."), code="internal"
    )
    failure.status = 500
    return refused(failure)


def public(body: bytes, mimetype: str, cache: str = FRESH) -> AnyResponse:
    """The answer to this request that is the same for everybody, under these rules for caches."""
    encoding = packing.best(request.accept_encodings)
    effort = packing.QUICK if cache == FRESH else packing.THOROUGH
    response = Response(packing.packed(body, encoding, effort), mimetype=mimetype)
    if encoding:
        response.content_encoding = encoding
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = cache
    response.set_etag(packing.tag(body, encoding))
    return response.make_conditional(request)

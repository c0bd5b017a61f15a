"""Which pages of other origins may read our answers: those that a site names, letter for letter.

No answer says `*`, none lets a cookie travel, and an origin that is not named gets no header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError

PATHS = ("/api/", "/embed")
METHODS = "GET, POST, PUT, PATCH, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key"
EXPOSE = ("Access-Control-Expose-Headers", "ETag, Retry-After")
# In the environment of a request: the origins whose pages may read the answer.
OPEN_TO = "comments.open_to"
SECONDS = "7200"
# Passwords are typed in our own window and sent by programs, never by a publisher's page.
WITH_PASSWORD = frozenset({"/api/v1/accounts", "/api/v1/sessions"})


def init_app(app: Flask, is_known: Callable[[str], bool]) -> None:
    """`is_known` says whether any site names this origin."""

    def preflight() -> Response | None:
        if request.method != "OPTIONS" or not _is_shared():
            return None
        if "Access-Control-Request-Method" not in request.headers:
            return None
        response = Response(status=204)
        if is_known(_origin()):
            _allow(response)
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = HEADERS
            response.headers["Access-Control-Max-Age"] = SECONDS
        return response

    def headers(response: Response) -> Response:
        if request.path.startswith(PATHS):
            response.vary.add("Origin")
        if _is_shared() and (_is_open() or _is_told_to_sign_in(response, is_known)):
            _allow(response)
        return response

    app.before_request(preflight)
    app.after_request(headers)


def open_to(origins: Iterable[str]) -> None:
    """Let pages of these origins read the answer to this request."""
    known = request.environ.setdefault(OPEN_TO, set())
    known.clear()
    known.update(origins)


def _is_shared() -> bool:
    return request.path.startswith(PATHS) and request.path not in WITH_PASSWORD


def _origin() -> str:
    return request.headers.get("Origin", "")


def _is_open() -> bool:
    return _origin() in request.environ.get(OPEN_TO, ())


def _is_told_to_sign_in(response: Response, is_known: Callable[[str], bool]) -> bool:
    """Without a valid token there is no origin of it, yet the page must learn just that."""
    if response.status_code != 401 or not _origin():
        return False
    try:
        return is_known(_origin())
    except SQLAlchemyError:
        return False


def _allow(response: Response) -> None:
    response.headers["Access-Control-Allow-Origin"] = _origin()
    response.headers.set(*EXPOSE)

"""Who is signed in: by the cookie on our own pages, by a bearer everywhere else. Never by both."""

from __future__ import annotations

from flask import Flask, g, request
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.local import LocalProxy

from comments import clock, cors, security
from comments.accounts import sessions
from comments.accounts.models import Kind, Session, User
from comments.db import transaction
from comments.errors import NotSignedIn

BEARERS = frozenset({Kind.BEARER, Kind.API})
COOKIES = frozenset({Kind.COOKIE})

manager = LoginManager()


class Visitor(UserMixin):  # type: ignore[misc]
    """A signed-in person for Flask-Login, which keeps the token of their session in the cookie."""

    def __init__(self, session: Session, token: str) -> None:
        self.session = session
        self.user = session.user
        self.token = token

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    manager.session_protection = None  # the row is what counts, and it can be revoked
    manager.init_app(app)
    # Looked up when a template asks, so that a page about a failure need not.
    app.context_processor(lambda: {"me": LocalProxy(signed_in)})


@manager.user_loader  # type: ignore[untyped-decorator]
def _by_cookie(token: str) -> Visitor | None:
    return _visitor(token, COOKIES)


@manager.request_loader  # type: ignore[untyped-decorator]
def _by_bearer(_request: object) -> Visitor | None:
    given = request.authorization
    if not security.is_cookieless() or given is None or given.type != "bearer" or not given.token:
        return None
    visitor = _visitor(given.token, BEARERS)
    return visitor if visitor and _is_from_its_page(visitor.session) else None


def _is_from_its_page(session: Session) -> bool:
    """A widget's token counts on the page that it was made for, and nowhere else in a browser."""
    if session.origin is not None:
        cors.open_to([session.origin])
    return request.headers.get("Origin", session.origin) == session.origin


def _visitor(token: str, kinds: frozenset[Kind]) -> Visitor | None:
    session = sessions.find(token, kinds, clock.now())
    return Visitor(session, token) if session else None


def signed_in() -> User | None:
    """The person who asks, if anybody is signed in."""
    return current_user.user if current_user.is_authenticated else None


def session_now() -> Session | None:
    return current_user.session if current_user.is_authenticated else None


def the_user() -> User:
    """The person who asks. Raises NotSignedIn when that is nobody."""
    user = signed_in()
    if user is None:
        raise NotSignedIn(_("Please sign in first."))
    return user


def sign_in(user: User) -> None:
    """Begin a session in this browser, under a new token."""
    now = clock.now()
    token = transaction(lambda: sessions.begin(user, sessions.COOKIE, now))
    session = sessions.find(token, COOKIES, now)
    assert session is not None
    security.begin_session()
    login_user(Visitor(session, token))


def sign_out() -> None:
    session = session_now()
    if session is not None:
        transaction(lambda: sessions.end(session))
    logout_user()
    security.begin_session()
    g.pop("_login_user", None)

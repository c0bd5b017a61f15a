"""Who is signed in: by the cookie on our own pages, by a bearer everywhere else. Never by both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.local import LocalProxy

from comments import clock, cors, limits, security
from comments.accounts import (
    closing,
    guests,
    links,
    passwords,
    registration,
    sessions,
    signing_in,
    steps,
)
from comments.accounts.forms import Proof, SignIn, SignUp
from comments.accounts.models import Kind, User
from comments.accounts.sessions import SignedIn
from comments.db import transaction
from comments.errors import Busy, Invalid, NotSignedIn, TooMany
from comments.forms import refuse
from comments.logs import log

T = TypeVar("T")

BEARERS = frozenset({Kind.BEARER, Kind.API})
COOKIES = frozenset({Kind.COOKIE})
# In the cookie: when somebody came by a link, and a sign-in that is half done.
BY_LINK, STEP = "by_link", "step"

manager = LoginManager()


class ProofNeeded(Exception):
    """What is asked for takes a fresh proof of who asks. Whoever gives it goes on with that."""


@dataclass(frozen=True, slots=True)
class Half:
    """What a sign-in comes to where a second factor is due."""

    token: str


class Visitor(UserMixin):  # type: ignore[misc]
    """A signed-in person for Flask-Login, which keeps the token of their session in the cookie."""

    def __init__(self, session: SignedIn, token: str) -> None:
        self.session = session
        self.user = session.user
        self.token = token
        self.is_stale = sessions.is_stale(session, clock.now())

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    manager.session_protection = None  # the row is what counts, and it can be revoked
    manager.init_app(app, add_context_processor=False)
    app.after_request(_note_seen)
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


def _is_from_its_page(session: SignedIn) -> bool:
    """A widget's token counts on the page that it was made for, and nowhere else in a browser."""
    if session.origin is not None:
        cors.open_to([session.origin])
    return request.headers.get("Origin", session.origin) == session.origin


def _visitor(token: str, kinds: frozenset[Kind]) -> Visitor | None:
    session = sessions.find(token, kinds, clock.now())
    return Visitor(session, token) if session else None


def signed_in() -> User | None:
    """The person who asks, if anybody is signed in."""
    visitor = _visitor_now()
    return visitor.user if visitor else None


def session_now() -> SignedIn | None:
    visitor = _visitor_now()
    return visitor.session if visitor else None


def _visitor_now() -> Visitor | None:
    found = current_user._get_current_object()
    return found if isinstance(found, Visitor) else None


def the_user() -> User:
    """The person who asks. Raises NotSignedIn when that is nobody."""
    user = signed_in()
    if user is None:
        raise NotSignedIn(_("Please sign in first."))
    return user


def by_password(form: SignIn, begin: Callable[[User], T]) -> T:
    """What `begin` makes for the person of this name and password, in one transaction.

    Raises Invalid, alike for everybody, or TooMany.
    """
    now = clock.now()
    network = security.client_address()
    attempt = transaction(lambda: signing_in.attempt(form.login, network, now))
    user = attempt.user if passwords.fits(form.password, attempt.secret) else None

    def act() -> T:
        if user is None or not signing_in.succeeded(attempt, user, now):
            words = _("This name and this password don't belong together.")
            raise refuse("password", "wrong", words)
        return begin(user)

    return transaction(act)


def sign_up(form: SignUp) -> User:
    """Make a new person. Raises Invalid for a taken name, or TooMany."""
    now = clock.now()
    network = security.client_address()
    transaction(lambda: limits.hit(registration.SIGN_UPS, network, now))
    secret = passwords.hashed(form.password)
    return transaction(lambda: registration.sign_up(form, secret, now))


def join(form: SignUp) -> None:
    """Make a new person and begin their session; a second click begins that of whom the first made.

    Raises Invalid for a taken name, or TooMany.
    """
    try:
        user = sign_up(form)
    except Invalid as taken:
        try:
            sign_in_by_password(SignIn(login=form.name, password=form.password))
        except (Invalid, TooMany):
            raise taken from None
    else:
        sign_in(user)


def needs_proof(user: User) -> bool:
    """Whether the password is asked once more: not after a link, nor where there is none."""
    return not _came_by_link() and passwords.secret_of(user) is not None


def _came_by_link() -> bool:
    came: float = cookie.get(BY_LINK, 0)
    return came > clock.now().timestamp() - links.LIFE.total_seconds()


def prove(form: Proof) -> User:
    """The person who asks, proved once more.

    Raises Invalid for a wrong password, TooMany, or ProofNeeded of those who have another way.
    A guest's private link is all the proof there is of them.
    """
    user = the_user()
    if needs_proof(user):
        check_password(user, form.current, "current")
    elif not _came_by_link() and not guests.is_guest(user):
        check_proved()
    return user


def check_password(user: User, password: str, field: str) -> None:
    """Raises Invalid for another password than the person's, or TooMany."""
    now, secret = clock.now(), passwords.secret_of(user)
    network = security.client_address()
    attempt = transaction(lambda: signing_in.attempt_again(user, secret, network, now))
    if not passwords.fits(password, secret) or not transaction(
        lambda: signing_in.succeeded(attempt, user, now)
    ):
        raise refuse(field, "wrong", _("This is not your current password."))


def check_proved() -> None:
    """Raises ProofNeeded where the person who asks proved who they are too long ago."""
    session = session_now()
    if session is not None and not sessions.is_proved(session, clock.now()):
        raise ProofNeeded


def sign_in(user: User, *, by_link: bool = False, onward: str = "") -> None:
    """Begin a session in this browser under a new token, and end the one it had.

    Where a second factor is due it leads to the page that asks for it instead, and from there to
    `onward`, or to where the address says.
    """
    come_in(transaction(lambda: begun_or_half(user, begun)), by_link, onward)


def sign_in_by_password(form: SignIn) -> None:
    """Begin a session as `sign_in` does. Raises Invalid or TooMany as `by_password` does."""
    come_in(by_password(form, lambda user: begun_or_half(user, begun)))


def begun_or_half(user: User, begin: Callable[[User], T]) -> T | Half:
    """What `begin` makes for somebody who proved one thing, if that is enough for them.

    They are held, so that nothing begins while a first factor comes.
    """
    closing.held(user)
    return Half(steps.begin(user, clock.now())) if user.has_factor else begin(user)


def go_on(user: User) -> None:
    """Begin a session as `sign_in` does, of somebody who is signed in already.

    Whoever has a second factor proved no more by their password than they did before.
    """
    before = session_now()

    def act() -> str:
        token = begun(user)
        if user.has_factor and before is not None:
            sessions.prove_no_more(token, before)
        return token

    _enter(transaction(act))


def come_in(found: str | Half, by_link: bool = False, onward: str = "") -> None:
    """Let this browser have the session of this token, or lead it to its second step."""
    if isinstance(found, Half):
        _lead_on(found, by_link, onward)
    _enter(found)
    if by_link:
        cookie[BY_LINK] = clock.now().timestamp()


def _lead_on(half: Half, by_link: bool, onward: str) -> NoReturn:
    going = onward or request.args.get("next", "/")
    if session_now() is None:
        security.begin_session()  # the way on may be long, and a cookie holds 4 KB
    cookie[STEP] = {"token": half.token, "by_link": by_link, "onward": security.own_path(going)}
    abort(redirect(url_for("factors.second_step", site=request.args.get("site")), 303))


def begun(user: User) -> str:
    """The token of a new session for a browser, instead of the one it had."""
    before = session_now()
    if before is not None:
        sessions.end(before.id)
    return sessions.begin(user, sessions.COOKIE, clock.now())


def _enter(token: str) -> None:
    session = sessions.find(token, COOKIES, clock.now())
    if session is None:  # the account was closed in the same moment
        raise NotSignedIn(_("Please sign in first."))
    security.begin_session()
    login_user(Visitor(session, token))


def sign_out() -> None:
    session = session_now()
    if session is not None:
        transaction(lambda: sessions.end(session.id))
    logout_user()
    security.begin_session()
    g.pop("_login_user", None)


def _note_seen(response: Response) -> Response:
    """Keep a session alive by acts, not by looking: a GET never writes."""
    if request.method in ("GET", "HEAD", "OPTIONS") or "_login_user" not in g:
        return response
    visitor = _visitor_now()
    if visitor and visitor.is_stale and response.status_code < 500:
        token, now = visitor.token, clock.now()
        try:
            transaction(lambda: sessions.seen(token, now))
        except Busy:  # what was done is done, and the next act will say so
            log.info("nobody could note who was seen")
    return response

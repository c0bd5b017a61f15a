"""Who is asking, from where, and what a browser may do with our answers."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFProtect
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from comments import settings
from comments.errors import TooLarge
from comments.rates import Rates

BODY_BYTES = 64 * 1024
# A publisher's token that is too long is refused as a token.
LONGER = {"/api/v1/sessions/sso": 256 * 1024}
# Addresses that are a secret and say whose they are. Mail programs send such a form for their
# readers, and nobody else knows where one could be sent.
SIGNED = ("/unsubscribe/", "/yours/")
LOOSE = ("/api/", "/embed", "/feeds/", "/livez", "/readyz", "/metrics")

OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

# Browsers read a backslash as a slash, and leave out tabs and line ends.
_STRANGE = re.compile(r"[\\\x00-\x20\x7f-\xa0\ud800-\udfff]")

# A server behind a socket of the machine may name no address, and is counted all the same.
UNNAMED = "unnamed"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

csrf = CSRFProtect()


class CookieForPages(SecureCookieSessionInterface):
    """Our own pages have a cookie; what publishers' pages and programs ask never sees one."""

    def open_session(self, app: Flask, request: object) -> SecureCookieSession | None:
        if is_cookieless():
            return self.make_null_session(app)
        return super().open_session(app, request)  # type: ignore[arg-type]


def is_cookieless() -> bool:
    return request.path.startswith(LOOSE)


def client_address() -> str:
    """Where the request came from: the right-most hop that is none of our proxies.

    IPv6 addresses count by their network of 64 bits, since a household has a whole one.
    """
    trusted = settings.current().trusted_proxies
    hops = [request.remote_addr or UNNAMED]
    if trusted:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")] + hops
    found: Address | None = None
    for hop in reversed(hops):
        try:
            address = ipaddress.ip_address(hop)
        except ValueError:
            break
        found = address
        if not any(address in network for network in trusted):
            break
    return hops[-1] if found is None else _network(found)


def _network(address: Address) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


# So many requests of one network to one view; what people may do is counted by `limits`.
MOST = RateLimitItemPerMinute(1200)
# What is nowhere, and files: every page asks for several of them.
UNCOUNTED = (None, "static")


def init_app(app: Flask) -> None:
    configured = settings.current_of(app)
    app.session_interface = CookieForPages()
    app.config.update(
        SECRET_KEY=configured.secret,
        SESSION_COOKIE_NAME="__Host-comments" if configured.is_https else "comments",
        SESSION_COOKIE_SECURE=configured.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # Links name the configured host, whatever the request says; health checks come by loopback.
        TRUSTED_HOSTS=[urlsplit(configured.url).hostname, *settings.LOOPBACK],
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES,
        MAX_FORM_PARTS=100,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # Pages whose address is a secret name no referrer; the token is bound to our cookie.
        WTF_CSRF_SSL_STRICT=False,
        COUNT_REQUESTS=True,
    )
    csrf.init_app(app)
    app.extensions["rates"] = FixedWindowRateLimiter(Rates())
    app.before_request(_check_rate)
    app.before_request(_check_query)
    app.before_request(_check_length)
    app.before_request(_check_form)
    app.after_request(_headers)


def _check_rate() -> None:
    if request.endpoint in UNCOUNTED or not current_app.config["COUNT_REQUESTS"]:
        return
    counted: FixedWindowRateLimiter = current_app.extensions["rates"]
    if not counted.hit(MOST, client_address(), request.endpoint):
        abort(429)


def _check_query() -> None:
    """Refuse a query that is no text before anybody reads it, as the page that says so does."""
    try:
        request.args  # noqa: B018
    except UnicodeDecodeError:
        request.query_string = b""
        abort(400)


def _check_length() -> None:
    """Refuse what is too long, also when it does not say so: Werkzeug would cut it, silently."""
    length, most = request.content_length, LONGER.get(request.path, BODY_BYTES)
    request.max_content_length = most
    if length is None and "Transfer-Encoding" in request.headers:
        request.max_content_length = most + 1
        length = len(request.get_data())
    if (length or 0) > most:
        raise TooLarge(_("That is too much at once."))


def _check_form() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith(SIGNED):
        return
    if not is_cookieless():
        csrf.protect()


def _headers(response: Response) -> Response:
    """Every answer: nothing sniffed, framed, or remembered by a cache unless the view said so."""
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Content-Security-Policy", OWN_POLICY)
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cache-Control", "no-store")
    if settings.current().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "request_id" in g:
        headers["X-Request-Id"] = g.request_id
    return response


def begin_session() -> None:
    """Drop whatever the cookie held, so that nothing from before signing in lives on."""
    session.clear()
    session.permanent = True


def own_path(given: str) -> str:
    """Where to go next: `given` if it is a path of ours that no browser reads as another host."""
    is_ours = given.startswith("/") and not given.startswith("//") and not _STRANGE.search(given)
    return given if is_ours and len(given) <= 2000 else "/"

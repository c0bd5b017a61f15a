"""The service on a real port, and real browsers that look at it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import FileWrapper

from comments import settings
from comments.accounts.models import User
from tests import factories

# How often a server looks whether it is to end.
SECONDS = 0.05


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def serving(app: Any, host: str = "127.0.0.1") -> Iterator[str]:
    """The address under which a WSGI app answers, with a thread for each request."""
    server = make_server(host, 0, _closing_files(app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _closing_files(app: Any) -> Any:
    """Files are read before they are sent: the server leaves them open when a browser hangs up."""

    def answer(environ: Any, start_response: Any) -> Any:
        parts = app(environ, start_response)
        if not isinstance(parts, FileWrapper):
            return parts
        with closing(parts):
            return [b"".join(parts)]

    return answer


@contextmanager
def service(app: Flask, host: str = "127.0.0.1") -> Iterator[str]:
    """The address of the service, which knows itself by it."""
    known = settings.current_of(app)
    with serving(app, host) as address:
        app.extensions["comments"] = known.model_copy(update={"url": address})
        try:
            yield address
        finally:
            app.extensions["comments"] = known


# The first is Chromium without the machinery of its windows: it does the same work in less time.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")


def executable() -> str | None:
    """The system's Chromium; where there is none, Playwright has its own."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def chromium(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=executable(),
        args=["--no-sandbox"] if os.geteuid() == 0 else [],
    )


def sign_in(context: BrowserContext, app: Flask, address: str, user: User) -> None:
    """Give this browser the cookie of a signed-in person on our own pages."""
    maker = app.test_client()
    with maker.session_transaction(base_url=address) as session:
        session["_user_id"] = factories.cookie_token(user)
        session["_fresh"] = True
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = maker.get_cookie(name, domain=str(urlsplit(address).hostname))
    assert cookie is not None
    context.add_cookies([{"name": name, "value": cookie.value, "url": address}])

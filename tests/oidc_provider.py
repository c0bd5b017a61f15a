"""A real OpenID Connect provider in a process of its own, and offering it on the sign-in pages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flask import Flask

from comments import settings
from comments.settings import Provider
from tests import servers


@dataclass(frozen=True)
class Running:
    """It lies on another site than the service, and knows whom it was told of."""

    port: int

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def knows(self, subject: str, **claims: Any) -> None:
        status, _location = self._ask("PUT", f"/users/{quote(subject)}", json.dumps(claims))
        assert status == 204

    def lets_in(self, url: str, subject: str) -> str:
        """Sign in there as this subject; the answer is the address that one is sent back to."""
        return self._consent(url, {"sub": subject})

    def turns_away(self, url: str) -> str:
        """Refuse there to be signed in here."""
        return self._consent(url, {"action": "deny"})

    def is_up(self) -> bool:
        try:
            return self._ask("GET", "/.well-known/openid-configuration")[0] == 200
        except OSError:
            return False

    def _consent(self, url: str, fields: Mapping[str, str]) -> str:
        assert url.startswith(f"{self.issuer}/")
        target = urlsplit(url)._replace(scheme="", netloc="").geturl()
        status, location = self._ask("POST", target, urlencode(fields))
        assert (status, bool(location)) == (302, True)
        return location

    def _ask(self, method: str, target: str, body: str = "") -> tuple[int, str]:
        kind = "application/json" if method == "PUT" else "application/x-www-form-urlencoded"
        connection = HTTPConnection("localhost", self.port, timeout=30)
        try:
            connection.request(method, target, body, {"Content-Type": kind})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Location") or ""
        finally:
            connection.close()


@contextmanager
def running() -> Iterator[Running]:
    made = Running(servers.free_port())
    command = [sys.executable, "-m", "oidc_provider_mock", "--require-nonce", "true"]
    process = subprocess.Popen(
        [*command, "--port", str(made.port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        servers.wait_for(lambda: made.is_up() or process.poll() is not None)
        assert process.poll() is None
        yield made
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def configured(name: str, issuer: str) -> Provider:
    return Provider(name=name, issuer=issuer, client_id="comments", client_secret="shh")


@contextmanager
def offered(app: Flask, **providers: Provider) -> Iterator[None]:
    """Let people come in by these, of whom nothing is known yet."""
    known = settings.current_of(app)
    app.extensions["comments"] = known.model_copy(update={"oidc": providers})
    app.extensions.pop("oidc", None)
    try:
        yield
    finally:
        app.extensions["comments"] = known
        app.extensions.pop("oidc", None)

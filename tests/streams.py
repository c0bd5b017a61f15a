"""Pages that are told of what is new, each on a connection and with a thread of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.servers import Service


@dataclass(frozen=True)
class Told:
    article: str
    version: int
    open: bool


def told(parts: Iterable[bytes]) -> Iterator[Told]:
    """The events in the body of an answer, pings left out."""
    for line in b"".join(parts).splitlines():
        if line.startswith(b"data: "):
            yield Told(**json.loads(line.removeprefix(b"data: ")))


class Page:
    """A stream of a running service: what it was told, and how the stream ended."""

    def __init__(self, service: Service, *articles: str) -> None:
        self.told: list[Told] = []
        self.is_broken = False
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        query = urlencode({"site": "gazette", "article": articles}, doseq=True)
        self._connection.request("GET", f"/embed/events?{query}")
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def versions(self) -> list[int]:
        return [each.version for each in self.told]

    def _read(self) -> None:
        try:
            rest = b""
            for part in iter(self._response.read1, b""):  # which, unlike readline, notices a break
                whole, _, rest = (rest + part).rpartition(b"\n\n")
                self.told += told([whole])
        except (OSError, http.client.HTTPException, ValueError):
            self.is_broken = True
        finally:
            self._response.close()
            self._connection.close()

    def ended(self) -> bool:
        """Wait for the end; whether it was one in good order."""
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()
        return not self.is_broken


@contextlib.contextmanager
def pages(service: Service, count: int, *articles: str) -> Iterator[list[Page]]:
    made: list[Page] = []
    try:
        while len(made) < count:
            made.append(Page(service, *articles))
        yield made
    finally:
        if service.process.poll() is None:
            service.kill()
        for page in made:
            page.ended()


def number_of(service: Service) -> int:
    """How many streams the service says it holds."""
    with urlopen(f"{service.url}/metrics", timeout=60) as answer:
        (line,) = [each for each in answer if each.startswith(b"comments_streams ")]
    return int(float(line.split()[1]))


def post(service: Service, token: str, key: str, **fields: Any) -> str:
    """Write on the article a1; the id of the comment."""
    body = json.dumps({"site": "gazette", "article": "a1", "body": f"{key}.", **fields})
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
    }
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    ) as connection:
        connection.request("POST", "/api/v1/comments", body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    assert response.status == 201, answer
    return str(answer["id"])

"""Posting to one article and to many."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path

from benchmarks import contests, worlds
from benchmarks.contests import Contender, Course, Ratio
from benchmarks.load import address, request
from benchmarks.worlds import ARTICLES, PUBLISHER, SITE

OURS, BARE, ISSO = "post", "bare row", "Isso"
CREATED = frozenset({201})
numbers = count(1)

Where = Callable[[int], str]


def report(folder: Path, course: Course) -> Iterator[str]:
    world = folder / "world"
    worlds.opened(world)
    tokens = cycle(worlds.tokens(world))
    with ExitStack() as running:
        ours = running.enter_context(worlds.ours(world))
        bare = running.enter_context(worlds.one_row(folder))
        isso = running.enter_context(worlds.isso(folder / "isso"))
        places: dict[str, Where] = {
            "one article": lambda _: worlds.article(1),
            "1,000 articles": lambda number: worlds.article(number % ARTICLES),
        }
        for name, where in places.items():
            contenders = {
                BARE: Contender(bare.pid, bare.port, rows(where), CREATED),
                OURS: Contender(ours.pid, ours.port, posts(where, tokens), CREATED),
                ISSO: Contender(isso.pid, isso.port, to_isso(where), CREATED),
            }
            ratios = [Ratio(OURS, BARE), Ratio(OURS, ISSO)]
            yield contests.contest(f"Posts to {name}", contenders, ratios, course)


def posts(where: Where, tokens: Iterator[str]) -> Iterator[bytes]:
    for number, token in zip(numbers, tokens, strict=False):
        yield _post(
            "/api/v1/comments",
            {"site": SITE, "article": where(number), "body": worlds.text(number)},
            {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": f"benchmark-{number}",
                "X-Forwarded-For": address(number),
            },
        )


def rows(where: Where) -> Iterator[bytes]:
    for number in numbers:
        yield _post("/posts", {"article": where(number), "body": worlds.text(number)}, {})


def to_isso(where: Where) -> Iterator[bytes]:
    for number in numbers:
        yield _post(
            f"/new?uri=/{where(number)}",
            {"author": "Rae", "email": None, "website": None, "text": worlds.text(number)},
            {},
        )


def _post(path: str, sent: object, headers: Mapping[str, str]) -> bytes:
    named = {"Content-Type": "application/json", "Origin": PUBLISHER, **headers}
    return request("POST", path, named, json.dumps(sent).encode())

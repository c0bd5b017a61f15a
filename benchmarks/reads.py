"""Reading: from memory, revalidated, made anew, and how many comments there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import contests, worlds
from benchmarks.contests import Contender, Course, Ratio
from benchmarks.load import address, answer, request
from benchmarks.worlds import PUBLISHER, SITE, Server

OURS, JSON, RAW, ISSO = "fragment", "JSON", "raw callable", "Isso"
FULL = worlds.article(0)
COLD, COLD_JSON = "fragment, made anew", "JSON, made anew"


def report(folder: Path, course: Course) -> Iterator[str]:
    world = folder / "world"
    worlds.opened(world)
    with ExitStack() as running:
        hot = running.enter_context(worlds.ours(world))
        cold = running.enter_context(worlds.ours(world, cache_mib="0"))
        other = running.enter_context(worlds.isso(folder / "isso"))
        _, headers, body = answer(hot.port, get(fragment()))
        raw = running.enter_context(worlds.raw(folder, headers, body))
        yield _hot(hot, raw, other, course)
        yield _unchanged(hot, raw, headers["etag"], course)
        yield _cold(cold, other, course)
        yield _counts(hot, cold, other, course)


def _hot(hot: Server, raw: Server, other: Server, course: Course) -> str:
    contenders = {
        RAW: _reading(raw, get(fragment())),
        OURS: _reading(hot, get(fragment())),
        JSON: _reading(hot, get(as_json())),
        ISSO: _reading(other, get(isso())),
    }
    ratios = [Ratio(OURS, RAW), Ratio(JSON, RAW), Ratio(ISSO, OURS)]
    return contests.contest("A page of 50 comments, hot", contenders, ratios, course)


def _unchanged(hot: Server, raw: Server, tag: str, course: Course) -> str:
    again = get(fragment(), **{"If-None-Match": tag})
    contenders = {
        "raw callable, 304": _reading(raw, again, 304),
        "fragment, 304": _reading(hot, again, 304),
        OURS: _reading(hot, get(fragment())),
    }
    ratios = [Ratio("fragment, 304", "raw callable, 304"), Ratio("fragment, 304", OURS)]
    return contests.contest("The same page again, unchanged", contenders, ratios, course)


def _cold(cold: Server, other: Server, course: Course) -> str:
    contenders = {
        COLD: Contender(cold.pid, cold.port, _from_everywhere(fragment())),
        COLD_JSON: Contender(cold.pid, cold.port, _from_everywhere(as_json())),
        ISSO: _reading(other, get(isso())),
    }
    ratios = [Ratio(ISSO, COLD), Ratio(ISSO, COLD_JSON)]
    return contests.contest("A page of 50 comments, made anew", contenders, ratios, course)


def _counts(hot: Server, cold: Server, other: Server, course: Course) -> str:
    keys = [worlds.article(number) for number in range(50)]
    ours = f"/api/v1/counts?{urlencode({'site': SITE, 'article': keys}, doseq=True)}"
    asked = json.dumps([f"/{key}" for key in keys]).encode()
    theirs = request("POST", "/count", {"Content-Type": "application/json"}, asked)
    contenders = {
        "counts": _reading(hot, get(ours)),
        "counts, made anew": Contender(cold.pid, cold.port, _from_everywhere(ours)),
        ISSO: _reading(other, theirs),
    }
    ratios = [Ratio(ISSO, "counts"), Ratio(ISSO, "counts, made anew")]
    return contests.contest("How many comments 50 articles have", contenders, ratios, course)


def _reading(server: Server, asked: bytes, right: int = 200) -> Contender:
    return Contender(server.pid, server.port, cycle([asked]), frozenset({right}))


def _from_everywhere(path: str) -> Iterator[bytes]:
    """The same question from ever new addresses, since one may not ask all that often."""
    for number in count():
        yield get(path, **{"X-Forwarded-For": address(number)})


def get(path: str, **headers: str) -> bytes:
    return request("GET", path, {"Origin": PUBLISHER, **headers})


def fragment(key: str = FULL) -> str:
    return f"/embed/thread?{urlencode({'site': SITE, 'article': key})}"


def as_json(key: str = FULL) -> str:
    return f"/api/v1/comments?{urlencode({'site': SITE, 'article': key})}"


def isso(key: str = FULL) -> str:
    return f"/?{urlencode({'uri': '/' + key})}"

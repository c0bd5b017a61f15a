"""Public answers as they travel: compressed once, each encoding under its own strong ETag."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache

import brotli
from flask import request
from werkzeug.datastructures import Accept
from werkzeug.wrappers import Response

ENCODINGS = ("br", "gzip")
# What changes with every comment: kept for two seconds by what stands between, and asked about.
FRESH = "public, max-age=0, s-maxage=2, stale-while-revalidate=1"
QUICK, THOROUGH = 5, 11


def best(accepted: Accept) -> str:
    """The encoding to answer in; none where neither is understood."""
    return next((encoding for encoding in ENCODINGS if accepted.quality(encoding) > 0), "")


def compressed(body: bytes, encoding: str, effort: int) -> bytes:
    """The body in this encoding; `effort` is from 1 to 9, or 11 for what is packed once."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=effort))
    return gzip.compress(body, min(effort, 9), mtime=0) if encoding else body


packed = lru_cache(maxsize=200)(compressed)


def tag(body: bytes, encoding: str) -> str:
    """The ETag of these bytes in this encoding, without its quotes."""
    return f"{hashlib.sha256(body).hexdigest()[:20]}{encoding and '-' + encoding}"


def public(body: bytes, mimetype: str, cache: str = FRESH) -> Response:
    """The answer to this request that is the same for everybody, under these rules for caches."""
    encoding = best(request.accept_encodings)
    effort = QUICK if cache == FRESH else THOROUGH
    response = Response(packed(body, encoding, effort), mimetype=mimetype)
    if encoding:
        response.content_encoding = encoding
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = cache
    response.set_etag(tag(body, encoding))
    return response.make_conditional(request)

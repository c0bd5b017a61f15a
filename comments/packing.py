"""Public answers as they travel: compressed once, each encoding under its own strong ETag."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache

import brotli
from werkzeug.datastructures import Accept

ENCODINGS = ("br", "gzip")
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

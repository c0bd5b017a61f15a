"""Where the shared corpora lie."""

from __future__ import annotations

import os
from pathlib import Path


def shared() -> Path:
    given = os.environ.get("COMMENTS_SHARED")
    return Path(given) if given else Path(__file__).resolve().parents[2] / "shared"

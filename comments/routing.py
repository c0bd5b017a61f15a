"""Addresses with ids in them."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

from comments.forms import BIGGEST


class RowId(IntegerConverter):
    """An id that a database can hold; anything larger is nowhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": BIGGEST, **kwargs})


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = RowId

"""What an operator reads: one JSON object a line, with nobody's words in it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from comments import logs
from tests import factories
from tests.conftest import Cast

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What is logged as `comments serve` logs it: first what libraries say, then our own."""
    logs.init_app(Flask("a service"))
    root, libraries = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    logs.configure()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(libraries)

    def told() -> list[dict[str, Any]]:
        written = libraries.getvalue() + capsys.readouterr().err
        return [json.loads(line) for line in written.splitlines()]

    yield told
    root.handlers, root.level = handlers, level


def test_a_value_with_line_breaks_stays_in_its_line(lines: Lines) -> None:
    structlog.get_logger("test").info("said", words='one\n{"event": "forged"}\r\u2028two')
    (line,) = lines()
    assert line["words"] == 'one\n{"event": "forged"}\r\u2028two'


def test_libraries_are_heard_in_the_same_way(lines: Lines) -> None:
    logging.getLogger("a.library").warning("of a\nlibrary")
    (line,) = lines()
    assert (line["event"], line["level"]) == ("of a\nlibrary", "warning")


def test_an_error_is_one_line_without_what_was_typed(app: Flask, cast: Cast, lines: Lines) -> None:
    private = "@".join(("private", "mail.example"))  # for a traceback shows its source
    try:
        factories.user("rae", email=private)
    except sa.exc.IntegrityError:
        structlog.get_logger("test").exception("unexpected")
        logging.getLogger("a.library").exception("unexpected")
    told = lines()
    for line in told:
        assert "sqlalchemy.exc.IntegrityError" in line["exception"]
        assert "factories.py" in line["exception"]
        assert private not in str(line)
    assert len(told) == 2


def test_other_errors_say_what_they_are(lines: Lines) -> None:
    try:
        {}["missing"]
    except KeyError as error:
        with contextlib.suppress(ValueError):
            raise ValueError("no such thing") from error
        structlog.get_logger("test").exception("unexpected")
    (line,) = lines()
    assert line["exception"].endswith("builtins.KeyError: 'missing'")

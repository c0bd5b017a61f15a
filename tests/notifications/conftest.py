from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from comments.threads.models import Article
from tests import factories, mailbox
from tests.conftest import Cast
from tests.mailbox import Mailbox


@pytest.fixture
def article(cast: Cast) -> Article:
    return factories.article(cast.gazette, "tides", title="High water")


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    with mailbox.opened(app) as box:
        yield box

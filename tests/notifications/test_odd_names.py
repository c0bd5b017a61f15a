"""Names and titles of every kind in a letter: they are words in it, and nothing else."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from comments.db import transaction
from comments.threads.models import Article
from tests import factories
from tests.conftest import Cast
from tests.mailbox import Mailbox
from tests.notifications.acts import confirm, deliver
from tests.sites.sso import publisher

HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe",
    "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
]  # fmt: skip
ODD = {
    "line breaks": "Ann\r\nBcc: all@evil.example\r\n\r\nHello",
    "other breaks": "Ann\u2028Bcc: all@evil.example\x85\x0b\x0cX: y",
    "encoded breaks": "=?utf-8?q?=0d=0aBcc=3aa=40b=2ec?=",
    "encoded body": "=?utf-8?b?DQoNCjxiPkhpPC9iPg==?=",
    "right to left": "\u202egro.elpmaxe\u2066 \u05d0\u05d1\u05d2",
    "8 KB": "x" * 8192,
    "8 KB of words": "\u00e4\u00f6 " * 2730,
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_reply_of_any_name_is_one_letter_to_one_person(
    client: FlaskClient, cast: Cast, article: Article, box: Mailbox, odd: str
) -> None:
    confirm(cast.rae)
    root = factories.comment(article, cast.rae)
    token = publisher.signed(publisher.claims(name=odd[:1000]), publisher.secret(cast.gazette).text)
    came = client.post("/api/v1/sessions/sso", json={"site": "gazette", "token": token})
    head = {"Authorization": f"Bearer {came.json['token']}"}
    said = {"site": "gazette", "article": "tides", "parent": str(root.id), "body": odd[:4000]}
    assert client.post("/api/v1/comments", json=said, headers=head).status_code == 201

    def written() -> None:
        """By whoever imports them, or by an older release."""
        cast.gazette.name, article.title = odd[:120], odd[:300]

    transaction(written)
    (letter,) = deliver(box)
    assert letter.keys() == HEADERS
    assert [address.addr_spec for address in letter["To"].addresses] == ["rae@example.com"]
    assert "answered you \u00b7 " in letter["Subject"]
    assert not letter.defects
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]

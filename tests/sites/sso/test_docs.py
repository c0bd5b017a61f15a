"""The examples for publishers, run as they stand where their language is at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from comments import clock
from comments.sites.models import Role
from comments.sites.sso import trying
from tests import examples
from tests.conftest import Cast
from tests.sites.sso import publisher

READER = {
    "id": 7,
    "name": "Zoë / Müller",
    "email": "zoe@example.org",
    "roles": ["press"],
    "subscribes": True,
}
GIVEN = json.dumps(READER)
# What stands below the example.
RUN = {
    "python": "print(comments_token(json.loads(%r)), end='')",
    "js": "process.stdout.write(commentsToken(JSON.parse(%r)));",
    "php": "echo comments_token(json_decode(%r, true));",
}


@pytest.mark.parametrize("language", examples.AT_HAND)
def test_an_example_signs_a_good_token(
    cast: Cast, client: FlaskClient, tmp_path: Path, language: str
) -> None:
    secret = publisher.secret(cast.gazette).text
    publisher.settle(
        cast.gazette,
        issuer="https://my-paper.example",
        audience="comments:my-paper",
        roles={"press": "staff"},
    )
    file = tmp_path / f"example.{language}"
    example = examples.written_in(language, "sso.md")
    file.write_text(f"{example}\n{RUN[language] % GIVEN}\n")
    done = examples.run(language, file, COMMENTS_SSO_SECRET=secret)
    assert done.returncode == 0, done.stderr
    found = trying.tried(cast.gazette, done.stdout, clock.now())
    assert found.reasons == ()
    assert found.proved is not None
    reader = found.proved.said.reader
    assert (reader.subject, reader.name, found.role) == ("7", "Zoë / Müller", Role.STAFF)
    assert (reader.is_confirmed, reader.is_subscriber, found.remarks) == (True, True, ())
    sent = {"site": "gazette", "token": done.stdout}
    assert client.post("/api/v1/sessions/sso", json=sent).status_code == 200

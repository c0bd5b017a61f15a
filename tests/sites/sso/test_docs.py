"""The examples for publishers, run as they stand where their language is at hand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from comments import clock
from comments.sites.models import Role
from comments.sites.sso import trying
from tests.conftest import Cast
from tests.servers import ROOT
from tests.sites.sso import publisher

READER = {
    "id": 7,
    "name": "Zoë / Müller",
    "email": "zoe@example.org",
    "roles": ["press"],
    "subscribes": True,
}
GIVEN = json.dumps(READER)
# What stands below the example, and how the whole is run.
RUN = {
    "python": ("print(comments_token(json.loads(%r)), end='')", [sys.executable]),
    "js": ("process.stdout.write(commentsToken(JSON.parse(%r)));", ["node"]),
    "php": ("echo comments_token(json_decode(%r, true));", ["php"]),
}


def example(language: str) -> str:
    text = (ROOT / "docs" / "sso.md").read_text()
    found = re.search(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("language", RUN)
def test_an_example_signs_a_good_token(
    cast: Cast, client: FlaskClient, tmp_path: Path, language: str
) -> None:
    call, command = RUN[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")
    secret = publisher.secret(cast.gazette).text
    publisher.settle(
        cast.gazette,
        issuer="https://my-paper.example",
        audience="comments:my-paper",
        roles={"press": "staff"},
    )
    file = tmp_path / f"example.{language}"
    file.write_text(f"{example(language)}\n{call % GIVEN}\n")
    done = subprocess.run(
        [*command, str(file)],
        env={"COMMENTS_SSO_SECRET": secret, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = trying.tried(cast.gazette, done.stdout, clock.now())
    assert found.reasons == ()
    assert found.proved is not None
    reader = found.proved.said.reader
    assert (reader.subject, reader.name, found.role) == ("7", "Zoë / Müller", Role.STAFF)
    assert (reader.is_confirmed, reader.is_subscriber, found.remarks) == (True, True, ())
    sent = {"site": "gazette", "token": done.stdout}
    assert client.post("/api/v1/sessions/sso", json=sent).status_code == 200

"""What the documentation shows receivers is what they get, and its examples check it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from comments import clock
from comments.threads.models import Article
from tests import examples, factories
from tests.conftest import Cast
from tests.hooks import receiving
from tests.hooks.receiving import deliver, told
from tests.moderation import acts
from tests.secure_server import Server
from tests.servers import ROOT

TEXT = (ROOT / "docs" / "webhooks.md").read_text()
# What stands below the example.
RUN = {
    "python": "import sys\nsys.exit(not is_ours(%s, %s.encode()))",
    "js": "process.exit(isOurs(%s, %s) ? 0 : 1);",
    "php": "exit(is_ours(json_decode(%s, true), %s) ? 0 : 1);",
}


@pytest.mark.parametrize("language", examples.AT_HAND)
def test_an_example_knows_what_is_ours(
    cast: Cast, floods: Article, server: Server, tmp_path: Path, language: str
) -> None:
    clock.freeze(datetime.now(clock.now().tzinfo))
    _hook, secret = receiving.hook(cast.gazette, server.url, "published")
    factories.comment(floods, cast.rae, "It's “ours”, $really.")
    deliver()
    (one,) = told(server)
    example = examples.written_in(language, "webhooks.md")

    def runs(headers: dict[str, str], body: str) -> bool:
        given = json.dumps(headers)
        given = json.dumps(given) if language == "php" else given
        sent = json.dumps(body).replace("$", "\\$") if language == "php" else json.dumps(body)
        file = tmp_path / f"example.{language}"
        file.write_text(f"{example}\n{RUN[language] % (given, sent)}\n")
        return examples.run(language, file, COMMENTS_HOOK_SECRET=secret).returncode == 0

    headers = {name: value for name, value in one.headers.items() if name.startswith("webhook")}
    signature = headers["webhook-signature"]
    assert runs(headers, one.raw)
    assert runs({**headers, "webhook-signature": f"v1,AAAA {signature}"}, one.raw)
    assert not runs({**headers, "webhook-signature": "v1,AAAA"}, one.raw)
    assert not runs(headers, one.raw.replace("ours", "mine"))
    assert not runs({**headers, "webhook-timestamp": "1700000000"}, one.raw)


def test_the_examples_have_the_shape_of_what_is_sent(
    cast: Cast, floods: Article, server: Server
) -> None:
    hook, _secret = receiving.hook(cast.gazette, server.url)
    comment = factories.comment(floods, cast.rae)
    acts.report(comment, cast.sam)
    acts.decide(comment, "reject", cast.mo)
    factories.close(cast.rae)
    receiving.ask_for_a_test(hook)
    deliver()
    sent = {each.body["type"]: each.body for each in told(server)}
    shown = [json.loads(each) for each in re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)]
    assert {each["type"] for each in shown} == sent.keys() - {"comment.decided"}
    for example in shown:
        assert names(example) == names(sent[example["type"]])


def names(body: Any) -> Any:
    """The fields of an object, and theirs; but for the one that may be null."""
    if not isinstance(body, dict):
        return None
    return {name: names(value) for name, value in body.items() if name != "by"}

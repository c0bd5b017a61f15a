"""Messages for a chat: short, with a link, and nothing typed that it would act upon."""

from __future__ import annotations

import pytest

from comments.hooks import slack
from comments.threads.models import Article, Status
from tests import factories
from tests.conftest import Cast
from tests.hooks import receiving
from tests.hooks.receiving import deliver, told
from tests.moderation import acts
from tests.secure_server import Server


def test_a_chat_is_told_in_the_language_of_the_site(
    cast: Cast, floods: Article, server: Server
) -> None:
    factories.settle(cast.gazette, language="de")
    receiving.hook(cast.gazette, server.url, format="slack")
    comment = factories.comment(floods, cast.rae, "The *bridge* <holds> & stands.")
    acts.report(comment, cast.sam)
    deliver()
    published, decided, reported = (each.body for each in told(server))
    assert "rae hat „The river rises“ kommentiert" in published["text"]
    head, quote, link = (block["text"] for block in published["blocks"])
    assert (head["type"], head["text"], head["verbatim"]) == ("mrkdwn", published["text"], True)
    assert quote["text"] == "> The bridge &lt;holds&gt; &amp; stands."
    assert link["text"].startswith(f"<http://127.0.0.1:8000/comments/{comment.id}|")
    assert "/moderation/comments/" in reported["blocks"][-1]["text"]["text"]
    assert set(told(server)[0].headers) & {"webhook-signature", "webhook-id"} == set()
    assert "veröffentlicht" in decided["text"]


@pytest.mark.parametrize(
    "typed", ["<!channel>", "@here", "<@U024BE7LH>", "[a](https://x.example)", "https://x.example"]
)
def test_nothing_typed_calls_or_leads_anywhere(
    cast: Cast, floods: Article, server: Server, typed: str
) -> None:
    receiving.hook(cast.gazette, server.url, "published", format="slack")
    shouting = factories.user(typed)
    factories.comment(floods, shouting, f"Hear: {typed}")
    deliver()
    (one,) = told(server)
    assert typed not in one.body["text"]
    assert typed not in one.body["blocks"][1]["text"]["text"]


@pytest.mark.parametrize("status", Status)
def test_there_are_words_for_whatever_happens(
    cast: Cast, floods: Article, server: Server, status: Status
) -> None:
    receiving.hook(cast.gazette, server.url, format="slack")
    comment = factories.comment(floods, cast.rae, "x" * 3000, to=status)
    if status is Status.PUBLISHED:
        factories.edit(comment, "y" * 3000)
        acts.decide(comment, "reject", cast.mo)
        acts.decide(comment, "approve", cast.mo)
    factories.close(cast.rae)
    factories.close(cast.sam, erase=True)
    deliver()
    for each in told(server):
        assert each.body["text"]
        assert all(len(block["text"]["text"]) < 3000 for block in each.body["blocks"])


def test_the_longest_words_fit_into_a_block() -> None:
    assert len(slack.escaped("&" * slack.LONGEST_TEXT)) < 3000
    assert len(slack.escaped("&." * (slack.LONGEST_TEXT // 2))) < 3000

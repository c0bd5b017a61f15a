"""What the made-up readers say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from comments.demo.articles import ARTICLES
from comments.demo.voices import VOICES, complaints, conversation, conversations, waiting

LIVELY = "tidal-clock-2041"


def test_every_file_belongs_to_an_article() -> None:
    names = {Path(file).stem for file in VOICES.iterdir()}
    assert names - {"waiting", "reports"} <= set(ARTICLES)


def test_everything_is_said_after_the_article_and_before_now() -> None:
    for voice in conversations():
        last = voice.ago - voice.edited_after
        assert timedelta(0) < last <= voice.ago <= ARTICLES[voice.article].ago, voice


def test_answers_come_after_what_they_answer() -> None:
    said = {(voice.article, voice.at): voice for voice in conversations()}
    assert len(said) == len(conversations())
    for voice in said.values():
        if voice.answers:
            assert voice.ago < said[voice.article, voice.answers].ago, voice


def test_nobody_says_two_things_at_once() -> None:
    """The service would take it for a machine."""
    last: dict[str, timedelta] = {}
    for voice in conversations():
        if voice.by in last:
            assert last[voice.by] - voice.ago >= timedelta(minutes=1), voice
        last[voice.by] = voice.ago


def test_the_lively_thread_is_long_and_deep() -> None:
    said = conversation(LIVELY)
    assert len(said) >= 130
    assert max(voice.at.count(".") for voice in said) >= 8
    assert sum(1_800 <= len(voice.text) <= 2_500 for voice in said) >= 2


def test_twelve_wait_and_three_are_reported() -> None:
    assert len(waiting()) == 12
    assert len({voice.found for voice in waiting()}) >= 5
    assert len({(each.article, each.at) for each in complaints()}) == 3


def test_reports_are_about_what_was_said_before() -> None:
    said = {(voice.article, voice.at): voice for voice in conversations()}
    for complaint in complaints():
        assert complaint.ago < said[complaint.article, complaint.at].ago

"""What the made-up publications print."""

from datetime import timedelta

import pytest

from comments.demo.articles import ARTICLES, FOLDER, PAPERS, duration, printed_by, related_to


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("40min", timedelta(minutes=40)),
        ("13h", timedelta(hours=13)),
        ("1d 2h", timedelta(hours=26)),
        ("5h 30min", timedelta(minutes=330)),
    ],
)
def test_durations_are_read(text: str, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize("article", ARTICLES.values(), ids=lambda article: article.id)
def test_every_article_has_a_picture_a_paper_and_something_to_read_next(article) -> None:
    picture = FOLDER / "static" / "pictures" / f"{article.picture}.svg"
    assert "<script" not in picture.read_text()
    assert "style=" not in picture.read_text()
    assert article.paper in PAPERS
    assert article.ago > timedelta(0)
    assert article not in related_to(article)
    assert all(topic in ARTICLES for topic in article.topics)


def test_a_paper_prints_the_listed_articles_in_order() -> None:
    ids = [article.id for article in printed_by(PAPERS["harbour-gazette"])]
    assert ids[0] == "tidal-clock-2041"
    assert "two-threads" in ids
    assert "storm-maren-roads" not in ids
    assert len(ids) >= 12

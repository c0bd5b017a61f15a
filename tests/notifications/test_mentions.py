"""Names in texts: found at their bounds, the longest first, in linear time."""

from __future__ import annotations

import pytest

from comments import names
from comments.notifications import mentions
from tests import factories
from tests.conftest import Cast


def people(cast: Cast, text: str) -> set[str]:
    """The names of those whom a text names, in a thread of some people."""
    article = factories.article(cast.gazette, "tides")
    everybody = [
        factories.user(name)
        for name in ("Ray Miller", "Ray", "Zoë O'Hara", "أمينة", "हिन्दी", "x.y_z", "Jean-Luc")
    ]
    for person in everybody:
        factories.comment(article, person)
    comment = factories.comment(article, cast.mo, text)
    found = mentions.people(comment.site_id, comment.article_id, text)
    return {person.name for person in everybody if person.id in found}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Ray Miller said it.", {"Ray Miller"}),
        ("@Ray miller's gauge", {"Ray Miller"}),
        ("@ray and @Ray Miller", {"Ray", "Ray Miller"}),
        ("(@RAY)", {"Ray"}),
        ("**@Ray**: no", {"Ray"}),
        ("@Ray\nMiller", {"Ray"}),
        ("Well, @zoe ohara!", {"Zoë O'Hara"}),
        ("يا @أمينة، نعم", {"أمينة"}),
        ("@हिन्दी।", {"हिन्दी"}),
        ("@x.y_z.", {"x.y_z"}),
        ("@jean-luc-godard", {"Jean-Luc"}),
        ("@Rayburn", set()),
        ("rae@ray.example", set()),
        ("https://example.com/@ray", set()),
        ("@@ray", set()),
        ("@ rae", set()),
        ("@mo", set()),
        ("@", set()),
        ("", set()),
        ("@nobody " * mentions.MOST + "@ray", set()),
    ],
)
def test_people_are_found_by_their_names(cast: Cast, text: str, named: set[str]) -> None:
    assert people(cast, text) == named


def test_little_is_looked_at_however_long_the_text() -> None:
    text = "@a" * 4000 + " @" + "a b" * 4000 + " @a" * 3000
    places = mentions.places(text)
    assert len(places) == mentions.MOST
    assert all(len(mentions.keys_at(text, at)) <= names.LONGEST for at in places)

"""Why a token is refused is said exactly, and all of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from comments import clock
from comments.sites.models import Role
from comments.sites.sso import configuring
from comments.sites.sso.claims import Said, check
from comments.sites.sso.reasons import Refused
from tests.conftest import Cast
from tests.sites.sso import publisher


@pytest.fixture(autouse=True)
def _still(frozen: object) -> None:
    pass


def said(cast: Cast, **changed: Any) -> Said:
    return check(publisher.claims(**changed), configuring.of(cast.gazette), clock.now())


def reasons(cast: Cast, **changed: Any) -> list[str]:
    with pytest.raises(Refused) as caught:
        said(cast, **changed)
    return [str(reason) for reason in caught.value.reasons]


def now(seconds: float) -> float:
    return clock.now().timestamp() + seconds


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"iss": None}, "The claim iss is missing."),
        (
            {"iss": "https://other.example"},
            "The issuer is wrong: iss says https://other.example, and this site expects "
            "https://gazette.example.",
        ),
        ({"iss": ["https://gazette.example"]}, "The issuer is wrong"),
        ({"aud": "comments"}, "aud says comments, and this site expects comments:gazette."),
        ({"aud": []}, "aud says []"),
        ({"aud": {"comments:gazette": 1}}, "The audience is wrong"),
        ({"sub": None}, "The claim sub is missing."),
        ({"sub": ""}, "The claim sub is missing."),
        ({"sub": 7}, "The claim sub is no text of up to 255 plain characters."),
        ({"sub": "x" * 256}, "The claim sub is no text"),
        ({"sub": "a\nb"}, "The claim sub is no text"),
        ({"sub": "\ud800"}, "The claim sub is no text"),
        ({"name": None}, "The claim name is missing."),
        ({"name": "\u200b\u202e"}, "The claim name holds nothing that could be shown."),
        ({"name": ["Ann"]}, "The claim name holds nothing"),
        ({"jti": 1}, "The claim jti is no text of up to 200 plain characters."),
        ({"jti": ""}, "The claim jti is no text"),
        ({"exp": None}, "The claim exp is missing."),
        ({"iat": None}, "The claim iat is missing."),
        ({"exp": "soon"}, "The claim exp is no time"),
        ({"iat": True}, "The claim iat is no time"),
        ({"nbf": [1]}, "The claim nbf is no time"),
        ({"exp": float("inf")}, "The claim exp is no time"),
        ({"exp": 10**400}, "The claim exp is no time"),
    ],
)
def test_a_claim_that_is_wrong_is_named(cast: Cast, changed: dict[str, Any], words: str) -> None:
    assert any(words in reason for reason in reasons(cast, **changed))


def test_times_are_told_to_the_second(cast: Cast) -> None:
    assert reasons(cast, iat=now(-400), exp=now(-94)) == ["It expired 94 seconds ago."]
    assert reasons(cast, nbf=now(95)) == [
        "It is not good yet: nbf is 95 seconds ahead of our clock."
    ]
    assert reasons(cast, iat=now(95)) == [
        "It was made in the future: iat is 95 seconds ahead of our clock."
    ]
    assert reasons(cast, exp=now(601)) == [
        "It is good for 601 seconds, from iat to exp, and 600 are the most."
    ]
    assert reasons(cast, iat=now(20), exp=now(10)) == ["It ends, by exp, before it begins, by iat."]


def test_clocks_may_differ_by_half_a_minute(cast: Cast) -> None:
    assert said(cast, iat=now(-300), exp=now(-29))
    assert said(cast, iat=now(29), nbf=now(29), exp=now(600))
    assert reasons(cast, iat=now(-300), exp=now(-30)) == ["It expired 30 seconds ago."]


def test_every_reason_is_given_at_once(cast: Cast) -> None:
    found = reasons(cast, iss="x", aud="y", sub=None, name=None, exp=now(-99), iat=now(-100))
    assert len(found) == 5


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"email": "no address"}, "The e-mail address is left out"),
        ({"email": 7}, "The e-mail address is left out"),
        ({"email": "ann\ud800@example.org"}, "The e-mail address is left out"),
        ({"email": "ann@example.org\0"}, "The e-mail address is left out"),
        ({"email": "ann@example.org"}, "The e-mail address counts as a claim"),
        ({"email": "ann@example.org", "email_verified": "true"}, "counts as a claim"),
        ({"roles": {"editor": 1}}, "The claim roles is left out"),
        ({"roles": ["editor", 7]}, "The claim roles is left out"),
        ({"roles": ["king"]}, "The role king means nothing on this site"),
        ({"badges": 7}, "The claim badges is left out"),
        ({"badges": ["king"]}, "The badge king means nothing on this site"),
    ],
)
def test_what_is_left_out_of_a_good_token_is_said(
    cast: Cast, changed: dict[str, Any], words: str
) -> None:
    found = said(cast, **changed)
    assert len(found.remarks) == 1
    assert words in str(found.remarks[0])
    assert (found.role, found.reader.is_confirmed) == (None, False)


def test_what_a_token_may_say(cast: Cast) -> None:
    publisher.settle(cast.gazette, roles={"desk": "moderator", "press": "staff"})
    found = said(
        cast,
        aud=["other", publisher.AUDIENCE],
        name="  Ann\tof  the <b>Sea</b>\u202e ",
        email="ann@example.org",
        email_verified=True,
        roles=["press", "desk"],
        subscriber=True,
        jti="1",
    )
    assert found.remarks == ()
    assert found.role is Role.MODERATOR
    assert found.reader.name == "Ann of the <b>Sea</b>"
    assert found.reader.is_confirmed
    assert found.reader.is_subscriber
    assert said(cast, roles="press").role is Role.STAFF
    assert not said(cast, subscriber="yes").reader.is_subscriber


@pytest.mark.parametrize(
    ("claimed", "read"),
    [
        ("local", ("From here",)),
        (["local", "doctor", "expert"], ("From here", "Verified expert")),
        (["new", "old", "local", "expert"], ("New here", "Old hand", "From here")),
        (["king", "new", "queen", "new", "local"], ("New here", "From here")),
        (["x" * 5000, *[f"b{n}" for n in range(48)], "new", "local"], ("New here",)),
        ([], ()),
    ],
)
def test_badges_are_the_sites_words_for_the_tokens(
    cast: Cast, claimed: Any, read: tuple[str, ...]
) -> None:
    words = {"expert": "Verified expert", "local": "From here", "doctor": "Verified expert"}
    publisher.settle(cast.gazette, badges={**words, "old": "Old hand", "new": "New here"})
    assert said(cast, badges=claimed).badges == read
    assert said(cast, roles=claimed).badges == ()

"""What differs for people of one site: its guests, and those for whom its publisher vouches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from comments import clock
from comments.accounts import guests, vouched
from comments.accounts.models import User
from comments.accounts.vouched import Vouched
from comments.db import transaction
from comments.sites.models import Site
from tests import factories
from tests.test_access import (  # noqa: F401 - a fixture
    GONE,
    NO,
    SIGN_IN,
    TABLE,
    YES,
    World,
    attempt,
    outcome,
    world,
)

# What a guest of the gazette finds, and one of field-notes: what takes an account leads to their
# own page, or is refused.
HOME = "/account/guest"
LED, REFUSED = (HOME, HOME), (NO, NO)
GUESTS: dict[str, tuple[str, str]] = {
    "GET /account": LED,
    "GET /account/factors": LED,
    "GET /account/factors/app": LED,
    "POST /account/factors/app": REFUSED,
    "POST /account/factors/app/remove": REFUSED,
    "POST /account/factors/codes": REFUSED,
    "GET /account/factors/passkey": LED,
    "POST /account/factors/passkey": REFUSED,
    "POST /account/factors/passkeys/<int:id>/remove": REFUSED,
    "GET /account/guest": (YES, YES),
    "POST /account/guest/link": (YES, YES),
    "GET /account/join": (YES, YES),
    "POST /account/join": (YES, YES),
    "GET /account/name": LED,
    "POST /account/name": REFUSED,
    "GET /account/password": LED,
    "POST /account/password": REFUSED,
    "GET /account/prove": LED,
    "POST /account/prove": REFUSED,
    "GET /account/ways/<int:id>/remove": LED,
    "POST /account/ways/<int:id>/remove": REFUSED,
    "GET /account/ways/with/<provider>": LED,
    "POST /account/ways/with/<provider>": REFUSED,
    "POST /connect": (YES, NO),
    "POST /invitations/<token>": REFUSED,
    "POST /thread": (YES, NO),
    # The rest of their own page, and what is others'.
    "GET /account/email": (YES, YES),
    "GET /account/sessions": (YES, YES),
    "GET /comments/<int:id>/edit": (GONE, GONE),
    "GET /mine": (YES, YES),
    "GET /moderation": (GONE, GONE),
    "GET /sites/<key>/members": (GONE, GONE),
    "POST /moderation/comments/<int:id>/decisions": (GONE, GONE),
}
# What the token opens of a guest, or of a reader for whom the publisher vouches: the gazette's, and
# one of field-notes.
TOKENS: dict[str, tuple[str, str]] = {
    "DELETE /api/v1/comments/<int:id>": (GONE, GONE),
    "GET /api/v1/moderation/queue": (NO, NO),
    "GET /embed/me": (YES, SIGN_IN),
    "PATCH /api/v1/comments/<int:id>": (GONE, GONE),
    "POST /api/v1/comments": (YES, NO),
    "POST /api/v1/comments/<int:id>/decisions": (NO, NO),
    "POST /api/v1/comments/<int:id>/reports": (YES, NO),
    "POST /api/v1/preview": (YES, NO),
    "POST /embed/follow": (YES, SIGN_IN),
    "POST /embed/heard": (YES, SIGN_IN),
    "POST /embed/seen": (YES, SIGN_IN),
    "PUT /api/v1/articles/<path:key>": (SIGN_IN, SIGN_IN),
    "PUT /api/v1/comments/<int:id>/vote": (YES, NO),
}
SITES = ("gazette", "notes")


def a_guest(site: Site) -> User:
    return transaction(lambda: guests.make(site.id, "Wren", None, clock.now()))


def vouched_for(site: Site) -> User:
    return transaction(lambda: vouched.met(site.id, Vouched("r-1", "Ann"), clock.now()))


def test_no_route_that_takes_an_account_is_left_out() -> None:
    below = ("/account/factors", "/account/prove", "/account/ways")
    assert {route for route in TABLE if route.split()[1].startswith(below)} <= GUESTS.keys()


@pytest.mark.parametrize("home", SITES)
def test_a_guest_finds_what_takes_no_account(
    world: World,  # noqa: F811
    as_: Callable[..., FlaskClient],
    home: str,
) -> None:
    factories.settle(world.cast.gazette, commenters="guests")
    guest = a_guest(getattr(world.cast, home))
    found = {}
    for route in GUESTS:
        answer = attempt(world, as_(guest), guest, route)
        found[route] = HOME if answer.location == HOME else outcome(answer)
    assert found == {route: rights[SITES.index(home)] for route, rights in GUESTS.items()}


@pytest.mark.parametrize("home", SITES)
@pytest.mark.parametrize("kind", [a_guest, vouched_for])
def test_people_of_a_site_are_readers_there_alone(
    world: World,  # noqa: F811
    as_: Callable[..., FlaskClient],
    kind: Callable[[Site], User],
    home: str,
) -> None:
    factories.settle(world.cast.gazette, commenters="guests")
    site: Site = getattr(world.cast, home)
    person = kind(site)
    token = factories.bearer(person, site)
    found = {route: outcome(attempt(world, as_(None), person, route, token)) for route in TOKENS}
    assert found == {route: rights[SITES.index(home)] for route, rights in TOKENS.items()}

"""What the browser's cookie keeps of somebody who is on the way to a provider, or back from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import json
from flask import session as cookie
from flask_babel import gettext as _

from comments import clock, limits
from comments.accounts.models import User
from comments.accounts.oidc import protocol, providers
from comments.accounts.oidc.forms import Answer
from comments.accounts.oidc.people import Person
from comments.accounts.oidc.protocol import Trip
from comments.db import transaction
from comments.errors import DomainError, Forbidden
from comments.logs import log
from comments.security import client_address
from comments.settings import Provider

TRIPS, ARRIVED = "trips", "arrived"
# One for each window, and not more than a cookie can hold.
MOST, MOST_CHARACTERS = 3, 2200
LIFE = 900
ASKED = limits.Limit("asked-provider", times=60, seconds=600)


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a journey is to end: the way on, for which site, and whose account is to be linked."""

    next: str = ""
    site: str = ""
    person_id: int | None = None

    @property
    def passing(self) -> dict[str, Any]:
        return {name: value for name, value in (("next", self.next), ("site", self.site)) if value}


def depart(key: str, provider: Provider, aim: Aim) -> str:
    """The address of the provider's page that somebody is to go to.

    Raises TooMany, Busy, or Untrue as `protocol.address` does.
    """
    _count()
    trip = protocol.begun(key)
    url = protocol.address(provider, trip)
    packed = {"trip": asdict(trip), "aim": asdict(aim), "at": clock.now().timestamp()}
    trips = [*cookie.get(TRIPS, []), packed][-MOST:]
    while len(trips) > 1 and len(json.dumps(trips)) > MOST_CHARACTERS:
        trips.pop(0)
    cookie[TRIPS] = trips
    return url


def aim_of(state: str) -> Aim:
    """Where the journey of this state is to end."""
    return next((Aim(**each["aim"]) for each in _under_way() if _is_of(each, state)), Aim())


def spend(key: str, state: str) -> tuple[Trip | None, Aim]:
    """The journey by this provider that ends with this, once; none for another one."""
    trips, aim = _under_way(), aim_of(state)
    ended = [Trip(**each["trip"]) for each in trips if _is_of(each, state)]
    cookie[TRIPS] = [each for each in trips if not _is_of(each, state)]
    return next((trip for trip in ended if trip.provider == key), None), aim


def arrive(provider: Provider, trip: Trip | None, answer: Answer) -> Person:
    """Who came. Raises Forbidden when they did not want to or are on no journey from here,
    TooMany, Busy or Untrue."""
    if answer.error == "access_denied":
        words = _("You did not let %(name)s sign you in here.", name=provider.name)
        raise Forbidden(words, code="denied")
    if trip is None:
        raise over()
    _count()
    names_itself = providers.metadata(provider).authorization_response_iss_parameter_supported
    if answer.iss != provider.issuer and (answer.iss or names_itself):
        raise providers.untrue(provider, "another issuer answered")
    if answer.error or not answer.code:
        raise providers.untrue(provider, f"error {answer.error[:100]}")
    return protocol.redeem(provider, trip, answer.code, clock.now())


def remember(key: str, person: Person) -> None:
    """Keep who came, until they have said how they want to be called."""
    cookie[ARRIVED] = {"by": key, "at": clock.now().timestamp(), "person": asdict(person)}


def arrived(key: str) -> Person:
    """Who came by this provider a while ago. Raises Forbidden."""
    found: dict[str, Any] = cookie.get(ARRIVED, {})
    if found.get("by") != key or not _is_recent(found, clock.now()):
        raise over()
    return Person(**found["person"])


def check_still(aim: Aim, user: User) -> None:
    """Raises Forbidden where somebody else is signed in by now than set out to link."""
    if aim.person_id != user.id:
        raise over()


def note(key: str, error: DomainError) -> None:
    """Tell the operator why a provider let somebody down; whoever came is told in simpler words."""
    if "why" in error.details:
        log.warning("provider failed", provider=key, code=error.code, why=error.details["why"])


def over() -> Forbidden:
    words = _(
        "This sign-in was begun elsewhere, is over already, or took too long. Please begin again."
    )
    return Forbidden(words, code="bad-state")


def _count() -> None:
    """In a transaction of its own, after which nobody holds a connection."""
    now, network = clock.now(), client_address()
    transaction(lambda: limits.hit(ASKED, network, now))


def _under_way() -> list[dict[str, Any]]:
    now = clock.now()
    return [each for each in cookie.get(TRIPS, []) if _is_recent(each, now)]


def _is_of(packed: dict[str, Any], state: str) -> bool:
    return bool(packed["trip"]["state"] == state)


def _is_recent(packed: dict[str, Any], now: datetime) -> bool:
    return bool(0 <= now.timestamp() - packed["at"] < LIFE)

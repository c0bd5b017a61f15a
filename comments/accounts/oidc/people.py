"""Who came, as a provider says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comments import names
from comments.accounts.forms import deliverable

LONGEST_SUBJECT = 255
# Where a provider says how somebody is called, the best first.
CALLED = ("name", "preferred_username", "nickname", "given_name")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a provider knows: the same subject of the same issuer is the same person.

    The e-mail is here only if the provider says that it was confirmed.
    """

    issuer: str
    subject: str
    name: str = ""
    email: str | None = None


def described(issuer: str, claims: Mapping[str, Any]) -> Person:
    """The person of whom these claims are. Raises ValueError where they name nobody."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise ValueError("sub")
    if "\0" in subject or not subject.isprintable():
        raise ValueError("sub")
    called = (claims.get(name) for name in CALLED)
    legible = (names.legible(each[:200]) for each in called if isinstance(each, str))
    name = next(filter(None, legible), "")
    return Person(issuer, subject, name, _confirmed_email(claims))


def _confirmed_email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return deliverable(email)

"""What can go wrong in the business, each mapped once to its HTML and JSON answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was sent: where, a stable code, and words for a person."""

    field: str
    code: str
    message: str


class DomainError(Exception):
    """The parent of every refusal that a person or a program should read."""

    status = 400
    code = "bad-request"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details: Mapping[str, Any] = details


class NotSignedIn(DomainError):
    status, code = 401, "not-signed-in"


class Forbidden(DomainError):
    status, code = 403, "forbidden"


class FactorNeeded(Forbidden):
    """Who asks may do it once they have a second factor."""

    code = "second-factor-needed"


class NotFound(DomainError):
    status, code = 404, "not-found"


class Conflict(DomainError):
    status, code = 409, "conflict"


class TooLarge(DomainError):
    status, code = 413, "too-large"


class Invalid(DomainError):
    """What was sent can't be taken; `faults` names each reason."""

    status, code = 422, "invalid"

    def __init__(self, message: str, faults: list[Fault], **details: Any) -> None:
        super().__init__(message, **details)
        self.faults = faults


class TooMany(DomainError):
    """Too often; may be tried again after `retry_after` seconds."""

    status, code = 429, "too-many"

    def __init__(self, message: str, retry_after: int, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class Busy(DomainError):
    """Not now, and nothing was stored: the database could not take the write in time, or something
    is awaited. May be tried again after `retry_after` seconds."""

    status, code = 503, "busy"
    retry_after = 2

    def __init__(self, message: str, retry_after: int | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        if retry_after is not None:
            self.retry_after = retry_after

"""What comes back from a provider by way of the browser, and what newcomers choose."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from comments.accounts.forms import Name
from comments.forms import Form, Line


class Answer(Form):
    """The answer to an authorization request (RFC 6749, 4.1.2; RFC 9207); the rest is not heard."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: Line = Field(default="", max_length=200)
    code: Line = Field(default="", max_length=4000)
    error: Line = Field(default="", max_length=200)
    iss: Line = Field(default="", max_length=300)


class Newcomer(Form):
    """What somebody who comes for the first time wants to be called."""

    name: Name

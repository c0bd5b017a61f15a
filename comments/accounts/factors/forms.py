"""What people send about their second factors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from comments.accounts.forms import Password
from comments.forms import Form, Line, Text

Code = Annotated[Line, Field(max_length=60)]


# With the certificates of a maker it may be long.
Answer = Annotated[Text, Field(max_length=16_000)]


class GivenCode(Form):
    """A code of an app, or of recovery."""

    code: Code = Field(min_length=1)


class NewPasskey(Form):
    """What somebody calls a passkey, and what their browser answered as JSON."""

    name: Line = Field(min_length=1, max_length=80)
    credential: Answer = Field(min_length=1)


class GivenPasskey(Form):
    credential: Answer = Field(min_length=1)


class FreshProof(Form):
    """By what somebody proves anew who they are: one of these."""

    proof_password: Password = ""
    proof_code: Code = ""
    proof_passkey: Answer = ""

"""What people send about their second factors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from comments.accounts.forms import Password
from comments.forms import Form, Line

Code = Annotated[Line, Field(max_length=60)]


class GivenCode(Form):
    """A code of an app, or of recovery."""

    code: Code = Field(min_length=1)


class FreshProof(Form):
    """By what somebody proves anew who they are: one of these."""

    proof_password: Password = ""
    proof_code: Code = ""

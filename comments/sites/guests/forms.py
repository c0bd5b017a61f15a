"""What somebody says who has no account, or makes one."""

from __future__ import annotations

from typing import Annotated, Self

from flask_babel import gettext as _
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from comments.accounts import strength
from comments.accounts.forms import Email, Name, NewPassword
from comments.forms import Blank, Form, Line

# So many characters nobody guesses.
LEAST_KEY = 20


class NewGuest(Form):
    """Whoever writes on this site under a name, and may leave an address."""

    site: Line = Field(min_length=1, max_length=60)
    name: Name
    email: Annotated[Email | None, Blank] = None


class NewMember(Form):
    """What a guest's account is to be called, and how they come in: by one way at least."""

    name: Name
    email: Annotated[Email | None, Blank] = None
    password: Annotated[NewPassword | None, Blank] = None

    @model_validator(mode="after")
    def _can_come_back(self) -> Self:
        if self.email is None and self.password is None:
            words = _("Give a password, or an e-mail address to sign in by.")
            raise PydanticCustomError("no-way", words)
        if self.password and strength.is_easy(self.password, self.name, self.email):
            words = _("This password is among the first that somebody would try. Take another one.")
            raise PydanticCustomError("easy", words)
        return self

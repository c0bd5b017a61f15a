"""What people send about themselves."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from flask_babel import gettext as _
from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from comments import addresses, names
from comments.accounts import strength
from comments.accounts.models import User
from comments.accounts.strength import FEWEST, MOST
from comments.forms import Blank, Form, Line, Text, refuse

# No quotes, comments or literals: with them one mailbox has as many spellings as one likes. And no
# header holds as it is what begins like an encoded word.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(
    rf"(?=[^@]{{1,64}}@)(?!.*=\?){_ATOM}(\.{_ATOM})*@({_LABEL}\.)+(?=[A-Za-z]){_LABEL}"
)
LONGEST_EMAIL = 254


def email_key(email: str) -> str:
    """What two spellings of one address have in common."""
    return (deliverable(email) or email).lower()


def deliverable(text: str) -> str | None:
    """This address as every mail server takes it, its domain in ASCII; None if it is none."""
    local, _at, domain = text.rpartition("@")
    if not domain.isascii() and domain.isprintable():
        try:
            domain = addresses.ascii_host(domain)
        except ValueError:
            return None
    email = f"{local}@{domain}"
    return email if len(email) <= LONGEST_EMAIL and _EMAIL.fullmatch(email) else None


def _name(text: str) -> str:
    try:
        return names.display(text)
    except ValueError:
        words = _("A name has 2 to 40 letters and digits, with spaces or - ' . _ between them.")
        raise PydanticCustomError("name", words) from None


def _email(text: str) -> str:
    email = deliverable(text)
    if email is None:
        raise PydanticCustomError("email", _("This is no e-mail address."))
    return email


Name = Annotated[Line, AfterValidator(_name), Field(max_length=200)]
Email = Annotated[Line, AfterValidator(_email), Field(max_length=LONGEST_EMAIL)]
Password = Annotated[Text, Field(max_length=MOST)]
NewPassword = Annotated[Text, Field(min_length=FEWEST, max_length=MOST)]


class Texts(StrEnum):
    """What becomes of the comments of a closed account."""

    KEEP = "keep"
    ERASE = "erase"


class SignUp(Form):
    name: Name
    email: Annotated[Email | None, Blank] = None
    password: NewPassword

    @field_validator("password")
    @classmethod
    def _hard_to_guess(cls, password: str, info: ValidationInfo) -> str:
        if strength.is_easy(password, info.data.get("name"), info.data.get("email")):
            raise PydanticCustomError("easy", _too_easy())
        return password


class SignIn(Form):
    """`login` is a name, or a confirmed e-mail."""

    login: Line = Field(min_length=1, max_length=LONGEST_EMAIL)
    password: Password


class Known(Form):
    """By what one is known: a name, or a confirmed e-mail."""

    login: Line = Field(min_length=1, max_length=LONGEST_EMAIL)


class Proof(Form):
    """The current password, asked once more; those who have none leave it out."""

    current: Password = ""


class NewName(Proof):
    name: Name


class NewEmail(Proof):
    email: Annotated[Email | None, Blank] = None


class ChangedPassword(Proof):
    password: NewPassword


class Farewell(Proof):
    """Whether the texts of one's comments go too, or stay without a name."""

    texts: Texts


def refuse_easy(password: str, user: User) -> None:
    """Raises Invalid for a password that somebody who knows this person would try."""
    if strength.is_easy(password, user.name, user.email):
        raise refuse("password", "easy", _too_easy())


def _too_easy() -> str:
    return _("This password is among the first that somebody would try. Take another one.")

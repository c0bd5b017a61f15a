"""What is sent to invite somebody."""

from __future__ import annotations

from typing import Annotated

from comments.accounts.forms import Email
from comments.forms import Blank, Form
from comments.sites.models import Role


class NewInvitation(Form):
    """Whom to mail the link; without an address it is to be passed on by hand."""

    email: Annotated[Email | None, Blank] = None
    invited_as: Role

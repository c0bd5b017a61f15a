from __future__ import annotations

from collections.abc import Callable

import pytest

from comments.accounts.models import User
from tests.accounts.factors import phone
from tests.accounts.factors.phone import Phone
from tests.conftest import Cast

Gives = Callable[[User], User]


@pytest.fixture
def mo(cast: Cast, gives: Gives, frozen: object) -> User:
    """With a password; the clock stands still."""
    return gives(cast.mo)


@pytest.fixture
def app_of_mo(mo: User) -> Phone:
    """Mo's authenticator app, set up some while ago."""
    return phone.set_up(mo)

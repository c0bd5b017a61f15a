from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from comments import clock
from comments.accounts import passwords
from comments.accounts.models import User
from comments.db import transaction

NOBODYS = passwords.NOBODYS
PASSWORD = "a quiet lamp on tuesday"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little of argon2id as it takes to try the rules around it."""
    quick = PasswordHasher(1, 8, 1)
    monkeypatch.setattr(passwords, "hasher", quick)
    monkeypatch.setattr(passwords, "NOBODYS", quick.hash("nobody's password"))


@pytest.fixture
def gives(quick: None) -> Callable[[User], User]:
    """Give somebody PASSWORD."""

    def give(user: User) -> User:
        secret = passwords.hashed(PASSWORD)
        transaction(lambda: passwords.keep(user, secret, clock.now()))
        return user

    return give

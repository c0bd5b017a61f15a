from __future__ import annotations

import pytest

from comments.accounts import passwords

NOBODYS = passwords.NOBODYS


@pytest.fixture(autouse=True)
def _quick(quick: None) -> None:
    """Rules around passwords are tried here all the time."""

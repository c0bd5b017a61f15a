from __future__ import annotations

import pytest

from comments.accounts import strength


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Password1",
        "P@ssw0rd!",
        "passwort123",
        "12345678",
        "87654321",
        "20262026",
        "aaaaaaaa",
        "abababab",
        "abcabcabcabcabc",
        "qwertyuiop",
        "poiuytrewq",
        "1q2w3e4r5t",
        "letmein1",
        "iloveyou2",
        "trustno1!",
        "sunshine99",
        "!!!!1111",
    ],
)
def test_what_is_tried_first_is_easy(password: str) -> None:
    assert strength.is_easy(password)


@pytest.mark.parametrize("password", ["rosalind99", "Rosalind!", "1rosalind1", "paperboat1"])
def test_what_is_known_of_the_person_is_easy(password: str) -> None:
    assert strength.is_easy(password, "Rosalind", "paperboat@example.com")


@pytest.mark.parametrize(
    "password",
    ["a quiet lamp on tuesday", "tV9$kQ2m", "correct horse battery", "rosalind likes long walks"],
)
def test_what_takes_long_to_guess_is_not(password: str) -> None:
    assert not strength.is_easy(password, "Rosalind", "paperboat@example.com")

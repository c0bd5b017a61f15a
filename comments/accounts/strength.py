"""Which passwords are too easy to guess, without asking anybody else."""

from __future__ import annotations

import re

FEWEST, ADVISED, MOST = 8, 15, 256

# What is left of the commonest passwords once digits, signs and disguises are taken off.
_WORDS = """
    abc abcd abcdef access admin administrator alexander amanda andrea andrew angel anthony apple
    arsenal ashley asdf asdfgh austin babygirl barcelona baseball basketball batman beautiful
    brandon buster butterfly changeme charlie cheese chelsea chicken chocolate chris christian
    cocacola computer cookie corvette cowboys daniel default dennis diamond dragon elizabeth
    facebook family ferrari flower football forever freedom friends gabriel george ginger google
    guest guitar hallo hannah harley hello helloworld hockey hunter iloveu iloveyou internet
    jasmine jennifer jessica jesus jonathan jordan joseph joshua justin killer kitten letmein
    liverpool login lovely loveme maggie manchester master matrix matthew mercedes metallica
    michael michelle minecraft monkey monster mother mustang naruto newyork nicholas nicole nirvana
    nothing orange pass passphrase passport passwd passw password passwords passwort peanut pepper
    player pokemon prince princess purple qaz qazwsx qazwsxedc qwe qwer qwert qwerty qwertyuiop
    qwertz rainbow ranger richard robert rockyou samantha samsung schalke schatz secret secure
    service shadow silver slipknot snoopy soccer sommer sophie spiderman spring starwars steelers
    stephanie steven summer sunflower sunshine superman superstar taylor tequiero test tester
    testing thomas thunder tigger trustno truelove user vanessa victoria welcome whatever william
    willkommen winner winter wizard yankees yellow zaq zxcvbn zxcvbnm
"""
_COMMON = frozenset(_WORDS.split())
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1234567890123456789",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_DISGUISES = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"})
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def is_easy(password: str, *about: str | None) -> bool:
    """Whether it is among what is tried first; `about` is what is known of the person."""
    bare = password.casefold()
    return (
        len(set(bare)) < 4
        or _is_a_row(bare)
        or _is_repeated(bare)
        or _is_common(bare)
        or any(_is_mostly(bare, part) for part in _parts(about))
    )


def _is_a_row(bare: str) -> bool:
    return any(bare in row or bare[::-1] in row for row in _ROWS)


def _is_repeated(bare: str) -> bool:
    """Whether it is one short piece over and over."""
    period = (bare + bare).find(bare, 1)
    return period < len(bare) and period < FEWEST


def _is_common(bare: str) -> bool:
    words = {_ENDS.sub("", bare), _ENDS.sub("", bare.translate(_DISGUISES))}
    return any(word == "" or word in _COMMON for word in words) and len(bare) < ADVISED


def _parts(about: tuple[str | None, ...]) -> set[str]:
    return {
        part
        for known in filter(None, about)
        for part in (known.casefold(), *re.split(r"[\W_]+", known.casefold()))
        if len(part) > 3
    }


def _is_mostly(bare: str, part: str) -> bool:
    return part in bare and len(bare) - len(part) < 6

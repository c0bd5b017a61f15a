"""What people are called: the name as it is shown, and the key that look-alikes share."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import filterfalse, pairwise
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from unicodedata import category, combining, normalize
from unicodedata import name as name_of

from confusable_homoglyphs.utils import load

from comments import markup

SHORTEST = 2
LONGEST = 40
KEY_LENGTH = 160

_LETTERS_AND_DIGITS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"})
_AMONG_LETTERS = frozenset(" -'’._·・")
_JOINERS = frozenset("\u200c\u200d")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_UNSHOWN = frozenset({"Cc", "Cs", "Co", "Cn"})
_WRITTEN_WITH_JOINERS = frozenset({"Lo", "Mn", "Mc"})
_AROUND_RIGHT_TO_LEFT = "\u200e"


def display(name: str) -> str:
    """Return the name as it is shown. Raises `markup.Unusable`.

    Its codes are nul, surrogate, characters, too_short and too_long. Invisible characters are
    dropped; signs, emoji, @ and line breaks are refused.
    """
    name = _without_unseen(markup.normalise(name).strip())
    if "\n" in name:
        raise markup.Unusable("characters")
    name = " ".join(name.split())
    if not all(map(_may_stand_in_a_name, name)):
        raise markup.Unusable("characters")
    if sum(map(str.isalnum, name)) < SHORTEST:
        raise markup.Unusable("too_short")
    if len(name) > LONGEST:
        raise markup.Unusable("too_long")
    return name


def legible(name: str) -> str:
    """What can be shown of a name that somebody else has taken in already; nothing, if nothing can.

    Signs stay, as text. What is invisible, or turns the direction of writing, is dropped.
    """
    found = "".join(
        " " if char.isspace() else char
        for char in _without_unseen(markup.normalise(_UNSTORABLE.sub("", name)))
        if char.isspace() or category(char) not in _UNSHOWN
    )
    found = " ".join(found.split())[:LONGEST].rstrip()
    return "" if markup.is_blank(found) else found


def _without_unseen(name: str) -> str:
    return "".join(
        char
        for before, char in pairwise(" " + name)
        if not markup.is_unseen(char)
        # Persian and the scripts of India are spelled with joiners.
        or (char in _JOINERS and category(before) in _WRITTEN_WITH_JOINERS)
    )


def _may_stand_in_a_name(char: str) -> bool:
    return category(char) in _LETTERS_AND_DIGITS or char in _AMONG_LETTERS or char in _JOINERS


def key(name: str) -> str:
    """Return what names that look alike have in common, whatever their case.

    This is the skeleton of Unicode TR39 with case folded in. Accents, invisible characters and
    everything that looks like neither letter nor digit do not count.
    """
    bare = filterfalse(combining, normalize("NFD", name))
    return "".join(filter(_counts, "".join(map(_look, bare))))[:KEY_LENGTH]


def _look(char: str) -> str:
    looks = _looks()
    return looks.get(char) or "".join(
        looks.get(part, part) for part in normalize("NFKD", char).casefold()
    )


def _counts(char: str) -> bool:
    is_vowel_sign = category(char) in {"Mn", "Mc"} and not combining(char)
    return (char.isalnum() or is_vowel_sign) and not markup.is_unseen(char)


@cache
def _looks() -> dict[str, str]:
    """Map each character to what stands for all that look like it."""
    groups = {char: {char} for char in ascii_letters + digits}
    ligatures = {}
    for char, look in [*zip(ascii_lowercase, ascii_uppercase, strict=True), *_listed()]:
        if len(look) == 1:
            _join(groups, char, look)
        else:
            ligatures[char] = look
    _join_cases(groups)
    singles = {char: one for char, group in groups.items() if (one := _stands_for(group, char))}
    spelled = {char: "".join(singles[part] for part in look) for char, look in ligatures.items()}
    return {char: spelled.get(one, one) for char, one in singles.items()} | spelled


def _listed() -> Iterator[tuple[str, str]]:
    """Yield (character, what it looks like) as Unicode lists them, single characters both ways."""
    for char, looks in load("confusables.json").items():
        for look in (item["c"] for item in looks):
            one, other = char.strip(_AROUND_RIGHT_TO_LEFT), look.strip(_AROUND_RIGHT_TO_LEFT)
            if len(one) == len(other) == 1:
                yield one, other
            elif len(one) == 1 and name_of(one, "").startswith("LATIN"):
                letters = "".join(filterfalse(combining, other))
                if letters.isascii():
                    yield one, "".join(filter(str.isalnum, letters))


def _join(groups: dict[str, set[str]], one: str, other: str) -> None:
    joined = groups.setdefault(one, {one}) | groups.setdefault(other, {other})
    groups.update(dict.fromkeys(joined, joined))


def _join_cases(groups: dict[str, set[str]]) -> None:
    # Greek capital nu looks like N and small nu like v: to fold them would make N and v one.
    # In reverse, since Cyrillic and Greek dispute the capital that looks like a gallows.
    for char in sorted(groups, reverse=True):
        for other in (char.lower(), char.upper()):
            if len(other) == 1 and not (_ascii(groups[char]) and _ascii(groups.get(other, set()))):
                _join(groups, char, other)


def _stands_for(group: set[str], char: str) -> str | None:
    """Return the one for all; none for a sign that looks like no ASCII letter or digit."""
    if letters := _ascii(group):
        return min(letters).lower()
    return min(filter(str.isalnum, group)) if char.isalnum() else None


def _ascii(group: set[str]) -> set[str]:
    return {char for char in group if char.isascii() and char.isalnum()}

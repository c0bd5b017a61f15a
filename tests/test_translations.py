"""Every message has a translation, and every translation is whole."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo

import comments
from comments import i18n
from tests import pseudo

PROJECT = Path(comments.__file__).parent.parent
LANGUAGES = [code for code in i18n.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+>")


def extracted() -> set[tuple[str | None, str | tuple[str, ...]]]:
    with (PROJECT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
    found = extract_from_dir(PROJECT, methods, options, keywords)
    return {(context, message) for _file, _line, message, _notes, context in found}


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_and_none_that_nobody_says(language: str) -> None:
    """`make messages` collects what was added."""
    catalogue = pseudo.catalogue(language)
    known = {(message.context, message.id) for message in messages(catalogue)}
    assert extracted() - known == set()
    assert known - extracted() == set()
    assert not catalogue.obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    catalogue = pseudo.catalogue(language)
    for message in messages(catalogue):
        expected = 1 if isinstance(message.id, str) else catalogue.num_plurals
        said = forms(message.string)
        assert len(said) == expected, message.id
        assert all(text.strip() for text in said), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_says_the_same_things(language: str) -> None:
    """One form of a plural may leave the number out where English does."""
    for message in messages(pseudo.catalogue(language)):
        given = [sorted(PLACEHOLDER.findall(text)) for text in forms(message.id)]
        for text in forms(message.string):
            assert sorted(PLACEHOLDER.findall(text)) in given, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_is_what_is_written(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, pseudo.catalogue(language))
    shipped = pseudo.TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo"
    assert shipped.read_bytes() == compiled.getvalue(), "make messages"

"""Sentences as data: what the system says when the state of help or of the queue changes, and the built-in script.

Loaded at import, and loudly: a key that lacks a language, or whose languages do not name the same values, stops the
process at its start, not a visitor's conversation at midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from bot.facts import Language, spoken
from bot.hotlines import numbers

FOLDER: Final = Path(__file__).resolve().parent.parent / "data" / "replies"
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_FIELD = re.compile(r"\{(\w+)\}")

Sentences = Mapping[str, Mapping[Language, tuple[str, ...]]]


class BadReplies(ValueError):
    """A file of sentences that must not go out: which key, and what it lacks."""


def load(path: Path) -> Sentences:
    """Read one file of ``key: {language: sentence or list of sentences}``.

    Every key must have every language, as many sentences in each, and name the same ``{values}`` in each.
    """
    raw: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    loaded: dict[str, Mapping[Language, tuple[str, ...]]] = {}
    for key, by_language in raw.items():
        missing = [language for language in LANGUAGES if not by_language.get(language)]
        if missing:
            raise BadReplies(f"{path.name}: {key} lacks {', '.join(missing)}")
        said = {language: _as_tuple(by_language[language]) for language in LANGUAGES}
        if len({len(variants) for variants in said.values()}) != 1:
            raise BadReplies(f"{path.name}: {key} has more sentences in one language than in another")
        if len({frozenset(fields(variants)) for variants in said.values()}) != 1:
            raise BadReplies(f"{path.name}: {key} names different values in its languages")
        loaded[key] = said
    return loaded


def load_words(path: Path) -> Sentences:
    """Read a file of ``topic: {language: list of words}``; every topic needs words in every language."""
    raw: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for topic, by_language in raw.items():
        missing = [language for language in LANGUAGES if not by_language.get(language)]
        if missing:
            raise BadReplies(f"{path.name}: {topic} lacks {', '.join(missing)}")
    return {
        topic: {language: tuple(word.casefold() for word in by_language[language]) for language in LANGUAGES}
        for topic, by_language in raw.items()
    }


def fields(variants: Iterable[str]) -> set[str]:
    """Return the names of the values that sentences want, those that every sentence may use left out."""
    return {name for text in variants for name in _FIELD.findall(text)} - set(numbers())


def say(key: str, language: str, **values: str) -> str:
    """Return one of the system's sentences in the reader's language.

    The numbers of the hotlines are filled in. Raises ``KeyError`` for an unknown key or a value that is missing: a
    sentence with a hole in it must not be sent.
    """
    return fill(_HELP[key][spoken(language)][0], values)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with its ``{values}`` and the hotlines' numbers put in."""
    known = {**numbers(), **values}
    return _FIELD.sub(lambda found: known[found.group(1)], text)


def _as_tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


_HELP: Final = load(FOLDER / "help.yml")
SCRIPT: Final = load(FOLDER / "script.yml")
"""The sentences of the built-in script (``bot/script.py``)."""

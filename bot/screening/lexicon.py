"""Reads and checks the lexicon under ``data/screening``: word lists, rules, reasons, character pairs.

The only module of screening that touches files. Content that is wrong in any way is refused with the file and the
entry named: a rule that silently never matches is a person nobody hears.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from data.kinds import About, Category, Level

CONTENT = Path(__file__).resolve().parents[2] / "data" / "screening"

ROLES = (
    "harmless", "negation", "negation_filler", "denied_after", "self", "you", "other", "says", "apart", "story",
)  # fmt: skip
"""Word lists that every language has, because screening itself asks for them (see docs/screening.md)."""

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Reads every scalar as text (and builds nothing else), so that "no" and "on" stay the words they are."""

_ENTRY_KEYS = {
    "id", "category", "level", "terms", "frame", "gap", "across", "with", "unless", "not_after", "about",
    "negation", "reason", "hits", "misses",
}  # fmt: skip
_ACROSS = ("clause", "sentence", "message")
_DEFAULT_GAP = {"zh": 4}
_OTHER_GAP = 14


class LexiconError(ValueError):
    """The lexicon's content is wrong; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of the lexicon.

    ``slots`` are matched in order, at most ``gap`` folded characters apart and inside one ``across`` (clause,
    sentence or message); each slot is a tuple of terms, any of which fills it. ``together`` are slots that must
    also be filled in the same unit, anywhere. ``unless`` are slots that, filled in the same sentence, keep the rule
    from counting; ``not_after`` are slots that do so where they come first ("if"). ``about`` is ``None`` where the
    sentence's subject decides. ``negatable`` is false where a "not" in front changes nothing. ``reason`` is a key
    of the reasons' catalogue; ``hits`` and ``misses`` are examples, each of them a test.
    """

    id: str
    language: str
    category: Category
    level: Level
    slots: tuple[tuple[str, ...], ...]
    gap: int
    across: str
    together: tuple[tuple[str, ...], ...]
    unless: tuple[tuple[str, ...], ...]
    not_after: tuple[tuple[str, ...], ...]
    about: About | None
    negatable: bool
    reason: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that screening knows: rules, the role lists of each language, character pairs."""

    entries: tuple[Entry, ...]
    roles: dict[str, dict[str, tuple[str, ...]]]
    simplified: dict[str, str]


def load_lexicon(path: Path | None = None) -> Lexicon:
    """Read the lexicon in ``path`` (the project's own by default): one folder of YAML files for each language.

    Raises :class:`LexiconError` for anything that is missing, unknown, doubled or of the wrong shape.
    """
    root = path or CONTENT
    reasons = load_reasons()
    entries: list[Entry] = []
    roles: dict[str, dict[str, tuple[str, ...]]] = {}
    languages = sorted(folder for folder in root.iterdir() if folder.is_dir()) if root.is_dir() else []
    if not languages:
        raise LexiconError(f"{root}: no language folder in it")
    for folder in languages:
        files = [(file, _mapping(file)) for file in sorted(folder.glob("*.yml"))]
        words = _words(files)
        for role in ROLES:
            if role not in words:
                raise LexiconError(f"{folder}: the word list {role!r} is missing")
        roles[folder.name] = {role: words[role] for role in ROLES}
        for file, content in files:
            entries.extend(_entries(file, content, folder.name, words, reasons))
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise LexiconError(f"{root / entry.language}: the id {entry.id!r} stands there twice")
        seen.add(entry.id)
    return Lexicon(tuple(entries), roles, _characters(root / "characters.yml"))


@cache
def load_reasons() -> dict[str, dict[str, str]]:
    """The catalogue of reasons: key to ``{"zh": ..., "en": ...}``."""
    file = CONTENT / "reasons.yml"
    reasons = _mapping(file)
    for key, texts in reasons.items():
        if not isinstance(texts, dict) or not all(isinstance(texts.get(k), str) for k in ("zh", "en")):
            raise LexiconError(f"{file}: {key}: needs a sentence in zh and in en")
    return reasons


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - text only
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise LexiconError(f"{file}: cannot be read as YAML: {fault}") from fault
    if not isinstance(content, dict):
        raise LexiconError(f"{file}: must be a mapping")
    return content


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
        raise LexiconError(f"{where}: must be a list of texts, none of them empty")
    return tuple(value)


def _words(files: list[tuple[Path, dict[str, Any]]]) -> dict[str, tuple[str, ...]]:
    """The named word lists of a language; ``+name`` inside a list stands for all of another list."""
    raw: dict[str, tuple[Path, tuple[str, ...]]] = {}
    for file, content in files:
        unknown = content.keys() - {"words", "entries"}
        if unknown:
            raise LexiconError(f"{file}: unknown key {min(map(str, unknown))!r}")
        for name, terms in (content.get("words") or {}).items():
            if name in raw:
                raise LexiconError(f"{file}: words: {name}: stands already in {raw[name][0].name}")
            raw[name] = (file, _strings(terms, f"{file}: words: {name}"))

    def expand(name: str, via: tuple[str, ...]) -> Iterator[str]:
        file, terms = raw[name]
        for term in terms:
            if not term.startswith("+"):
                yield term
            elif term[1:] not in raw or term[1:] in via:
                raise LexiconError(f"{file}: words: {name}: {term} names no list, or itself")
            else:
                yield from expand(term[1:], (*via, term[1:]))

    return {name: tuple(dict.fromkeys(expand(name, (name,)))) for name in raw}


def _entries(
    file: Path,
    content: dict[str, Any],
    language: str,
    words: dict[str, tuple[str, ...]],
    reasons: dict[str, Any],
) -> Iterator[Entry]:
    for number, raw in enumerate(content.get("entries") or (), 1):
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), str):
            raise LexiconError(f"{file}: entry {number}: must be a mapping with an id")
        where = f"{file}: {raw['id']}"
        unknown = raw.keys() - _ENTRY_KEYS
        if unknown:
            raise LexiconError(f"{where}: unknown key {min(map(str, unknown))!r}")
        yield _entry(where, raw, language, words, reasons)


def _entry(
    where: str, raw: dict[str, Any], language: str, words: dict[str, tuple[str, ...]], reasons: dict[str, Any]
) -> Entry:
    def slot(value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            if value not in words:
                raise LexiconError(f"{where}: no word list is called {value!r}")
            return words[value]
        return _strings(value, where)

    def slots(key: str) -> tuple[tuple[str, ...], ...]:
        value = raw.get(key, [])
        if not isinstance(value, list):
            raise LexiconError(f"{where}: {key}: must be a list of word lists")
        return tuple(slot(v) for v in value)

    if ("terms" in raw) == ("frame" in raw):
        raise LexiconError(f"{where}: needs either terms or a frame")
    try:
        category, level = Category(str(raw.get("category"))), Level(str(raw.get("level")))
        about = None if raw.get("about") is None else About(raw["about"])
    except ValueError as fault:
        raise LexiconError(f"{where}: {fault}") from fault
    gap = raw.get("gap", str(_DEFAULT_GAP.get(language, _OTHER_GAP)))
    across = raw.get("across", "clause")
    if not isinstance(gap, str) or not gap.isdecimal() or across not in _ACROSS:
        raise LexiconError(f"{where}: gap is a number of characters, across one of {', '.join(_ACROSS)}")
    if raw.get("negation", "heeded") not in ("heeded", "ignored"):
        raise LexiconError(f"{where}: negation is heeded or ignored")
    if raw.get("reason") not in reasons:
        raise LexiconError(f"{where}: the reason {raw.get('reason')!r} is not in reasons.yml")
    return Entry(
        id=raw["id"],
        language=language,
        category=category,
        level=level,
        slots=(_strings(raw["terms"], where),) if "terms" in raw else slots("frame"),
        gap=int(gap),
        across=across,
        together=slots("with"),
        unless=slots("unless"),
        not_after=slots("not_after"),
        about=about,
        negatable=raw.get("negation") != "ignored",
        reason=raw["reason"],
        hits=_strings(raw.get("hits"), f"{where}: hits"),
        misses=_strings(raw.get("misses"), f"{where}: misses"),
    )


def _characters(file: Path) -> dict[str, str]:
    """Pairs of one traditional and one simplified character, written as ``simplified: "traditional forms"``."""
    pairs: dict[str, str] = {}
    for simplified, forms in _mapping(file).items():
        if not isinstance(simplified, str) or len(simplified) != 1 or not isinstance(forms, str):
            raise LexiconError(f"{file}: {simplified}: must be one character and the forms that fold to it")
        for form in forms:
            pairs[form] = simplified
    return pairs

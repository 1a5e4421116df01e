"""Folds a text for matching, and remembers where each folded character came from.

Folding undoes what hides a word from a plain comparison: width, case, marks, invisible characters, traditional
forms, separators put between characters, characters held down. It must never raise, whatever the text, takes time
linear in its length, and looks at nothing but the text.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_CJK = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LOOSE = " \t.\u00b7\u2022\u30fb*\\-_/|~^+=#'\"`\u3001\u2026\u2014\u2013\u2600-\u27bf\U0001f000-\U0001faff"
"""Characters that people put between two Chinese characters to hide a word, or instead of punctuation."""
_FIRM = ",\u3002!?;:\n"
"""Punctuation that ends a clause; it is only stepped over between characters that each stand alone."""

_CJK_RUN = re.compile(f"[{_CJK}]+")
_LOOSE_GAP = re.compile(f"[{_LOOSE}]+")
_ANY_GAP = re.compile(f"[{_LOOSE}{_FIRM}]+")
_BETWEEN_CJK = re.compile(f"[{_LOOSE}](?=[{_CJK}])|[{_FIRM}][{_CJK}](?![{_CJK}])")
_REPEAT = re.compile(r"([^\W\d_])\1\1+")
_SPELT_OUT = re.compile(r"(?<![a-z0-9])[a-z](?:[ .\-_*][a-z]){2,}(?![a-z0-9])")
_SPACES = re.compile(r"[ \t]{2,}")
_WORD = re.compile(r"[a-z']+")

_ONE_TO_ONE = {
    "\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00b4": "'",
    "\u201c": '"', "\u201d": '"', "\u2026": "\u2026", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\t": " ",
}  # fmt: skip
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that Unicode calls letters or symbols and fonts draw as nothing."""
_DROPPED = frozenset(("Mn", "Me", "Cf"))

_IRREGULAR = "\ufdd0"
"""A noncharacter: stands in the quick pass for whatever does not fold to exactly one character."""
_KEPT_BELOW = 0x10000
"""Only folds of the basic plane are remembered, so that no text can grow the table without bound."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text.

    ``offsets[i]`` is where the folded character ``i`` stands in the text as sent (``None``: exactly at ``i``).
    ``breaks`` are the places in the folded text where a dropped separator stood between two phrases: a clause may
    end there, though a word may not.
    """

    text: str
    offsets: Sequence[int] | None
    breaks: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the text as sent behind the folded span ``[start, end)``, which is not empty."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1


class Folder:
    """Folds texts. ``simplified`` maps single characters; ``is_word`` says whether a Latin word is known."""

    def __init__(self, simplified: Mapping[str, str], is_word: Callable[[str], bool]) -> None:
        self._simplified = dict(simplified)
        self._is_word = is_word
        self._table = _Table(self._fold)
        for code in (*range(0x250), *range(0x2000, 0x2070), *range(0x3000, 0xA000), *range(0xFF00, 0xFFF0)):
            self._table.at(code)

    def fold(self, text: str) -> Folded:
        """Fold ``text``, of any length and content."""
        offsets: Sequence[int] | None = None
        folded = text.translate(self._table)
        if _IRREGULAR in folded:
            folded, offsets = self._spell_out(text)
        return self._squeeze(folded, offsets)

    def word(self, text: str) -> str:
        """A lexicon term in the form that folded texts have, its separators left alone."""
        return "".join(self._fold(ord(character)) for character in text)

    def _fold(self, code: int) -> str:
        """What one character folds to: usually one character, nothing for a mark, several for a ligature."""
        character = chr(code)
        if character in _ONE_TO_ONE:
            return _ONE_TO_ONE[character]
        if character in _INVISIBLE or (character < " " and character != "\n"):
            return ""
        parts = unicodedata.normalize("NFKD", character).casefold()
        kept = "".join(
            " " if part.isspace() and part != "\n" else self._simplified.get(part, part)
            for part in parts
            if unicodedata.category(part) not in _DROPPED
        )
        return kept

    def _spell_out(self, text: str) -> tuple[str, list[int]]:
        """The long way round, for texts in which a character folds to none or several."""
        pieces: list[str] = []
        offsets: list[int] = []
        for index, character in enumerate(text):
            piece = self._table.at(ord(character))
            if piece == _IRREGULAR:
                piece = self._fold(ord(character))
            pieces.append(piece)
            offsets.extend([index] * len(piece))
        return "".join(pieces), offsets

    def _squeeze(self, text: str, offsets: Sequence[int] | None) -> Folded:
        """Cut separators and repeats out of a text whose characters are folded."""
        cuts: list[tuple[int, int]] = []
        breaks: list[int] = []
        if not text.isascii() and _BETWEEN_CJK.search(text):
            _cut_between_cjk(text, cuts, breaks)
        for repeat in _REPEAT.finditer(text):
            start, end = repeat.span()
            cuts.append((start + (2 if self._is_doubled(text, start, end) else 1), end))
        for spelt in _SPELT_OUT.finditer(text):
            cuts.extend((at, at + 1) for at in range(spelt.start() + 1, spelt.end(), 2))
        cuts.extend((spaces.start() + 1, spaces.end()) for spaces in _SPACES.finditer(text))
        if not cuts:
            return Folded(text, offsets, tuple(breaks))
        return _apply(text, offsets, cuts, breaks)

    def _is_doubled(self, text: str, start: int, end: int) -> bool:
        """Whether the word around a repeated letter is a known one when the letter is written twice."""
        if text[start] > "z":
            return False
        before, after = start, end
        while before > 0 and start - before < 24 and "a" <= text[before - 1] <= "z":
            before -= 1
        while after < len(text) and after - end < 24 and "a" <= text[after] <= "z":
            after += 1
        return self._is_word(text[before : start + 2] + text[end:after])


class _Table(dict[int, str]):
    """A translation table for :meth:`str.translate` that works out each character the first time it meets it."""

    def __init__(self, fold: Callable[[int], str]) -> None:
        super().__init__()
        self._fold = fold

    def at(self, code: int) -> str:
        return self[code]

    def __missing__(self, code: int) -> str:
        folded = self._fold(code)
        if len(folded) != 1:
            folded = _IRREGULAR
        if code < _KEPT_BELOW:
            self[code] = folded
        return folded


def _cut_between_cjk(text: str, cuts: list[tuple[int, int]], breaks: list[int]) -> None:
    """Rejoin Chinese characters across separators; phrases of two and more keep a break between them."""
    runs = [match.span() for match in _CJK_RUN.finditer(text)]
    for (left, end), (start, right) in itertools.pairwise(runs):
        alone = end - left == 1 and right - start == 1
        if (_ANY_GAP if alone else _LOOSE_GAP).fullmatch(text, end, start):
            cuts.append((end, start))
            if end - left > 1 and right - start > 1:
                breaks.append(end)


def _apply(
    text: str, offsets: Sequence[int] | None, cuts: list[tuple[int, int]], breaks: list[int]
) -> Folded:
    """Take the cuts out of the text, and carry offsets and breaks over."""
    cuts.sort()
    pieces: list[str] = []
    kept: list[int] = []
    moved: list[int] = []
    waiting = iter(breaks)
    due = next(waiting, None)
    at = 0
    for start, end in [*cuts, (len(text), len(text))]:
        if start > at:
            pieces.append(text[at:start])
            kept.extend(range(at, start))
        while due is not None and due <= start:
            moved.append(len(kept))
            due = next(waiting, None)
        at = max(at, end)
    if offsets is not None:
        kept = [offsets[index] for index in kept]
    return Folded("".join(pieces), kept, tuple(moved))

"""Finds the lexicon's terms in a folded text with one automaton, and puts them together into rules' matches.

Knows words, order and distance; what a match means (whose it is, denied, how grave) is decided elsewhere. Nothing
here may take more than linear time in the text, times a constant of the lexicon.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import NamedTuple

import ahocorasick

from bot.screening.lexicon import Entry, Lexicon, LexiconError
from bot.screening.normalise import Folded, Folder

_CLAUSE_END = re.compile(r"[,.\u3002!?;:\n\u2026()\"]")
_SENTENCE_END = re.compile(r"[.\u3002!?\n]")


class Hit(NamedTuple):
    """A term that stands in the folded text: half-open, with the slots it can fill as bits."""

    start: int
    end: int
    bits: int


@dataclass(frozen=True, slots=True)
class Match:
    """A rule whose slots are filled: ``pieces`` are the folded spans of its slots, in order."""

    entry: Entry
    pieces: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """Where the first slot starts, in the folded text."""
        return self.pieces[0][0]

    @property
    def end(self) -> int:
        """Where the last slot ends, in the folded text."""
        return self.pieces[-1][1]


@dataclass(frozen=True, slots=True)
class _Rule:
    entry: Entry
    slots: tuple[int, ...]
    together: tuple[int, ...]
    unless: tuple[int, ...]
    not_after: tuple[int, ...]
    needs: int


def _end(hit: Hit) -> int:
    return hit[1]


class Findings:
    """The hits of one text: asked for by slot, cut into clauses and sentences."""

    def __init__(self, folded: Folded, hits: Sequence[Hit]) -> None:
        self.text = folded.text
        self.hits = hits
        self._breaks = folded.breaks
        self._ends: dict[str, list[int]] = {"message": []}
        self._of: dict[int, list[Hit]] = {}
        self._units: dict[tuple[int, str], set[int]] = {}

    def of(self, bit: int) -> list[Hit]:
        """The hits that fill a slot, by their end, then by their start."""
        found = self._of.get(bit)
        if found is None:
            found = self._of[bit] = [hit for hit in self.hits if hit[2] & bit]
        return found

    def count_between(self, bit: int, pieces: Sequence[tuple[int, int]]) -> int:
        """How many hits of a slot stand between a match's pieces, those that overlap counted once."""
        count = 0
        hits = self.of(bit)
        for (_, start), (end, _) in pairwise(pieces):
            free = start
            for index in range(bisect_right(hits, start, key=_end), len(hits)):
                hit = hits[index]
                if hit[1] > end:
                    break
                if hit[0] >= free:
                    count += 1
                    free = hit[1]
        return count

    def last_before(self, bit: int, position: int) -> Hit | None:
        """The hit of a slot that ends last at or before a position; the longest of those that end together."""
        hits = self.of(bit)
        index = bisect_right(hits, position, key=_end) - 1
        if index < 0:
            return None
        nearest = hits[index]
        while index > 0 and hits[index - 1][1] == nearest[1]:
            index -= 1
            nearest = min(nearest, hits[index])
        return nearest

    def first_inside(self, bit: int, start: int, end: int) -> Hit | None:
        """The first hit of a slot inside ``[start, end)``."""
        hits = self.of(bit)
        for index in range(bisect_right(hits, start, key=_end), len(hits)):
            hit = hits[index]
            if hit[1] > end:
                return None
            if hit[0] >= start:
                return hit
        return None

    def unit(self, across: str, position: int) -> int:
        """The number of the clause, sentence or message that a folded position stands in."""
        return bisect_right(self._bounds(across), position)

    def unit_start(self, across: str, position: int) -> int:
        """Where that unit starts."""
        index = self.unit(across, position)
        return self._bounds(across)[index - 1] if index else 0

    def in_unit(self, bit: int, across: str, position: int) -> bool:
        """Whether a slot is filled anywhere in the unit around a position."""
        units = self._units.get((bit, across))
        if units is None:
            units = self._units[bit, across] = {self.unit(across, hit[0]) for hit in self.of(bit)}
        return self.unit(across, position) in units

    def earlier_in_sentence(self, bit: int, position: int) -> bool:
        """Whether a slot is filled before a position, in its sentence."""
        hit = self.last_before(bit, position)
        return hit is not None and hit[0] >= self.unit_start("sentence", position)

    def _bounds(self, across: str) -> list[int]:
        bounds = self._ends.get(across)
        if bounds is None:
            pattern = _CLAUSE_END if across == "clause" else _SENTENCE_END
            bounds = [match.end() for match in pattern.finditer(self.text)]
            if across == "clause" and self._breaks:
                bounds = sorted({*bounds, *self._breaks})
            self._ends[across] = bounds
        return bounds


class Matcher:
    """The compiled lexicon. Immutable after it is made, so any number of threads may use one."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._bits: dict[tuple[str, ...], int] = {}
        terms: dict[str, int] = {}
        latin: set[str] = set()
        self.folder = Folder(lexicon.simplified, latin.__contains__)
        self.roles: dict[str, int] = {}
        for lists in lexicon.roles.values():
            for role, words in lists.items():
                if role == "negation_filler":  # only ever asked for right behind a "not": see decide.py
                    continue
                self.roles.setdefault(role, 1 << len(self.roles))
                self._add(terms, words, self.roles[role])
        self._shift = len(self.roles)
        self._rules = [self._compile(entry, terms) for entry in lexicon.entries]
        self._automaton = ahocorasick.Automaton()
        for term, bits in terms.items():
            bounded = (_is_word_character(term[0]), _is_word_character(term[-1]))
            self._automaton.add_word(term, (len(term), bits, bounded[0], bounded[1]))
            latin.update(re.findall(r"[a-z]+", term))
        self._automaton.make_automaton()
        self._candidates = lru_cache(maxsize=8192)(self._find_candidates)

    def find(self, text: str) -> tuple[Folded, Findings, list[Match]] | None:
        """Every rule's matches in ``text``, or ``None`` when there is none (the usual case, and the quick one)."""
        folded = self.folder.fold(text)
        plain = folded.text
        raw = list(self._automaton.iter(plain))
        present = 0
        for _, value in raw:
            present |= value[1]
        candidates = self._candidates(present)
        if not candidates:
            return None
        findings = Findings(folded, self._swallow(_whole_words(plain, raw)))
        present = 0
        for hit in findings.hits:
            present |= hit[2]
        matches = [match for rule in self._candidates(present) for match in _matches(rule, findings)]
        return (folded, findings, matches) if matches else None

    def _find_candidates(self, present: int) -> tuple[_Rule, ...]:
        return tuple(rule for rule in self._rules if rule.needs & present == rule.needs)

    def _swallow(self, hits: list[Hit]) -> list[Hit]:
        """Drop the hits that stand inside a longer harmless phrase: the "die" in "die laughing"."""
        harmless = self.roles["harmless"]
        masks = sorted(hit for hit in hits if hit[2] & harmless)
        if not masks:
            return hits
        whole = {(mask[0], mask[1]) for mask in masks}
        starts = [mask[0] for mask in masks]
        reach: list[int] = []
        furthest = 0
        for mask in masks:
            furthest = max(furthest, mask[1])
            reach.append(furthest)
        kept = []
        for hit in hits:
            index = bisect_right(starts, hit[0]) - 1
            if index < 0 or reach[index] < hit[1] or (hit[0], hit[1]) in whole:
                kept.append(hit)
        return kept

    def _compile(self, entry: Entry, terms: dict[str, int]) -> _Rule:
        def bits(slots: Iterable[tuple[str, ...]]) -> tuple[int, ...]:
            return tuple(self._bit(slot, terms) for slot in slots)

        slots, together = bits(entry.slots), bits(entry.together)
        needs = 0
        for bit in (*slots, *together):
            needs |= bit
        return _Rule(entry, slots, together, bits(entry.unless), bits(entry.not_after), needs)

    def _bit(self, words: tuple[str, ...], terms: dict[str, int]) -> int:
        bit = self._bits.get(words)
        if bit is None:
            bit = self._bits[words] = 1 << (self._shift + len(self._bits))
            self._add(terms, words, bit)
        return bit

    def _add(self, terms: dict[str, int], words: Iterable[str], bit: int) -> None:
        for word in words:
            for term in _forms(self.folder.word(word)):
                if not term.strip():
                    raise LexiconError(f"the term {word!r} is empty once it is folded")
                terms[term] = terms.get(term, 0) | bit


def _forms(term: str) -> Iterable[str]:
    """The ways in which a term is written: ``#`` is any digit; apostrophes and inner spaces get lost."""
    digits = ["".join(d) for d in product("0123456789", repeat=term.count("#"))]
    for number in digits:
        figures = iter(number)
        form = "".join(next(figures) if character == "#" else character for character in term)
        yield form
        if "'" in form:
            yield form.replace("'", "")
            yield form.replace("'", " ")
        compact = form.replace(" ", "").replace("'", "")
        if form.isascii() and " " in form and len(compact) >= 8:
            yield compact


def _is_word_character(character: str) -> bool:
    """Whether a term that starts or ends with this must stand at a word's edge: scripts that write spaces."""
    return character.isalnum() and character < "\u2e80"


def _whole_words(text: str, raw: list[tuple[int, tuple[int, int, bool, bool]]]) -> list[Hit]:
    """The automaton's hits, without those that are only part of a word."""
    hits = []
    last = len(text) - 1
    for end, (length, bits, left, right) in raw:
        start = end + 1 - length
        if left and start and _is_word_character(text[start - 1]):
            continue
        if right and end < last and _is_word_character(text[end + 1]):
            continue
        hits.append(Hit(start, end + 1, bits))
    return hits


def _matches(rule: _Rule, findings: Findings) -> list[Match]:
    """The rule's matches, the tightest ones, longest first where several start together."""
    across = rule.entry.across
    chains: list[tuple[tuple[int, int], ...]] = [((hit[0], hit[1]),) for hit in findings.of(rule.slots[0])]
    for bit in rule.slots[1:]:
        chains.sort(key=lambda chain: (chain[-1][1], chain[0][0]))
        ends = [chain[-1][1] for chain in chains]
        longer = []
        for hit in findings.of(bit):
            index = bisect_right(ends, hit[0]) - 1
            if (
                index >= 0
                and hit[0] - ends[index] <= rule.entry.gap
                and findings.unit(across, ends[index] - 1) == findings.unit(across, hit[0])
            ):
                longer.append((*chains[index], (hit[0], hit[1])))
        chains = longer
        if not chains:
            return []
    chains.sort(key=lambda chain: (chain[0][0], -chain[-1][1]))
    matches: list[Match] = []
    end = -1
    for chain in chains:
        if chain[-1][1] <= end:
            continue
        if any(not findings.in_unit(bit, across, chain[0][0]) for bit in rule.together):
            continue
        if any(findings.in_unit(bit, "sentence", chain[0][0]) for bit in rule.unless):
            continue
        if any(findings.earlier_in_sentence(bit, chain[-1][0]) for bit in rule.not_after):
            continue
        end = chain[-1][1]
        matches.append(Match(rule.entry, chain))
    return matches

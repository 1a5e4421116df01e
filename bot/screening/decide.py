"""Decides what matches mean: denied or not, whose danger, how grave; and makes the assessment.

A denial only cancels the words it belongs to; it never lowers what else the text says. Where a text can be read
both ways, the graver reading is kept: a person looks at it (design.md, "Levels").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.screening.assessment import NOTHING, Assessment, Span
from bot.screening.lexicon import Lexicon
from bot.screening.match import Findings, Hit, Match, Matcher
from bot.screening.normalise import Folded
from data.kinds import About, Category, Level

_BASE_SCORE = {
    Level.NONE: 0.05,
    Level.LOW: 0.25,
    Level.MODERATE: 0.5,
    Level.HIGH: 0.7,
    Level.IMMINENT: 0.9,
}
_STEP, _MOST_STEPS = 0.03, 3
"""Each further rule that agrees adds a little, never enough to reach the next level's score."""
_YOU_REACH = 3
_NOT_REACH = 40
_DENIED_AFTER = 10
_MOST_DENIALS = 4
"""How far, in folded characters, a "you" or a "not" stands before, and a denial ends after, what it belongs to;
and how many are counted."""
_MOST_SPANS = 24


@dataclass(frozen=True, slots=True)
class _Finding:
    match: Match
    about: About


class Decider:
    """Reads the role lists of the lexicon into what the decision asks for."""

    def __init__(self, lexicon: Lexicon, matcher: Matcher) -> None:
        self._roles = matcher.roles
        fillers = {
            matcher.folder.word(w) for roles in lexicon.roles.values() for w in roles["negation_filler"]
        }
        longest_first = sorted(fillers, key=lambda word: (-len(word), word))
        self._filler = re.compile(f"(?:{'|'.join(map(re.escape, longest_first))}| )*+")

    def decide(self, folded: Folded, findings: Findings, matches: list[Match]) -> Assessment:
        """The assessment of a text in which ``matches`` were found."""
        found = []
        for match in matches:
            if match.entry.negatable and self._is_denied(findings, match):
                continue
            about = self._about(findings, match)
            if about is not About.NONE:
                found.append(_Finding(match, about))
        return _assess(folded, found) if found else NOTHING

    def _is_denied(self, findings: Findings, match: Match) -> bool:
        """Whether an odd number of "not" belongs to the match: in front of it, or between its parts."""
        negation = self._roles["negation"]
        clause = findings.unit_start("clause", match.start)
        denials = findings.count_between(negation, match.pieces)
        edge = match.start
        while denials < _MOST_DENIALS:
            hit = findings.last_before(negation, edge)
            if hit is None or hit[0] < clause or edge - hit[1] > _NOT_REACH:
                break
            if not self._filler.fullmatch(findings.text, hit[1], edge):
                break
            denials += 1
            edge = hit[0]
        after = findings.first_inside(self._roles["denied_after"], match.end, match.end + _DENIED_AFTER)
        return (denials + (after is not None)) % 2 == 1

    def _about(self, findings: Findings, match: Match) -> About:
        """Whose danger a match speaks of; ``none`` when it is told to the reader, or a story."""
        own = self._before(findings, "self", match)
        you = self._before(findings, "you", match)
        begun = match.entry.category is Category.ATTEMPT  # "告诉你，药都吃了": never set aside for a "you"
        if you and not begun and match.start - you[1] <= _YOU_REACH and (not own or own[1] <= you[1]):
            return About.NONE
        if not own and findings.in_unit(self._roles["story"], "clause", match.start):
            return About.NONE
        if match.entry.about is not None:
            return match.entry.about
        other = self._before(findings, "other", match)
        if not own and not other:
            own = self._inside(findings, "self", match)
            other = self._inside(findings, "other", match)
        if other and (not own or (other[1], -other[0]) > (own[1], -own[0])):
            return About.SELF if self._is_apart(findings, other, match) else About.OTHER
        return About.OTHER if not own and self._is_reported(findings, match) else About.SELF

    def _before(self, findings: Findings, role: str, match: Match) -> Hit | None:
        """The nearest subject of a kind before the match, in its clause."""
        hit = findings.last_before(self._roles[role], match.start)
        if hit and findings.unit("clause", hit[0]) == findings.unit("clause", match.start):
            return hit
        return None

    def _inside(self, findings: Findings, role: str, match: Match) -> Hit | None:
        """The first subject of a kind among the match's own words: "今晚她要……"."""
        return findings.first_inside(self._roles[role], match.start, match.end)

    def _is_apart(self, findings: Findings, other: Hit, match: Match) -> bool:
        """Whether the words between turn back to the writer: "他走了不想活了" is not about him."""
        if findings.first_inside(self._roles["says"], other[1], match.start):
            return False
        return findings.first_inside(self._roles["apart"], other[1], match.start) is not None

    def _is_reported(self, findings: Findings, match: Match) -> bool:
        """Whether the clause has no subject but a "says", and the one named last before it is somebody else."""
        if not findings.in_unit(self._roles["says"], "clause", match.start):
            return False
        own = findings.last_before(self._roles["self"], match.start)
        other = findings.last_before(self._roles["other"], match.start)
        return other is not None and (
            own is None or other[1] > own[1] or (other[1] == own[1] and other < own)
        )


def _assess(folded: Folded, found: list[_Finding]) -> Assessment:
    top = max(found, key=lambda f: (f.match.entry.level.rank, f.about is About.SELF))
    level = top.match.entry.level
    categories = {finding.match.entry.category for finding in found}
    if any(finding.about is About.OTHER for finding in found):
        categories.add(Category.THIRD_PARTY)
    rules = {finding.match.entry.id for finding in found}
    score = _BASE_SCORE[level] + _STEP * min(len(rules) - 1, _MOST_STEPS)
    return Assessment(
        level=level,
        score=round(score, 2),
        about=top.about,
        categories=tuple(category for category in Category if category in categories),
        spans=_spans(folded, found),
    )


def _spans(folded: Folded, found: list[_Finding]) -> tuple[Span, ...]:
    """The words to show: the gravest first when there are many, none that lies inside a graver one."""
    kept: list[Match] = []
    for match in sorted((f.match for f in found), key=lambda m: (-m.entry.level.rank, m.start, -m.end)):
        if len(kept) == _MOST_SPANS:
            break
        if not any(other.start <= match.start and match.end <= other.end for other in kept):
            kept.append(match)
    spans = []
    for match in kept:
        start, end = folded.span(match.start, match.end)
        spans.append(Span(start, end, match.entry.id, match.entry.reason))
    return tuple(sorted(spans, key=lambda span: (span.start, span.end)))

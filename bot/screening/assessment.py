"""What screening says of one text: level, whose danger, categories, and the words it rests on.

Frozen values that carry no text. The reason of a span is a key of ``data/screening/reasons.yml`` and is written
out only for the person who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.screening.lexicon import load_reasons
from data.kinds import About, Category, Level

_READERS = ("zh", "en")
"""Languages that reasons are written in; a reader of any other language gets the last of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words that a rule matched: half-open, in Unicode code points of the text as sent."""

    start: int
    end: int
    rule: str
    """The lexicon entry's id."""
    reason: str
    """A key of the reasons' catalogue."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What screening said of one text.

    ``score`` is 0-1 and rises with the level, so it orders texts; it is no probability. ``level`` may be ``none``
    while ``categories`` is not empty: violence suffered or voices heard are answered though the table of levels
    does not grade them. ``spans`` are ordered by start.
    """

    level: Level
    score: float
    about: About
    categories: tuple[Category, ...]
    spans: tuple[Span, ...]

    def payload(self, language: str = "en") -> dict[str, Any]:
        """The assessment as the wire contract has it, each reason a sentence in ``language`` (zh or en)."""
        reasons = _reasons()
        reader = language.partition("-")[0].lower()
        reader = reader if reader in _READERS else _READERS[-1]
        return {
            "level": self.level.value,
            "score": self.score,
            "about": self.about.value,
            "categories": [category.value for category in self.categories],
            "spans": [
                {"start": s.start, "end": s.end, "rule": s.rule, "reason": reasons[s.reason][reader]}
                for s in self.spans
            ],
        }


NOTHING = Assessment(Level.NONE, 0.0, About.NONE, (), ())
"""No sign of danger; shared, so that the common case costs no allocation."""


@cache
def _reasons() -> dict[str, dict[str, str]]:
    return load_reasons()

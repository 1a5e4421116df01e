"""Screens one text: normalise, match, decide. Pure: no clock, no network, nothing remembered of any text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.screening.assessment import NOTHING, Assessment
from bot.screening.decide import Decider
from bot.screening.lexicon import Lexicon, load_lexicon
from bot.screening.match import Matcher


class Screener:
    """A lexicon made ready to screen with. Safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._matcher = Matcher(lexicon)
        self._decider = Decider(lexicon, self._matcher)

    def screen(self, text: str, language: str | None = None) -> Assessment:
        """Assess ``text`` (any Unicode string).

        ``language`` is what the visitor's page is set to. It narrows nothing: people in distress change language
        half-way, so every language's rules read every text.
        """
        found = self._matcher.find(text)
        return NOTHING if found is None else self._decider.decide(*found)


@cache
def load_screener(path: Path | None = None) -> Screener:
    """The screener over the lexicon in ``path``, the project's own by default; made once for each path.

    Raises :class:`bot.screening.lexicon.LexiconError`, which names the file and the entry, for bad content.
    """
    return Screener(load_lexicon(path))

"""The terms a desk runs under: everything fixed that its commands need, handed in once by ``build_app``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.desk.hours import DeskState, Hours, desk_at
from bot.facts import Answer
from bot.screening import Assessment


class Words(Protocol):
    """Finds a sentence of the station's own by its key, in the reader's language."""

    def __call__(self, key: str, language: str, **values: str) -> str:
        """The sentence with its values filled in."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Hours, deadlines, how long things are kept, and the screening and words that commands use."""

    hours: Hours
    screen: Callable[[str, str | None], Assessment]
    words: Words
    greet: Callable[[str, datetime], Answer]
    """The bot's first words in a language, at a moment: they say whether anybody is there."""
    keep: timedelta = timedelta(days=180)
    """How long conversations stay after they were written."""
    keep_cases: timedelta = timedelta(days=1095)
    offer: timedelta = timedelta(seconds=20)
    vanish: timedelta = timedelta(seconds=60)
    """A counsellor unheard for this long is gone."""
    present: timedelta = timedelta(seconds=30)
    """Somebody heard within this time is at their screen."""
    empty: timedelta = timedelta(seconds=120)
    """A desk with nobody present for this long is empty, and says so to those who wait."""
    lapse: timedelta = timedelta(hours=24)
    """A talk with the bot that nobody has touched for this long is closed."""
    reopen: timedelta = timedelta(hours=1)
    """Who returns within this time after the end sees the closed conversation, later a new one."""

    def desk(self, now: datetime) -> DeskState:
        """Whether the desk is open at ``now``, and when that changes."""
        return desk_at(self.hours, now)

    def name(self, by: str, language: str) -> str:
        """How a voice that is not a person is called in a language."""
        return NAMES[by].get(language, NAMES[by]["en"])


NAMES = {
    "visitor": {"zh": "访客", "en": "Visitor"},
    "bot": {"zh": "能量站机器人", "en": "Station bot"},
    "system": {"zh": "能量站", "en": "Energy station"},
}

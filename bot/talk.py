"""What both voices need to know of the talk so far. Pure; the history is what we keep, newest last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.facts import Line
from data.kinds import By

History = Sequence[tuple[By, str]]

RECENT = 3
"""A line is not said again while it stands among the bot's last so many."""


def before(history: History, text: str) -> History:
    """Return what was said before ``text``, also when the caller has already put it into the history."""
    if history and history[-1] == (By.VISITOR, text):
        return history[:-1]
    return history


def said(history: History) -> list[str]:
    """Return the bot's own lines, oldest first."""
    return [text for by, text in history if by is By.BOT]


def fresh(variants: Sequence[str], history: History) -> str:
    """Return the variant said longest ago, those never said first. Never the last line, given two to choose from."""
    lines = said(history)
    age = {text: index for index, text in enumerate(lines)}
    return min(variants, key=lambda text: age.get(text, -1))


def not_recent(lines: Iterable[Line], history: History) -> tuple[Line, ...]:
    """Return those lines that are not among the bot's last few. May be empty."""
    recent = set(said(history)[-RECENT:])
    kept: list[Line] = []
    for line in lines:
        if line.text not in recent:
            kept.append(line)
            recent.add(line.text)
    return tuple(kept)

"""Reads a history of what was sent and acknowledged against what the record holds afterwards, and says what is wrong.

A pure function over values; knows no socket, no clock and no database.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stored:
    """One message of a conversation as the station gives it back."""

    seq: int
    id: str
    text: str
    by: str = "visitor"


@dataclass
class Sent:
    """What became of one message: asked, and then either acknowledged with a number, or unknown."""

    id: str
    text: str
    acknowledged: int | None = None
    """The ``seq`` of its acknowledgement. None: the answer never came, so it may be in the record or not."""


@dataclass
class History:
    """One visitor's messages in the order in which they were first asked for."""

    sent: list[Sent] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)

    def ask(self, id: str, text: str) -> None:
        """This message leaves for the first time."""
        self.sent.append(Sent(id, text))

    def acknowledge(self, id: str, seq: int) -> None:
        """The station said that it has this message, as this number. Saying two numbers is a fault of its own."""
        message = next(message for message in self.sent if message.id == id)
        if message.acknowledged not in (None, seq):
            self.contradictions.append(f"{id} was acknowledged as {message.acknowledged} and as {seq}")
        message.acknowledged = seq


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong; all zero when nothing is. The words say where."""

    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    gaps: int = 0
    foreign: int = 0
    contradicted: int = 0
    words: tuple[str, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.out_of_order + other.out_of_order,
            self.gaps + other.gaps,
            self.foreign + other.foreign,
            self.contradicted + other.contradicted,
            self.words + other.words,
        )

    @property
    def none(self) -> bool:
        """Whether nothing is wrong."""
        return self == Findings()


def check(history: History, stored: Sequence[Stored]) -> Findings:
    """What is wrong with one visitor's conversation, given as the record holds it.

    Every acknowledged message must be there once, under its number and with its words; one that was never
    acknowledged may be there once or not at all. The visitor's messages stand in the order in which they were asked
    for, nothing stands there that nobody asked for, and the numbers are 1, 2, 3 … whoever spoke.
    """
    asked = {message.id: place for place, message in enumerate(history.sent)}
    own = [message for message in stored if message.by == "visitor"]
    times = Counter(message.id for message in own)
    words: list[str] = list(history.contradictions)
    lost = _lost(history, own, words)
    doubled = [id for id, count in times.items() if count > 1]
    words += [f"{id} is stored {times[id]} times" for id in doubled]
    foreign = [message for message in own if message.id not in asked]
    words += [f"{message.id} was never asked for" for message in foreign]
    places = [asked[message.id] for message in own if message.id in asked]
    backwards = [(a, b) for a, b in itertools.pairwise(places) if b < a]
    words += [f"{history.sent[b].id} stands after {history.sent[a].id}" for a, b in backwards]
    numbers = [message.seq for message in stored]
    gaps = sum(number != place for place, number in enumerate(numbers, 1))
    if gaps:
        words.append(f"the numbers are {numbers}")
    return Findings(
        len(lost),
        len(doubled),
        len(backwards),
        gaps,
        len(foreign),
        len(history.contradictions),
        tuple(words),
    )


def check_all(pairs: Iterable[tuple[History, Sequence[Stored]]]) -> Findings:
    """The findings over many visitors together."""
    return sum((check(history, stored) for history, stored in pairs), Findings())


def _lost(history: History, own: Sequence[Stored], words: list[str]) -> list[str]:
    there = {(message.id, message.seq, message.text) for message in own}
    lost = [
        message.id
        for message in history.sent
        if message.acknowledged is not None and (message.id, message.acknowledged, message.text) not in there
    ]
    words += [f"{id} was acknowledged and is not there as it was" for id in lost]
    return lost

"""The order in which those who wait are served: by level, then by waiting time, with ageing so that nobody starves.

Must never: lift anybody to ``high`` by waiting alone (the crisis lane is for danger that was said), or forget time:
somebody handed back, or taken back by the bot overnight, keeps the time they have waited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.kinds import Level

AGEING = timedelta(minutes=10)
"""Every so long waited lifts a visitor one level in the order, up to ``moderate``: within 20 minutes nobody who
came later is served before them unless in danger."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One visitor in the queue.

    ``since`` is the credited start: now minus the time waited in all, so that a hand-back counts what went before.
    """

    conversation: str
    level: Level
    since: datetime
    language: str
    topic: str | None = None


def credited_since(now: datetime, waited: timedelta) -> datetime:
    """The start that a visitor who enters the queue now is given, having ``waited`` before."""
    return now - max(waited, timedelta(0))


def effective_rank(w: Waiting, now: datetime) -> int:
    """The level's rank with ageing: 0 to 4; at most that of ``moderate`` unless the level itself is above."""
    aged = w.level.rank + max(0, (now - w.since) // AGEING)
    return max(w.level.rank, min(aged, Level.MODERATE.rank))


def ordered(waiting: Iterable[Waiting], now: datetime) -> list[Waiting]:
    """The queue, first to be served first. Total: two who are alike in all else stand in the order of their ids."""
    return sorted(waiting, key=lambda w: (-effective_rank(w, now), w.since, w.conversation))


def position(conversation: str, waiting: Iterable[Waiting], now: datetime) -> int:
    """The place of ``conversation`` in the queue, from 1.

    Raises:
        KeyError: it does not wait.
    """
    for place, w in enumerate(ordered(waiting, now), start=1):
        if w.conversation == conversation:
            return place
    raise KeyError(conversation)

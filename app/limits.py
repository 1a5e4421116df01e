"""How often one person may do one thing: an exact sliding window, as a rule without a clock.

Must never: count what it refused (a person who keeps trying is let in as soon as there is room), or decide what is
limited. A limit delays an answer; nothing that somebody in danger wrote may be dropped because of one.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

_RATE = re.compile(r"(\d{1,6})/(\d{1,6})([smh])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class RateError(ValueError):
    """A setting for a rate that cannot be read; its text is a sentence that names the bad part."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` in any ``seconds``."""

    count: int
    seconds: int


def parse_rate(text: str) -> Rate:
    """Read a rate such as ``20/10s``, ``100/5m`` or ``500/1h``.

    Raises:
        RateError: with a sentence that names the text that cannot be read.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or int(match[1]) == 0 or int(match[2]) == 0:
        raise RateError(f"“{text}” is not a rate: write 20/10s for at most twenty in ten seconds.")
    return Rate(int(match[1]), int(match[2]) * _SECONDS[match[3]])


class Window:
    """What one person has done of late, held against a rate. Holds ``rate.count`` moments at most.

    Time is seconds on a clock that never runs back (``time.monotonic``), kept in whole microseconds so that a
    wait of exactly ``retry_after`` is always enough.
    """

    __slots__ = ("_hits", "_span", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._span = rate.seconds * 1_000_000
        self._hits: deque[int] = deque()

    def hit(self, now: float) -> float | None:
        """Count one at ``now`` and return ``None``; or, over the rate, count nothing and return ``retry_after``.

        ``retry_after`` is in seconds, above 0 and at most ``rate.seconds``.
        """
        moment = self._forget(now)
        if len(self._hits) >= self.rate.count:
            return (self._hits[0] + self._span - moment) / 1_000_000
        self._hits.append(moment)
        return None

    def is_idle(self, now: float) -> bool:
        """Whether nothing is held any more, so that the window itself may be forgotten."""
        self._forget(now)
        return not self._hits

    def _forget(self, now: float) -> int:
        moment = round(now * 1_000_000)
        if self._hits:
            moment = max(moment, self._hits[-1])
        while self._hits and self._hits[0] + self._span <= moment:
            self._hits.popleft()
        return moment

"""How long somebody will wait, as honestly as can be said, and whether they can be served before the desk closes.

The model: a slot is one conversation that somebody on duty could hold. Free slots are filled at once. After them a
place comes up whenever one of the ``n`` slots ends a conversation, every ``mean / n`` seconds, so the visitor at the
k-th place beyond the free slots waits about ``k * mean / n``. The mean is that of the recent lengths, drawn towards
a cautious guess while there are few. It errs upwards: always rounded up, and coarser the longer it is.

Must never: give a number that nobody stands behind. With nobody on, or a closing time before it, there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

GUESSED_LENGTH_S = 2400.0
"""Forty minutes: the length of a conversation until the desk has seen its own."""
GUESS_WEIGHT = 4
"""How many conversations the guess counts for among those seen."""
HANDOVER_S = 20.0
"""Seconds that an offer may take to be accepted; the least that anybody waits."""

_STEPS = ((60, 30), (600, 60), (3600, 300), (math.inf, 900))
"""Up to so many seconds, rounded up to so many: half minutes, minutes, five minutes, quarters of an hour."""


def estimate_s(
    position: int,
    free_slots: int,
    busy_slots: int,
    recent_lengths_s: Sequence[float],
    until_close_s: float | None,
) -> int | None:
    """Seconds until the visitor at ``position`` (from 1) is likely served, rounded up; ``None`` when none is true.

    ``free_slots`` and ``busy_slots`` count over everybody on duty, ``recent_lengths_s`` are seconds of recently
    ended conversations, ``until_close_s`` is ``None`` when the desk does not close.
    """
    if free_slots + busy_slots < 1:
        return None
    seconds = _expected_s(position, free_slots, busy_slots, recent_lengths_s)
    if until_close_s is not None and seconds > until_close_s:
        return None
    return _rounded_up(seconds)


def can_be_served(
    position: int,
    free_slots: int,
    busy_slots: int,
    recent_lengths_s: Sequence[float],
    until_close_s: float | None,
) -> bool:
    """Whether a new visitor who would stand at ``position`` is likely served before the desk closes.

    A desk with nobody on counts as one busy slot, as somebody may yet come on; whether such a desk takes visitors
    at all is not asked here. A conversation that has begun is never cut, so its own length does not count.
    """
    if until_close_s is None:
        return True
    if free_slots + busy_slots < 1:
        busy_slots = 1
    return _expected_s(position, free_slots, busy_slots, recent_lengths_s) <= until_close_s


def _expected_s(position: int, free: int, busy: int, lengths: Sequence[float]) -> float:
    mean = (sum(lengths) + GUESS_WEIGHT * GUESSED_LENGTH_S) / (len(lengths) + GUESS_WEIGHT)
    return HANDOVER_S + max(0, position - free) * mean / (free + busy)


def _rounded_up(seconds: float) -> int:
    step = next(step for limit, step in _STEPS if seconds <= limit)
    return math.ceil(seconds / step) * step

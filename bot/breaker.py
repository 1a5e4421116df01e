"""A circuit breaker as values: after some failures in a row nobody waits for a service that does not answer.

Pure: every change returns a new breaker, and ``now`` is an argument (seconds of a monotonic clock).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """What the breaker lets through."""

    CLOSED = "closed"
    """Everything."""
    OPEN = "open"
    """Nothing."""
    HALF_OPEN = "half_open"
    """One request, to see whether the service is back."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed until ``limit`` failures in a row, then open for ``rest_s`` seconds, then one request at a time."""

    limit: int = 3
    rest_s: float = 5.0
    failures: int = 0
    opened_at: float | None = None
    probing: bool = False

    def state(self, now: float) -> State:
        """Return what holds at ``now``."""
        if self.opened_at is None:
            return State.CLOSED
        return State.HALF_OPEN if now - self.opened_at >= self.rest_s else State.OPEN

    def ask(self, now: float) -> tuple[Breaker, bool]:
        """Return whether a request may go out, and the breaker that knows that it did."""
        state = self.state(now)
        if state is State.CLOSED:
            return self, True
        if state is State.OPEN or self.probing:
            return self, False
        return replace(self, probing=True), True

    def succeeded(self) -> Breaker:
        """Return the breaker after an answer: closed, with nothing counted."""
        return Breaker(self.limit, self.rest_s)

    def failed(self, now: float) -> Breaker:
        """Return the breaker after a failure. A request that was let through half-open opens it anew."""
        failures = self.failures + 1
        opens = self.probing or failures >= self.limit
        return replace(self, failures=failures, opened_at=now if opens else self.opened_at, probing=False)

    def abandoned(self) -> Breaker:
        """Return the breaker after a request that nobody waited for: neither good nor bad, but no longer out."""
        return replace(self, probing=False)

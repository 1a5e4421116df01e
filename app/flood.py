"""Limits on how much one visitor writes and how many new visitors one address brings, kept in this process."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from app.limits import Rate, Window
from data.kinds import ErrorCode, Refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REMEMBERED = 10_000  # visitors and addresses; past that the idle visitors, and all addresses, begin anew


EVENTS = Rate(120, 10)
"""Of one visitor's events other than messages."""


class Flood:
    """Counts messages by visitor and arrivals by address. ``now`` is seconds that only go forward."""

    def __init__(self, say: Rate, arrive: Rate, now: Callable[[], float]) -> None:
        self._say = say
        self._arrive = arrive
        self._now = now
        self._visitors: dict[str, Window] = {}
        self._events: dict[str, Window] = {}
        self._addresses: dict[str, Window] = {}

    def message(self, visitor: str, is_crisis: Callable[[], bool]) -> None:
        """Count a message; refuse a flood, but never a cry for help inside it."""
        window = self._visitors.get(visitor)
        if window is None:
            if len(self._visitors) > _REMEMBERED:
                now = self._now()
                self._visitors = {id_: w for id_, w in self._visitors.items() if not w.is_idle(now)}
            window = self._visitors[visitor] = Window(self._say)
        retry_after = window.hit(self._now())
        if retry_after is not None and not is_crisis():
            raise Refusal(
                ErrorCode.RATE_LIMITED, "One moment please, then send this again.", retry_after=retry_after
            )

    def event(self, visitor: str) -> None:
        """Count any other event: far more than a person makes, far less than would keep others waiting."""
        window = self._events.get(visitor)
        if window is None:
            if len(self._events) > _REMEMBERED:
                now = self._now()
                self._events = {id_: w for id_, w in self._events.items() if not w.is_idle(now)}
            window = self._events[visitor] = Window(EVENTS)
        retry_after = window.hit(self._now())
        if retry_after is not None:
            raise Refusal(
                ErrorCode.RATE_LIMITED, "One moment please, then try again.", retry_after=retry_after
            )

    def forget(self, visitor: str) -> None:
        """Their last socket is gone."""
        window = self._visitors.get(visitor)
        if window is not None and window.is_idle(self._now()):
            del self._visitors[visitor]

    def arrival(self, address: Address | None) -> None:
        """Count a new anonymous visitor; the machine itself is not limited."""
        if address is None or address.is_loopback:
            return
        if len(self._addresses) > _REMEMBERED:
            self._addresses.clear()
        window = self._addresses.setdefault(str(address), Window(self._arrive))
        retry_after = window.hit(self._now())
        if retry_after is not None:
            raise Refusal(
                ErrorCode.RATE_LIMITED,
                "Too many new chats from one place at once. Please try again in a moment.",
                retry_after=retry_after,
            )

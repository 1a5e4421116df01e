"""Traffic over live pairs: closed-loop to saturate a server, open-loop at a fixed rate; every message is accounted for.

A lane is one sender's stream in one conversation. What is sent must be acknowledged once, and reach the other end
once and in order; :meth:`Traffic.settled` raises when it does not, so that no figure stands on lost messages.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from scripts.bench.engine import Socket
from scripts.bench.pairs import Message, Pair
from scripts.bench.texts import ordinary

Direction = Literal["visitors", "counsellors", "both"]

_SETTLE_S = 20.0
_runs = itertools.count()


class Unsound(Exception):
    """Messages were lost, doubled, reordered, refused or judged dangerous: the figures of this run mean nothing."""


class Lane:
    """One sender's messages in one conversation. Counts what was sent, acknowledged and received."""

    def __init__(self, socket: Socket, extra: dict[str, str], prefix: str, first_text: int) -> None:
        self.sent = 0
        self.acked = 0
        self.received = 0
        self.wrong: list[str] = []
        self.keep_sending = False
        self.delays: list[float] = []
        """Seconds from due to received, one for each message that was sent with a due time."""
        self._due: dict[str, float] = {}
        self._socket = socket
        self._extra = extra
        self._prefix = prefix
        self._first_text = first_text

    def send(self, due: float | None = None) -> None:
        """Send the next message; ``due`` (perf_counter seconds) starts its clock."""
        message_id = f"{self._prefix}{self.sent}"
        if due is not None:
            self._due[message_id] = due
        payload = {"id": message_id, "text": ordinary(self._first_text + self.sent), **self._extra}
        self.sent += 1
        self._socket.emit("say", payload, self._answered)

    def receive(self, message: Message) -> None:
        """Take a message that reached the other end."""
        message_id = message["id"]
        if message_id != f"{self._prefix}{self.received}":
            self.wrong.append(f"received {message_id} as number {self.received}")
        elif message.get("assessment", {}).get("level", "none") != "none":
            self.wrong.append(
                f"{message_id}, an everyday text, was screened {message['assessment']['level']}"
            )
        self.received += 1
        due = self._due.pop(message_id, None)
        if due is not None:
            self.delays.append(time.perf_counter() - due)

    def _answered(self, answer: Any) -> None:
        if not (isinstance(answer, dict) and answer.get("ok")):
            self.wrong.append(f"acknowledged with {answer}")
            self.keep_sending = False
        self.acked += 1
        if self.keep_sending:
            self.send()


class Traffic:
    """All lanes of one measurement over these pairs. Nothing is sent before it is asked for."""

    def __init__(self, pairs: Sequence[Pair], direction: Direction = "visitors") -> None:
        run = next(_runs)
        self.lanes: list[Lane] = []
        for number, pair in enumerate(pairs):
            if direction != "counsellors":
                lane = Lane(pair.visitor, {}, f"v{run}-{number}-", number * 31)
                pair.to_desk = lane.receive
                self.lanes.append(lane)
            if direction != "visitors":
                extra = {"conversation": pair.conversation}
                lane = Lane(pair.desk, extra, f"d{run}-{number}-", number * 37)
                pair.to_visitor = lane.receive
                self.lanes.append(lane)

    @property
    def sent(self) -> int:
        """Messages sent so far."""
        return sum(lane.sent for lane in self.lanes)

    @property
    def acked(self) -> int:
        """Messages acknowledged so far."""
        return sum(lane.acked for lane in self.lanes)

    @property
    def received(self) -> int:
        """Messages that reached the other end so far."""
        return sum(lane.received for lane in self.lanes)

    def flood(self, window: int) -> None:
        """Keep ``window`` unacknowledged messages under way in every lane until :meth:`settled`."""
        for lane in self.lanes:
            lane.keep_sending = True
            for _ in range(window):
                lane.send()

    async def pace(
        self, rate: float, seconds: float, meanwhile: Callable[[float], None] | None = None
    ) -> None:
        """Send ``rate`` messages a second, spread over the lanes, whatever the answers do.

        A message's clock starts when it is due, not when this side got round to it. ``meanwhile`` is called with
        the seconds gone by. Spins instead of sleeping: a timer's millisecond would be half of what is measured.
        """
        total, done, start = int(rate * seconds), 0, time.perf_counter()
        while done < total:
            gone = time.perf_counter() - start
            while done < total and done / rate <= gone:
                self.lanes[done % len(self.lanes)].send(due=start + done / rate)
                done += 1
            if meanwhile is not None:
                meanwhile(gone)
            await asyncio.sleep(0)

    async def settled(self) -> None:
        """Stop sending and wait for what is under way; raises :class:`Unsound` when the books do not balance."""
        for lane in self.lanes:
            lane.keep_sending = False
        until = time.monotonic() + _SETTLE_S
        while not all(lane.sent == lane.acked == lane.received for lane in self.lanes):
            if time.monotonic() > until:
                raise Unsound(
                    f"{self.sent} sent, {self.acked} acknowledged, {self.received} received; {self._wrong()}"
                )
            await asyncio.sleep(0.005)
        if any(lane.wrong for lane in self.lanes):
            raise Unsound(self._wrong())

    def _wrong(self) -> str:
        return "; ".join(text for lane in self.lanes for text in lane.wrong[:1][:5]) or "nothing else wrong"

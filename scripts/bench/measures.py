"""The measurements: each takes live pairs or a server and returns numbers. Nothing here starts a server or prints."""

from __future__ import annotations

import asyncio
import contextlib
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.bench.engine import Socket
from scripts.bench.pairs import Pair, visitor_socket
from scripts.bench.servers import Server
from scripts.bench.texts import ALARMS, long_text, ordinary
from scripts.bench.traffic import Direction, Traffic, Unsound


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0-1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Flow:
    """What a server carried at saturation."""

    per_s: float
    """Messages a second that reached the other end."""
    cpu_us: float
    """The server's CPU, all threads, in µs for each of them."""
    server_load: float
    """Share of one core that the server used (0-1)."""
    others_load: float
    """Share of the server's core that went to something else (0-1): then no figure here means much."""
    client_load: float
    """Share of one core that the load used: near 1, the figure is the client's and not the server's."""


async def saturate(
    server: Server,
    pairs: Sequence[Pair],
    *,
    window: int,
    warm_s: float,
    measured_s: float,
    direction: Direction,
) -> Flow:
    """Flood the server and count for ``measured_s`` seconds, after ``warm_s`` seconds that do not count."""
    traffic = Traffic(pairs, direction)
    traffic.flood(window)
    await asyncio.sleep(warm_s)
    began, own, count = time.perf_counter(), time.process_time(), traffic.received
    cpu, core = server.cpu_s(), server.core_s()
    await asyncio.sleep(measured_s)
    cpu, core = server.cpu_s() - cpu, server.core_s() - core
    spent, own, count = time.perf_counter() - began, time.process_time() - own, traffic.received - count
    await traffic.settled()
    return Flow(count / spent, cpu / count * 1e6, cpu / spent, max(0.0, core - cpu) / spent, own / spent)


async def delays(pairs: Sequence[Pair], *, rate: float, seconds: float) -> list[float]:
    """Seconds from due to received of each message, at ``rate`` messages a second (open loop)."""
    traffic = Traffic(pairs)
    await traffic.pace(rate, seconds)
    await traffic.settled()
    return [delay for lane in traffic.lanes for delay in lane.delays]


async def resident_settled(server: Server, wait_s: float = 12.0) -> int:
    """Resident memory in bytes once it has moved by less than 0.2 % for a second."""
    until = time.monotonic() + wait_s
    seen = [server.resident()]
    while time.monotonic() < until:
        await asyncio.sleep(0.25)
        seen.append(server.resident())
        last = seen[-5:]
        if len(last) == 5 and max(last) - min(last) < 0.002 * max(last):
            break
    return seen[-1]


async def memory_per_idle(server: Server, open_one: Callable[[int], Awaitable[Socket]], count: int) -> float:
    """Bytes of resident memory for each of ``count`` sockets that are connected and idle.

    A few sockets come and go first, so that what a server makes once is not charged to its visitors.
    """
    for socket in await asyncio.gather(*(open_one(-number) for number in range(1, 21))):
        socket.close()
    before = await resident_settled(server)
    gate = asyncio.Semaphore(32)

    async def open_gated(number: int) -> Socket:
        async with gate:
            return await open_one(number)

    sockets = await asyncio.gather(*(open_gated(number) for number in range(count)))
    try:
        after = await resident_settled(server)
        if any(socket.closed.done() for socket in sockets):
            raise Unsound("idle sockets were closed by the server")
        return (after - before) / count
    finally:
        for socket in sockets:
            socket.close()


async def alarm_delays(
    server: Server, responder: Socket, pairs: Sequence[Pair], *, alarms: int, every_s: float, rate: float
) -> list[float]:
    """Seconds from sending an imminent message to its ``case`` on the responder's socket, one for each alarm.

    Each alarm comes from a visitor of its own, while ``rate`` everyday messages a second flow through ``pairs``.
    """
    visitors = [await visitor_socket(server) for _ in range(alarms)]
    sent: dict[str, float] = {}
    took: dict[str, float] = {}
    refused: list[Any] = []
    over = asyncio.Event()

    def heard(event: str, data: Any) -> None:
        conversation = data.get("conversation") if event == "case" else None
        if conversation in sent and conversation not in took:
            took[conversation] = time.perf_counter() - sent[conversation]
            if len(took) == alarms:
                over.set()

    def answered(answer: Any) -> None:
        if not (isinstance(answer, dict) and answer.get("ok")):
            refused.append(answer)
            over.set()

    def due(gone: float) -> None:
        while len(sent) < alarms and len(sent) * every_s <= gone:
            visitor, conversation = visitors[len(sent)]
            payload = {"id": f"alarm-{len(sent)}", "text": ALARMS[len(sent) % len(ALARMS)]}
            sent[conversation] = time.perf_counter()
            visitor.emit("say", payload, answered)

    responder.heard = heard
    try:
        traffic = Traffic(pairs)
        await traffic.pace(rate, alarms * every_s + 1, meanwhile=due)
        await traffic.settled()
        with contextlib.suppress(TimeoutError):  # what is missing is counted below
            await asyncio.wait_for(over.wait(), 10)
    finally:
        for visitor, _ in visitors:
            visitor.close()
    if len(took) < alarms or refused:
        raise Unsound(f"{len(took)} of {alarms} alarms arrived; refused: {refused[:2]}")
    return list(took.values())


@dataclass(frozen=True)
class ScreeningTimes:
    """µs to screen one message, in process."""

    short_p50: float
    short_p99: float
    long_p50: float
    long_p99: float
    """Of texts of 500 code points."""


def screening_times(screen: Callable[[str], object], count: int) -> ScreeningTimes:
    """Time ``count`` everyday messages and ``count`` texts of 500 code points, one by one."""
    short = [_microseconds(screen, ordinary(number)) for number in range(count)]
    long = [_microseconds(screen, long_text(number, 500)) for number in range(count)]
    return ScreeningTimes(
        statistics.median(short), percentile(short, 0.99), statistics.median(long), percentile(long, 0.99)
    )


def _microseconds(screen: Callable[[str], object], text: str) -> float:
    began = time.perf_counter_ns()
    screen(text)
    return (time.perf_counter_ns() - began) / 1000

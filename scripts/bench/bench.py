"""`make bench`: the station against a bare python-socketio relay, in one run, one core each. Prints a table.

Everything stays on loopback, is bounded in count and time, and is gone when this ends, however it ends.
`docs/benchmarks.md` says what each figure means.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import uvloop

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # started as a file, Python looks for modules in this folder only

from bot.screening import load_screener  # noqa: E402
from scripts.bench import measures, report, servers  # noqa: E402
from scripts.bench.engine import Socket, connect  # noqa: E402
from scripts.bench.pairs import (  # noqa: E402
    NotLive,
    Pair,
    counsellor_emails,
    relay_pairs,
    staff_socket,
    station_pairs,
    visitor_socket,
)
from scripts.bench.report import Row, Section  # noqa: E402
from scripts.bench.servers import Server  # noqa: E402
from scripts.bench.traffic import Direction, Unsound  # noqa: E402

_LIMIT_S = 600.0
_CLIENT_FULL = 0.95
_SERVER_FULL = 0.9
_OTHERS = 0.1


@dataclass(frozen=True)
class Plan:
    """How much of everything a run does."""

    names: tuple[str, ...]
    figures: str
    direction: Direction
    pairs: int
    desks: int
    window: int
    rounds: int
    saturate_s: float
    paced_s: float
    idle: int
    alarms: int
    screenings: int


def _plan(arguments: list[str] | None = None) -> Plan:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it work, not how fast")
    parser.add_argument("--servers", default=",".join(report.SERVERS), help="which to measure: %(default)s")
    parser.add_argument("--figures", default="abcde", help="which figures to measure: %(default)s")
    parser.add_argument(
        "--direction",
        choices=("visitors", "counsellors", "both"),
        default="visitors",
        help="who writes in (a)",
    )
    parser.add_argument("--pairs", type=int, default=100, help="live conversations: %(default)s")
    parser.add_argument("--desks", type=int, default=10, help="counsellor sockets: %(default)s")
    parser.add_argument("--window", type=int, default=4, help="unacknowledged messages a sender: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds: %(default)s")
    given = parser.parse_args(arguments)
    names = tuple(given.servers.split(","))
    if not set(names) <= set(report.SERVERS):
        parser.error(f"--servers takes {', '.join(report.SERVERS)}")
    if given.pairs > 10 * given.desks:
        parser.error("a counsellor holds ten conversations at most: give more --desks")
    long = not given.quick
    return Plan(
        names,
        given.figures,
        given.direction,
        given.pairs,
        given.desks,
        given.window,
        given.rounds if long else 1,
        saturate_s=3.0 if long else 1.0,
        paced_s=4.0 if long else 1.0,
        idle=2000 if long else 200,
        alarms=120 if long else 10,
        screenings=5000 if long else 500,
    )


async def _run(plan: Plan, folder: Path, core: int | None) -> list[Section]:
    sections: list[Section] = []
    if set("abe") & set(plan.figures):
        sections += await _live(plan, folder, core)
    if "c" in plan.figures:
        sections.append(await _memory(plan, folder, core))
    if "d" in plan.figures and "station" in plan.names:
        sections.append(_screening(plan))
    return sorted(sections, key=lambda section: section.title)


async def _live(plan: Plan, folder: Path, core: int | None) -> list[Section]:
    """Figures (a), (b) and (e): the servers stand side by side on their core, and are loaded in turns."""
    async with contextlib.AsyncExitStack() as stack:
        ends: dict[str, tuple[Server, list[Pair]]] = {}
        for name in plan.names:
            _say(f"starting {name}: {plan.pairs} live pairs")
            ends[name] = await stack.enter_async_context(_pairs(name, plan, folder, core))
        sections = []
        if "a" in plan.figures:
            sections.append(await _throughput(plan, ends))
        if "b" in plan.figures:
            sections.append(await _latency(plan, ends))
        if "e" in plan.figures and "station" in ends:
            sections.append(await _alarm(plan, *ends["station"]))
        return sections


@contextlib.asynccontextmanager
async def _pairs(
    name: str, plan: Plan, folder: Path, core: int | None
) -> AsyncIterator[tuple[Server, list[Pair]]]:
    if name == "station":
        emails = counsellor_emails(plan.desks)
        async with (
            servers.station(folder, core, counsellors=emails) as server,
            station_pairs(server, plan.pairs, emails) as pairs,
        ):
            yield server, pairs
    else:
        async with (
            servers.relay(folder, core, tuned=name == "tuned") as server,
            relay_pairs(server, plan.pairs, plan.desks) as pairs,
        ):
            yield server, pairs


async def _throughput(plan: Plan, ends: dict[str, tuple[Server, list[Pair]]]) -> Section:
    writers = {"visitors": "visitors write", "counsellors": "counsellors write", "both": "both write"}
    title = f"(a) saturation, {plan.pairs} pairs, {writers[plan.direction]}, window {plan.window}"
    rate = Row("messages/s", {}, at_least=report.WANTED_THROUGHPUT)
    cpu = Row("CPU µs a message", {}, digits=1)
    load = Row("server's load, % of its core", {})
    others = Row("others' load, % of that core", {})
    own = Row("client's load, % of its core", {})
    for number in range(plan.rounds):
        for name in _turn(ends, number):
            server, pairs = ends[name]
            flow = await measures.saturate(
                server,
                pairs,
                window=plan.window,
                warm_s=plan.saturate_s / 3,
                measured_s=plan.saturate_s,
                direction=plan.direction,
            )
            _say(f"(a) round {number + 1}: {name} {flow.per_s:,.0f} messages/s, {flow.cpu_us:.1f} µs each")
            for row, value in (
                (rate, flow.per_s),
                (cpu, flow.cpu_us),
                (load, flow.server_load * 100),
                (others, flow.others_load * 100),
                (own, flow.client_load * 100),
            ):
                row.rounds.setdefault(name, []).append(value)
    full = [name for name, values in own.rounds.items() if max(values) > _CLIENT_FULL * 100]
    remarks = [f"the load had no core to spare against {name}: its figure is too low" for name in full]
    if any(max(values) > _OTHERS * 100 for values in others.rounds.values()):
        remarks.append("something else ran on the servers' core: run it again on a quiet machine")
    waited = [
        name for name in ends if (load.value(name) or 0) + (others.value(name) or 0) < _SERVER_FULL * 100
    ]
    remarks += [f"{name} did not fill its core: it was waiting for something" for name in waited]
    return Section(title, [rate, cpu, load, others, own], remarks)


async def _latency(plan: Plan, ends: dict[str, tuple[Server, list[Pair]]]) -> Section:
    middle, late = Row("p50 ms", {}, digits=2), Row("p99 ms", {}, digits=2)
    for number in range(plan.rounds):
        for name in _turn(ends, number):
            took = await measures.delays(ends[name][1], rate=1000, seconds=plan.paced_s)
            p50, p99 = (measures.percentile(took, share) * 1000 for share in (0.5, 0.99))
            _say(f"(b) round {number + 1}: {name} p50 {p50:.2f} ms, p99 {p99:.2f} ms")
            middle.rounds.setdefault(name, []).append(p50)
            late.rounds.setdefault(name, []).append(p99)
    return Section("(b) from due to received at 1,000 messages/s", [middle, late])


async def _memory(plan: Plan, folder: Path, core: int | None) -> Section:
    row = Row("kB an idle visitor", {}, digits=1, at_most=report.WANTED_MEMORY)
    names = [name for name in plan.names if name != "tuned"]
    for number in range(plan.rounds):
        for name in _turn(names, number):
            of_its_own = folder / f"idle-{name}-{number}"
            of_its_own.mkdir()
            async with _alone(name, of_its_own, core) as server:

                async def open_one(socket: int, server: Server = server) -> Socket:
                    if server.name == "station":
                        return (await visitor_socket(server, offer_compression=True))[0]
                    return await connect(server.port, auth={"by": "visitor", "rooms": [f"i{socket}"]})

                each = await measures.memory_per_idle(server, open_one, plan.idle)
            _say(f"(c) round {number + 1}: {name} {each / 1000:.1f} kB")
            row.rounds.setdefault(name, []).append(each / 1000)
    return Section(
        f"(c) resident memory, {plan.idle:,} idle visitors (compression offered to the station)", [row]
    )


def _alone(name: str, folder: Path, core: int | None) -> contextlib.AbstractAsyncContextManager[Server]:
    return servers.station(folder, core) if name == "station" else servers.relay(folder, core, tuned=False)


def _screening(plan: Plan) -> Section:
    screen = load_screener().screen
    times = measures.screening_times(screen, plan.screenings)
    _say(f"(d) {times.short_p50:.1f} µs a message")
    rows = [
        Row("message of 60, p50 µs", {"station": [times.short_p50]}, digits=1),
        Row("message of 60, p99 µs", {"station": [times.short_p99]}, digits=1),
        Row("text of 500, p50 µs", {"station": [times.long_p50]}, digits=1),
        Row("text of 500, p99 µs", {"station": [times.long_p99]}, digits=1),
    ]
    return Section("(d) screening, in process", rows)


async def _alarm(plan: Plan, server: Server, pairs: list[Pair]) -> Section:
    responder = await staff_socket(server, "/desk", "responder@demo")
    try:
        took = await measures.alarm_delays(
            server, responder, pairs, alarms=plan.alarms, every_s=0.125, rate=300
        )
    finally:
        responder.close()
    p50, p99 = (measures.percentile(took, share) * 1000 for share in (0.5, 0.99))
    _say(f"(e) {len(took)} alarms: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    rows = [
        Row("p50 ms", {"station": [p50]}, digits=1),
        Row("alarm, p99 ms", {"station": [p99]}, digits=1, at_most=report.WANTED_ALARM_MS),
        Row("slowest ms", {"station": [max(took) * 1000]}, digits=1),
    ]
    title = f"(e) imminent message to the responder's case, {plan.alarms} alarms, 300 messages/s flowing"
    return Section(title, rows)


def _turn(ends: Iterable[str], number: int) -> list[str]:
    """The servers' names, another one first in each round."""
    names = list(ends)
    first = number % len(names)
    return names[first:] + names[:first]


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def _machine(core: int | None) -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    split = "servers and load on one core each" if core is not None else "servers and load SHARE one core"
    return f"{model}, Python {platform.python_version()}, Linux {platform.release()}; {split}"


async def _bounded(plan: Plan, folder: Path, core: int | None) -> list[Section]:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with asyncio.timeout(_LIMIT_S):
        return await _run(plan, folder, core)


def main() -> int:
    """Run the plan and print the table; 1 when messages were lost or a server did not serve."""
    plan = _plan()
    server_core, load_core = servers.cores()
    if load_core is not None:
        os.sched_setaffinity(0, {load_core})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    # Not in the system's temporary folder: that may be memory, where a sync costs nothing.
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build"))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            sections = runner.run(_bounded(plan, folder, server_core))
    except (Unsound, NotLive, servers.NotServing, TimeoutError) as error:
        print(f"no figures: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rounds = f"median of {plan.rounds} interleaved rounds" if plan.rounds > 1 else "one short round"
    print(f"\n{_machine(server_core)}; {rounds}\n\n{report.table(sections)}")
    if short := report.missed(sections):
        print(f"missed: {', '.join(short)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

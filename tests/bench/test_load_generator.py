"""The load generator counts truly: a figure is only worth what its counting is."""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import socketio
from aiohttp import web

from bot.screening import load_screener
from data.kinds import Level
from scripts.bench import measures, pairs, servers
from scripts.bench.engine import Refused, connect
from scripts.bench.pairs import Message
from scripts.bench.report import Row
from scripts.bench.texts import ALARMS, ORDINARY
from scripts.bench.traffic import Lane, Traffic, Unsound


@pytest.mark.parametrize("tuned", [False, True])
async def test_every_message_through_the_relay_is_acknowledged_and_received_once(
    tmp_path: Path, tuned: bool
) -> None:
    """N sent is N acknowledged is N received, whichever end writes."""
    async with servers.relay(tmp_path, None, tuned=tuned) as server, pairs.relay_pairs(server, 6, 2) as made:
        traffic = Traffic(made, "both")
        enough = asyncio.Event()

        def counted(message: Message, receive: Callable[[Message], None] = made[0].to_desk) -> None:
            receive(message)
            if traffic.received >= 500:
                enough.set()

        made[0].to_desk = counted
        traffic.flood(4)
        await asyncio.wait_for(enough.wait(), 10)
        await traffic.settled()
        assert traffic.sent == traffic.acked == traffic.received >= 500
        assert all(lane.sent > 4 for lane in traffic.lanes)


async def test_an_open_loop_sends_what_it_was_asked_for_and_times_all_of_it(tmp_path: Path) -> None:
    async with servers.relay(tmp_path, None, tuned=False) as server, pairs.relay_pairs(server, 4, 2) as made:
        took = await measures.delays(made, rate=400, seconds=0.5)
    assert len(took) == 200
    assert 0 < min(took) < 0.25


async def test_a_server_that_loses_a_message_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The books of sent, acknowledged and received must balance before a figure counts."""
    monkeypatch.setattr("scripts.bench.traffic._SETTLE_S", 0.2)
    async with servers.relay(tmp_path, None, tuned=False) as server, pairs.relay_pairs(server, 2, 1) as made:
        traffic = Traffic(made)
        made[1].to_desk = lambda message: None
        traffic.lanes[0].send()
        traffic.lanes[1].send()
        with pytest.raises(Unsound, match="2 sent, 2 acknowledged, 1 received"):
            await traffic.settled()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"id": "x1"}, "as number 0"),
        ({"id": "x0", "assessment": {"level": "high"}}, "screened high"),
    ],
)
def test_a_reordered_or_misjudged_message_is_found_out(message: dict[str, Any], said: str) -> None:
    lane = Lane(None, {}, "x", 0)  # type: ignore[arg-type]  # nothing is sent
    lane.receive(message)
    assert said in lane.wrong[0]


async def test_a_server_leaves_nothing_running(tmp_path: Path) -> None:
    async with servers.relay(tmp_path, None, tuned=False) as server:
        assert server.resident() > 1_000_000
        assert server.cpu_s() > 0
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


@pytest.mark.parametrize("length", [10, 125, 300, 70_000])
@pytest.mark.parametrize("offer", [False, True])
async def test_the_client_reads_and_writes_every_frame_length(
    aiohttp_server: Any, length: int, offer: bool
) -> None:
    """7-, 16- and 64-bit lengths, plain and compressed, in a namespace of its own, with the server's event."""
    sio = socketio.AsyncServer(async_mode="aiohttp")

    @sio.on("echo", namespace="/room")  # type: ignore[untyped-decorator]
    async def echo(sid: str, data: str) -> str:
        await sio.emit("heard", data, to=sid, namespace="/room")
        return data

    @sio.on("connect", namespace="/room")  # type: ignore[untyped-decorator]
    async def on_connect(sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> bool:
        return auth == {"key": "right"}

    app = web.Application()
    sio.attach(app)
    port = (await aiohttp_server(app)).port
    heard: list[tuple[str, Any]] = []
    socket = await connect(
        port, "/room", {"key": "right"}, heard=lambda *event: heard.append(event), offer_compression=offer
    )
    text = "雨" * length
    assert await socket.call("echo", text) == text
    assert await socket.call("echo", text[:-1]) == text[:-1]
    assert heard == [("heard", text), ("heard", text[:-1])]
    assert socket.compressed is offer
    socket.close()
    await socket.closed
    with pytest.raises(Refused):
        await connect(port, "/room", {"key": "wrong"})
    with pytest.raises(Refused):
        await connect(port, "/nowhere")


async def test_the_client_answers_pings(aiohttp_server: Any) -> None:
    """A client that does not answer is dropped after the time-out; this one is still there after several."""
    sio = socketio.AsyncServer(async_mode="aiohttp", ping_interval=0.1, ping_timeout=0.1)

    @sio.event  # type: ignore[untyped-decorator]
    async def hello(sid: str, nothing: None) -> str:
        return "still here"

    app = web.Application()
    sio.attach(app)
    socket = await connect((await aiohttp_server(app)).port)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(socket.closed), 1.0)
    assert await socket.call("hello", None) == "still here"
    socket.close()


def test_what_the_load_says_is_screened_as_the_figures_assume() -> None:
    """An everyday text that raised a case, or an alarm that raised none, would measure something else."""
    screen = load_screener().screen
    assert {screen(text).level for text in ORDINARY} == {Level.NONE}
    assert {screen(text).level for text in ALARMS} == {Level.IMMINENT}
    assert 55 <= statistics.median(len(text) for text in ORDINARY) <= 65
    assert len(set(ORDINARY)) >= 300


def test_a_ratio_is_taken_within_each_round() -> None:
    """A slow round is slow for both; a median of medians would forget that."""
    row = Row("messages/s", {"bare": [100, 10, 1000], "station": [50, 6, 400]}, at_least=0.4)
    assert row.ratio("bare") == 0.5
    assert not row.missed
    assert Row("late", {"bare": [1.0], "station": [1.4]}, at_most=1.3).missed
    assert Row("late", {"station": [101.0]}, at_most=100).missed

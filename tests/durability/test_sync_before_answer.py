"""Invariant 1 at the kernel's door: no acknowledgement leaves before its write-ahead log is on the disk.

The server runs under ``strace``; the order of its system calls is the proof. A visitor sends one message after the
other, so between two acknowledgements there must be a finished ``fdatasync`` of the log.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import pytest
import socketio

from tests.gateway.peers import free_port

MESSAGES = 20
_ACK = re.compile(r'43/visitor,(\d+)\[\{\\"ok\\":true,\\"conversation\\"')
_SYNC = re.compile(
    r"(?:fdatasync|fsync)\(\d+<[^>]*-wal>\)\s*= 0|<\.\.\. (?:fdatasync|fsync) resumed>\)\s*= 0"
)


def answered_before_synced(trace: Iterable[str]) -> list[int]:
    """The acknowledgements that went out without a sync of the log since the one before them."""
    early: list[int] = []
    synced = False
    for line in trace:
        if _SYNC.search(line):
            synced = True
        ack = _ACK.search(line)
        if ack is not None:
            if not synced:
                early.append(int(ack[1]))
            synced = False
    return early


def acknowledged(trace: Iterable[str]) -> list[int]:
    """The acknowledgements in a trace, in order."""
    return [int(found[1]) for line in trace if (found := _ACK.search(line))]


async def test_every_acknowledgement_follows_its_sync(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    port = free_port()
    environment = {
        **os.environ,
        "STATION_VAR": str(tmp_path),
        "STATION_PORT": str(port),
        "STATION_HOURS": "00:00-24:00",
        "STATION_RATE_SAY": "1000/1s",
        "STATION_RASA_URL": "",
    }
    station = [sys.executable, "-c", "from app.cli import main; main()"]
    subprocess.run([*station, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    trace = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,write,writev,sendto,sendmsg"
    server = subprocess.Popen(
        [strace, "-f", "-y", "-s", "256", "-e", calls, "-o", str(trace), *station, "serve"], env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await until_up(url)
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(
            url, namespaces=["/visitor"], auth={"language": "en"}, transports=["websocket"], wait_timeout=20
        )
        for n in range(MESSAGES):
            answer = await client.call(
                "say", {"id": f"m{n}", "text": "hello"}, namespace="/visitor", timeout=30
            )
            assert answer["ok"]
        await client.disconnect()
    finally:
        # strace keeps signals to itself; it ends with the one that it traces.
        for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        server.wait(30)
    lines = trace.read_text(errors="replace").splitlines()
    assert len(acknowledged(lines)) == MESSAGES
    assert answered_before_synced(lines) == []


async def until_up(url: str) -> None:
    """Wait until the server answers, by asking again each time that it does not."""
    import asyncio

    async with asyncio.timeout(60), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/healthz"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.2)


def test_the_checker_sees_an_answer_that_came_too_early() -> None:
    sync = "12 fdatasync(9</var/station.db-wal>) = 0"
    begun = "12 fdatasync(9</var/station.db-wal> <unfinished ...>"
    ended = "12 <... fdatasync resumed>)        = 0"
    failed = "12 fdatasync(9</var/station.db-wal>) = -1 EIO (Input/output error)"
    other = "12 fdatasync(9</var/other.log>) = 0"

    def ack(n: int) -> str:
        return (
            f'11 sendto(8, "x43/visitor,{n}[{{\\"ok\\":true,\\"conversation\\":\\"c\\"", 90, 0, NULL, 0) = 90'
        )

    assert answered_before_synced([sync, ack(1), sync, ack(2)]) == []
    assert answered_before_synced([sync, ack(1), begun, ended, ack(2)]) == []
    assert answered_before_synced([sync, ack(1), ack(2)]) == [2]
    assert answered_before_synced([sync, ack(1), begun, ack(2), ended]) == [2]
    assert answered_before_synced([failed, ack(1)]) == [1]
    assert answered_before_synced([other, ack(1)]) == [1]
